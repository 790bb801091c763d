package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// An altered file system shows other bytes in some files than the one below.
type altered struct {
	durable.FS
	files map[string][]byte
}

func (a altered) Open(name string) (durable.Reader, error) {
	if data, ok := a.files[name]; ok {
		return memoryReader{memoryStream{bytes.NewReader(data), name}}, nil
	}
	return a.FS.Open(name)
}

func (a altered) Stat(name string) (durable.Entry, error) {
	e, err := a.FS.Stat(name)
	if data, ok := a.files[name]; ok {
		e.Size = int64(len(data))
	}
	return e, err
}

type memoryReader struct{ memoryStream }

func (memoryReader) Evict() error { return nil }

// unnoticed alters files of checkpoint 2, of 2, and says what is not as it must be: that
// verifying it finds damage, that recovery refuses and names the older checkpoint, and
// that nothing has changed its place.
func unnoticed(disk *crashfs.FS, files map[string][]byte) error {
	fsys := altered{disk, files}
	rep, err := Verify(fsys, jobDir.Complete(2), VerifyOptions{Job: &testJob, MustBeSealed: true, serial: true})
	switch {
	case err != nil:
		return fmt.Errorf("could not be verified: %w", err)
	case rep.Verified() || len(rep.Findings) == 0 || rep.Unreadable():
		return errors.New(rep.Verdict())
	}
	s, c, err := start(fsys, testOptions(2), From{})
	var damaged *DamagedError
	switch {
	case err == nil:
		s.Close()
		return fmt.Errorf("checkpoint %v was restored", c.ID)
	case !errors.As(err, &damaged) || damaged.Report.ID != 2 || damaged.Intact != 1:
		return err
	}
	for id := range checkpoint.ID(2) {
		if _, err := disk.Stat(checkpoint.MetadataIn(jobDir.Complete(id + 1))); err != nil {
			return err
		}
	}
	return nil
}

// noticed is how many alterations a test made; each must be noticed.
type noticed struct {
	disk *crashfs.FS
	n    int
}

func (c *noticed) alter(t *testing.T, files map[string][]byte, what string, args ...any) {
	t.Helper()
	c.n++
	if err := unnoticed(c.disk, files); err != nil {
		t.Errorf(what+": %v", append(args, err)...)
	}
}

// TestEveryBit flips every single bit of a sealed checkpoint.
func TestEveryBit(t *testing.T) {
	disk, dirs := twoCheckpoints(t)
	c := noticed{disk: disk}
	try := sample(t, 8)
	bytesOf := 0
	for name, data := range contents(t, disk, dirs[1]) {
		bytesOf += len(data)
		for bit := range 8 * len(data) {
			if !try() {
				continue
			}
			data[bit/8] ^= 1 << (bit % 8)
			c.alter(t, map[string][]byte{path.Join(dirs[1], name): data}, "bit %d of %s", bit, name)
			data[bit/8] ^= 1 << (bit % 8)
		}
	}
	t.Logf("%d bits of %d bytes in 3 files: each is noticed by verifying, and refused by recovery", c.n, bytesOf)
	if err := unnoticed(disk, nil); err == nil {
		t.Error("what is whole is refused: nothing was tested")
	}
}

// TestEveryLength cuts every file of a sealed checkpoint off at every length, and adds
// to it.
func TestEveryLength(t *testing.T) {
	disk, dirs := twoCheckpoints(t)
	c := noticed{disk: disk}
	for name, data := range contents(t, disk, dirs[1]) {
		payload := -1
		if name == checkpoint.MetadataName {
			p, _, err := splitSeal(data)
			check(t, err)
			payload = len(p)
		}
		for _, more := range [][]byte{make([]byte, 40), data} {
			longer := slices.Concat(data, more)
			for n := range len(longer) + 1 {
				if n == len(data) {
					continue
				}
				files := map[string][]byte{path.Join(dirs[1], name): longer[:n]}
				c.alter(t, files, "%s of %d bytes instead of %d", name, n, len(data))
				// Cut exactly where Flink's payload ends it looks like one of Flink's, and even
				// then it is not said to be verified.
				rep := mustVerify(t, altered{disk, files}, dirs[1], VerifyOptions{})
				if rep.Verified() || len(rep.Findings) == 0 && n != payload {
					t.Errorf("%s cut to %d of %d bytes: %s", name, n, len(data), rep.Verdict())
				}
			}
		}
	}
	t.Logf("%d wrong lengths", c.n)
}

// sameNames is a disk with checkpoints 1 and 2 whose state files have the same names; 2 is
// of incarnation inc.
func sameNames(t *testing.T, inc checkpoint.Incarnation) (*crashfs.FS, []map[string][]byte) {
	t.Helper()
	disk := newDisk(t)
	opts := testOptions(2)
	n := 0
	opts.newName = func() string { n++; return fmt.Sprintf("state-%d", n%2) }
	s, _ := mustStart(t, disk, opts)
	mustPublish(t, s, 2)
	for s.Incarnation() < inc {
		check(t, s.Close())
		s, _ = mustStart(t, disk, opts)
	}
	mustPublish(t, s, 2)
	check(t, s.Close())
	return disk, []map[string][]byte{contents(t, disk, jobDir.Complete(1)), contents(t, disk, jobDir.Complete(2))}
}

// TestEveryFileElsewhere puts every file of the checkpoint, of the one before, and of one
// of the same id that an earlier incarnation made, in the place of every file of it; and
// makes up a checkpoint of the files of all three, in every way. (That all of it is
// of the earlier incarnation cannot be told: that was whole, too.)
func TestEveryFileElsewhere(t *testing.T) {
	_, stale := sameNames(t, 1)
	disk, here := sameNames(t, 2)
	c := noticed{disk: disk}
	dir := jobDir.Complete(2)
	sources := map[string]map[string][]byte{"this": here[1], "the older": here[0], "the stale": stale[1]}
	own := slices.Sorted(maps.Keys(here[1]))
	for whose, files := range sources {
		for from, data := range files {
			for _, to := range own {
				if !bytes.Equal(data, here[1][to]) {
					c.alter(t, map[string][]byte{path.Join(dir, to): data}, "%s checkpoint's %s as %s", whose, from, to)
				}
			}
		}
	}
	for i, a := range own {
		for _, b := range own[i+1:] {
			c.alter(t, map[string][]byte{path.Join(dir, a): here[1][b], path.Join(dir, b): here[1][a]}, "%s and %s swapped", a, b)
		}
	}
	whose := []map[string][]byte{here[1], here[0], stale[1]}
	for mix := range 3 * 3 * 3 {
		pick := [3]int{mix % 3, mix / 3 % 3, mix / 9}
		files := map[string][]byte{}
		for i, name := range own {
			files[path.Join(dir, name)] = whose[pick[i]][name]
		}
		if pick == [3]int{} || pick == [3]int{2, 2, 2} {
			if rep := mustVerify(t, altered{disk, files}, dir, VerifyOptions{Job: &testJob, MustBeSealed: true}); !rep.Verified() {
				t.Error(rep.Verdict())
			}
			continue
		}
		c.alter(t, files, "files %v of checkpoints %v", own, pick)
	}
	t.Logf("%d files out of place", c.n)
}

// TestEveryBlock zeroes every 4 KiB of a state file of several checksummed blocks, and
// swaps them with each other, and the checksummed blocks, too.
func TestEveryBlock(t *testing.T) {
	disk := newDisk(t)
	opts := testOptions(2)
	s, _ := mustStart(t, disk, opts)
	mustPublish(t, s, 1)
	p, err := s.Begin()
	check(t, err)
	w := p.NewWriter("numbers", 0)
	for i := range 3*blockBytes/16 + 300 {
		fmt.Fprintf(w, "%15d\n", i)
	}
	b, err := w.Close()
	check(t, err)
	check(t, p.Publish(metadataOf(p.ID(), []Blob{b}), []Blob{b}, testNames))
	check(t, s.Close())

	const page = 4 << 10
	name := path.Join(jobDir.Complete(2), b.File.Name)
	data := contents(t, disk, jobDir.Complete(2))[b.File.Name]
	c := noticed{disk: disk}
	try := sample(t, 8)
	swap := func(size, i, j int) {
		t.Helper()
		swapped := bytes.Clone(data)
		x, y := swapped[i*size:min((i+1)*size, len(data))], swapped[j*size:min((j+1)*size, len(data))]
		n := copy(x, y)
		copy(y, data[i*size:i*size+n])
		c.alter(t, map[string][]byte{name: swapped}, "blocks %d and %d of %d bytes swapped", i, j, size)
	}
	for i := 0; i*page < len(data); i++ {
		if !try() {
			continue
		}
		zeroed := bytes.Clone(data)
		clear(zeroed[i*page : min((i+1)*page, len(data))])
		c.alter(t, map[string][]byte{name: zeroed}, "block %d of %d bytes zeroed", i, page)
		for j := i + 1; j*page < len(data); j++ {
			if (allFaults() || j == i+1 || j == i+blockBytes/page) && try() {
				swap(page, i, j)
			}
		}
	}
	for i := range 4 {
		for j := range i {
			swap(blockBytes, i, j)
		}
	}
	t.Logf("%d blocks zeroed or swapped, in %d bytes", c.n, len(data))
}
