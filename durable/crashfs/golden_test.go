package crashfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// The counts in this file are those of durability.md, section 5.2 and appendix B. They
// come from another program, written for that note; they agree all at once or the
// simulator's rules are not those of the note. (The note has no numbers of distinct
// states for the mutations. Those come from a second program, written from the note's
// definition before this package was, which reproduced all the other numbers.)

const job = "/job"

// A protocol makes one checkpoint after the other on a file system: the sequences of
// durability.md as little scripts.
type protocol struct {
	stateFiles int // of each checkpoint
	oldFiles   int // of the one that is there at the beginning
	cycle      func(s *script, id int)
}

// A script does file operations and stops the test at the first error.
type script struct {
	durable.FS
	ack     func(label string)
	syncAll func()
	protocol
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (s *script) mkdir(name string)      { must(s.Mkdir(name)) }
func (s *script) rename(from, to string) { must(s.Rename(from, to)) }
func (s *script) remove(name string)     { must(s.Remove(name)) }
func (s *script) syncDir(name string)    { must(s.SyncDir(name)) }

// write makes a file; sync says whether it is synced before it is closed.
func (s *script) write(name string, data []byte, sync bool) {
	f, err := s.Create(name)
	must(err)
	_, err = f.Write(data)
	must(err)
	if sync {
		must(f.Sync())
	}
	must(f.Close())
}

func (s *script) filesOf(id int) int {
	if id == 0 {
		return s.oldFiles
	}
	return s.stateFiles
}

func checkpointDir(id int) string { return path.Join(job, fmt.Sprintf("chk-%d", id)) }
func stateName(i int) string      { return fmt.Sprintf("state-%d", i) }

// contentOf is what the file of a checkpoint holds; all of them are different.
func contentOf(id int, name string) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("%s of checkpoint %d\n", name, id), 3))
}

func (s *script) ackCheckpoint(id int) { s.ack(strconv.Itoa(id)) }

func (s *script) setup() {
	s.mkdir(job)
	s.mkdir(checkpointDir(0))
	for i := range s.oldFiles {
		s.write(path.Join(checkpointDir(0), stateName(i)), contentOf(0, stateName(i)), true)
	}
	s.write(path.Join(checkpointDir(0), "_metadata"), contentOf(0, "_metadata"), true)
}

// removeFlink deletes as Flink does: the state files, the metadata, the directory.
func (s *script) removeFlink(id int) {
	for i := range s.filesOf(id) {
		s.remove(path.Join(checkpointDir(id), stateName(i)))
	}
	s.remove(path.Join(checkpointDir(id), "_metadata"))
	s.remove(checkpointDir(id))
}

// removeOurs deletes the metadata first.
func (s *script) removeOurs(dir string, id int) {
	s.remove(path.Join(dir, "_metadata"))
	for i := range s.filesOf(id) {
		s.remove(path.Join(dir, stateName(i)))
	}
	s.remove(dir)
}

// writeInPlace makes the files of a checkpoint in its final directory, the metadata
// under a temporary name, and renames that.
func (s *script) writeInPlace(id int, syncState bool) {
	dir := checkpointDir(id)
	s.mkdir(dir)
	for i := range s.stateFiles {
		s.write(path.Join(dir, stateName(i)), contentOf(id, stateName(i)), syncState)
	}
	tmp := path.Join(dir, "._metadata.inprogress")
	s.write(tmp, contentOf(id, "_metadata"), true)
	s.rename(tmp, path.Join(dir, "_metadata"))
}

// log1 is Flink before the fix of FLINK-36421, log2 after it.
func log1(s *script, id int) {
	s.writeInPlace(id, false)
	s.ackCheckpoint(id)
	s.removeFlink(id - 1)
}

func log2(s *script, id int) {
	s.writeInPlace(id, true)
	s.ackCheckpoint(id)
	s.removeFlink(id - 1)
}

// inPlace is the fewest syncs that are enough without staging.
func inPlace(s *script, id int) {
	s.writeInPlace(id, true)
	s.syncDir(checkpointDir(id))
	s.syncDir(job)
	s.ackCheckpoint(id)
	s.removeOurs(checkpointDir(id-1), id-1)
}

func inPlaceAckEarly(s *script, id int) {
	s.writeInPlace(id, true)
	s.ackCheckpoint(id)
	s.syncDir(checkpointDir(id))
	s.syncDir(job)
	s.removeOurs(checkpointDir(id-1), id-1)
}

func inPlaceDeleteEarly(s *script, id int) {
	s.writeInPlace(id, true)
	s.syncDir(checkpointDir(id))
	s.removeOurs(checkpointDir(id-1), id-1)
	s.syncDir(job)
	s.ackCheckpoint(id)
}

// inPlaceJobDirFirst syncs the job's directory when the new one has just been made, so
// that it may be done while the state is being written.
func inPlaceJobDirFirst(s *script, id int) {
	dir := checkpointDir(id)
	s.mkdir(dir)
	s.syncDir(job)
	for i := range s.stateFiles {
		s.write(path.Join(dir, stateName(i)), contentOf(id, stateName(i)), true)
	}
	tmp := path.Join(dir, "._metadata.inprogress")
	s.write(tmp, contentOf(id, "_metadata"), true)
	s.rename(tmp, path.Join(dir, "_metadata"))
	s.syncDir(dir)
	s.ackCheckpoint(id)
	s.removeOurs(checkpointDir(id-1), id-1)
}

// inPlaceSyncLast does all syncs in the end, those of directories first.
func inPlaceSyncLast(s *script, id int) {
	dir := checkpointDir(id)
	s.mkdir(dir)
	var open []durable.File
	put := func(name string, data []byte) {
		f, err := s.Create(name)
		must(err)
		_, err = f.Write(data)
		must(err)
		open = append(open, f)
	}
	for i := range s.stateFiles {
		put(path.Join(dir, stateName(i)), contentOf(id, stateName(i)))
	}
	tmp := path.Join(dir, "._metadata.inprogress")
	put(tmp, contentOf(id, "_metadata"))
	s.rename(tmp, path.Join(dir, "_metadata"))
	s.syncDir(dir)
	s.syncDir(job)
	for _, f := range open {
		must(f.Sync())
		must(f.Close())
	}
	s.ackCheckpoint(id)
	s.removeOurs(checkpointDir(id-1), id-1)
}

// syncFS writes everything and syncs the whole file system once.
func syncFS(s *script, id int) {
	dir := checkpointDir(id)
	s.mkdir(dir)
	for i := range s.stateFiles {
		s.write(path.Join(dir, stateName(i)), contentOf(id, stateName(i)), false)
	}
	tmp := path.Join(dir, "._metadata.inprogress")
	s.write(tmp, contentOf(id, "_metadata"), false)
	s.rename(tmp, path.Join(dir, "_metadata"))
	s.syncAll()
	s.ackCheckpoint(id)
	s.removeOurs(checkpointDir(id-1), id-1)
}

func inPlaceNoRename(s *script, id int) {
	dir := checkpointDir(id)
	s.mkdir(dir)
	for i := range s.stateFiles {
		s.write(path.Join(dir, stateName(i)), contentOf(id, stateName(i)), true)
	}
	s.write(path.Join(dir, "_metadata"), contentOf(id, "_metadata"), true)
	s.syncDir(dir)
	s.syncDir(job)
	s.ackCheckpoint(id)
	s.removeOurs(checkpointDir(id-1), id-1)
}

func inPlaceStateFirst(s *script, id int) {
	s.writeInPlace(id, true)
	s.syncDir(checkpointDir(id))
	s.syncDir(job)
	s.ackCheckpoint(id)
	s.removeFlink(id - 1)
}

// stage is the recommended protocol, the one that checkpoint/store follows.
func stage(s *script, id int) {
	dir := path.Join(job, fmt.Sprintf(".inprogress-%d.1", id))
	s.mkdir(dir)
	for i := range s.stateFiles {
		s.write(path.Join(dir, stateName(i)), contentOf(id, stateName(i)), true)
	}
	s.write(path.Join(dir, "_metadata"), contentOf(id, "_metadata"), true)
	s.syncDir(dir)
	s.rename(dir, checkpointDir(id))
	s.syncDir(job)
	s.ackCheckpoint(id)
	trash := path.Join(job, fmt.Sprintf(".trash-%d", id-1))
	s.rename(checkpointDir(id-1), trash)
	s.removeOurs(trash, id-1)
}

var (
	errLost      = errors.New("no whole checkpoint is left")
	errRegressed = errors.New("the newest whole checkpoint is older than the last acknowledged")
)

// oracle compares with what was written, byte by byte, and trusts no checksum: the
// newest whole checkpoint must be at least as new as the last that was acknowledged.
func (p protocol) oracle(s *crashfs.State) error {
	acked := 0
	if labels := s.Acked(); len(labels) > 0 {
		acked, _ = strconv.Atoi(labels[len(labels)-1])
	}
	fsys := s.FS()
	entries, err := fsys.ReadDir(job)
	if err != nil {
		return err
	}
	newest := -1
	for _, e := range entries {
		n, ok := strings.CutPrefix(e.Name, "chk-")
		if !ok {
			continue
		}
		id, _ := strconv.Atoi(n)
		if id > newest && p.whole(fsys, id) {
			newest = id
		}
	}
	switch {
	case newest < 0:
		return errLost
	case newest < acked:
		return errRegressed
	}
	return nil
}

func (p protocol) whole(fsys durable.FS, id int) bool {
	names := []string{"_metadata"}
	for i := range (&script{protocol: p}).filesOf(id) {
		names = append(names, stateName(i))
	}
	for _, name := range names {
		data, err := readFile(fsys, path.Join(checkpointDir(id), name))
		if err != nil || !bytes.Equal(data, contentOf(id, name)) {
			return false
		}
	}
	return true
}

func readFile(fsys durable.FS, name string) ([]byte, error) {
	r, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data := make([]byte, r.Size())
	_, err = r.ReadAt(data, 0)
	return data, err
}

// sweep runs cycles checkpoints on a fresh file system, with faults if there are any.
func (p protocol) sweep(t testing.TB, m crashfs.Model, cycles int, rules ...faultfs.Rule) *crashfs.Report {
	t.Helper()
	fsys := crashfs.New(m)
	(&script{FS: fsys, protocol: p}).setup()
	fsys.Settle()
	faulty := faultfs.New(fsys, rules...)
	s := &script{FS: faulty, ack: fsys.Ack, syncAll: fsys.SyncAll, protocol: p}
	report, err := crashfs.Sweep(fsys, crashfs.Options{}, func() error {
		for id := 1; id <= cycles; id++ {
			p.cycle(s, id)
		}
		return nil
	}, p.oracle)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rules {
		if got := faulty.Fired(i); got != 1 {
			t.Fatalf("rule %d fired %d times", i, got)
		}
	}
	if report.Sampled > 0 {
		t.Fatalf("not exhaustive: %s", report)
	}
	return report
}

type counts struct {
	ops      int
	states   uint64
	distinct int
	bad      uint64
}

const unknown = -1 // of a number that the note does not give

func (c counts) check(t *testing.T, r *crashfs.Report) {
	t.Helper()
	if c.ops == unknown {
		c.ops = r.Ops
	}
	if c.distinct == unknown {
		c.distinct = r.Distinct
	}
	if got := (counts{r.Ops, r.States, r.Distinct, r.Bad}); got != c {
		t.Errorf("got %+v, want %+v", got, c)
	}
}

func TestGoldenStrict(t *testing.T) {
	for _, c := range []struct {
		name   string
		n, old int
		cycle  func(*script, int)
		k      int
		want   counts
	}{
		{"log1", 1, 1, log1, 1, counts{11, 4627, 233, 4134}},
		{"log1", 2, 2, log1, 1, counts{14, 174267, 3305, 169974}},
		{"log2", 1, 1, log2, 1, counts{12, 951, 89, 742}},
		{"log2-as-recorded", 1, 0, log2, 1, counts{11, 311, 47, 182}},
		{"log2", 2, 2, log2, 1, counts{16, 7047, 405, 6390}},

		{"in-place", 1, 1, inPlace, 1, counts{14, 159, 29, 0}},
		{"in-place", 2, 2, inPlace, 1, counts{18, 447, 69, 0}},
		{"in-place", 3, 3, inPlace, 1, counts{22, 1343, 167, 0}},
		{"in-place", 4, 4, inPlace, 1, counts{26, 4415, 417, 0}},
		{"in-place", 1, 1, inPlace, 2, counts{28, 4351, 219, 0}},
		{"in-place", 1, 1, inPlace, 3, counts{42, 71423, 409, 0}},
		{"in-place", 2, 2, inPlace, 2, counts{36, 43839, 1217, 0}},

		{"stage", 1, 1, stage, 1, counts{15, 201, 37, 0}},
		{"stage", 2, 2, stage, 1, counts{19, 633, 93, 0}},
		{"stage", 3, 3, stage, 1, counts{23, 2137, 241, 0}},
		{"stage", 4, 4, stage, 1, counts{27, 7705, 645, 0}},
		{"stage", 1, 1, stage, 2, counts{30, 7817, 379, 0}},
		{"stage", 2, 2, stage, 2, counts{38, 80249, 2183, 0}},
		{"stage", 1, 1, stage, 3, counts{45, 129673, 721, 0}},

		{"syncfs", 1, 1, syncFS, 1, counts{11, 721, 77, 0}},

		// Variants of section 5.2.
		{"in-place-job-dir-first", 1, 1, inPlaceJobDirFirst, 1, counts{14, 108, unknown, 0}},
		{"in-place-job-dir-first", 2, 2, inPlaceJobDirFirst, 1, counts{18, 332, unknown, 0}},
		{"in-place-sync-last", 1, 1, inPlaceSyncLast, 1, counts{14, 801, unknown, 0}},
		{"in-place-sync-last", 2, 2, inPlaceSyncLast, 1, counts{18, 7286, unknown, 0}},
		{"in-place-ack-early", 1, 1, inPlaceAckEarly, 1, counts{14, 174, unknown, 15}},
		{"in-place-ack-early", 2, 2, inPlaceAckEarly, 1, counts{18, 478, unknown, 31}},
		{"in-place-delete-early", 1, 1, inPlaceDeleteEarly, 1, counts{14, 241, unknown, 49}},
		{"in-place-delete-early", 2, 2, inPlaceDeleteEarly, 1, counts{18, 785, unknown, 208}},
		{"in-place-no-rename", 1, 1, inPlaceNoRename, 1, counts{13, 143, unknown, 0}},
		{"in-place-no-rename", 2, 2, inPlaceNoRename, 1, counts{17, 415, unknown, 0}},
		{"in-place-state-first", 1, 1, inPlaceStateFirst, 1, counts{14, 159, unknown, 0}},
		{"in-place-state-first", 2, 2, inPlaceStateFirst, 1, counts{18, 447, unknown, 0}},
	} {
		t.Run(fmt.Sprintf("%s/N=%d/K=%d", c.name, c.n, c.k), func(t *testing.T) {
			p := protocol{c.n, c.old, c.cycle}
			c.want.check(t, p.sweep(t, crashfs.Strict, c.k))
		})
	}
}

// TestGoldenLoss divides the bad states into those that lost everything and those that
// stepped back (section 3.3).
func TestGoldenLoss(t *testing.T) {
	for _, c := range []struct {
		name            string
		old             int
		cycle           func(*script, int)
		lost, regressed uint64
	}{
		{"log1", 1, log1, 3822, 312},
		{"log2", 1, log2, 686, 56},
		{"log2-as-recorded", 0, log2, 140, 42},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := protocol{1, c.old, c.cycle}
			for kind, want := range map[error]uint64{errLost: c.lost, errRegressed: c.regressed} {
				fsys := crashfs.New(crashfs.Strict)
				s := &script{FS: fsys, ack: fsys.Ack, protocol: p}
				s.setup()
				fsys.Settle()
				r, err := crashfs.Sweep(fsys, crashfs.Options{}, func() error { p.cycle(s, 1); return nil },
					func(s *crashfs.State) error {
						if err := p.oracle(s); errors.Is(err, kind) {
							return err
						}
						return nil
					})
				if err != nil {
					t.Fatal(err)
				}
				if r.Bad != want {
					t.Errorf("%v: got %d, want %d", kind, r.Bad, want)
				}
			}
		})
	}
}

// TestGoldenMutations forgets one sync at a time: every one is needed.
func TestGoldenMutations(t *testing.T) {
	state := faultfs.Rule{Ops: faultfs.Sync, Name: stateName(0), K: 1, Do: faultfs.Drop}
	metadata := faultfs.Rule{Ops: faultfs.Sync, Name: "*_metadata*", K: 1, Do: faultfs.Drop}
	ownDir := faultfs.Rule{Ops: faultfs.SyncDir, Name: "*-1*", K: 1, Do: faultfs.Drop}
	jobDir := faultfs.Rule{Ops: faultfs.SyncDir, Name: path.Base(job), K: 1, Do: faultfs.Drop}
	for _, c := range []struct {
		name  string
		cycle func(*script, int)
		rule  faultfs.Rule
		want  [2]counts // N=1, N=2
	}{
		{"in-place/state file", inPlace, state, [2]counts{{13, 667, 93, 212}, {17, 2107, 249, 852}}},
		{"in-place/_metadata", inPlace, metadata, [2]counts{{13, 439, 77, 212}, {17, 1423, 197, 852}}},
		{"in-place/checkpoint directory", inPlace, ownDir, [2]counts{{13, 535, 79, 318}, {17, 3655, 377, 2982}}},
		{"in-place/job directory", inPlace, jobDir, [2]counts{{13, 211, 39, 53}, {17, 659, 97, 213}}},
		{"stage/state file", stage, state, [2]counts{{14, 877, 137, 428}, {18, 3037, 377, 1708}}},
		{"stage/_metadata", stage, metadata, [2]counts{{14, 649, 117, 428}, {18, 2353, 317, 1708}}},
		{"stage/staging directory", stage, ownDir, [2]counts{{14, 535, 97, 321}, {18, 3655, 485, 2989}}},
		{"stage/job directory", stage, jobDir, [2]counts{{14, 521, 75, 214}, {18, 1913, 203, 854}}},
	} {
		for i, want := range c.want {
			n := i + 1
			t.Run(fmt.Sprintf("%s/N=%d", c.name, n), func(t *testing.T) {
				p := protocol{n, n, c.cycle}
				want.check(t, p.sweep(t, crashfs.Strict, 1, c.rule))
			})
		}
	}
}

// TestGoldenModels: appendix B's numbers for models of real file systems. Those of XFS
// are the same as those of ext4. It has none for the others, and of ext4-nodelalloc none
// for syncfs: those are this package's, and TestGoldenAgainstReference confirms them.
func TestGoldenModels(t *testing.T) {
	ext4 := [5]counts{{11, 114, 32, 32}, {12, 41, 14, 4}, {14, 39, 13, 0}, {15, 44, 14, 0}, {11, 119, 27, 0}}
	for _, c := range []struct {
		model crashfs.Model
		want  [5]counts
	}{
		{crashfs.Ext4, ext4},
		{crashfs.XFS, ext4},
		{crashfs.Ext4NoDelalloc, [5]counts{{11, 34, 12, 4}, {12, 31, 12, 4}, {14, 29, 11, 0}, {15, 34, 12, 0}, {11, 33, 11, 0}}},
	} {
		for i, cycle := range []func(*script, int){log1, log2, inPlace, stage, syncFS} {
			t.Run(fmt.Sprintf("%s/%s", c.model, []string{"log1", "log2", "in-place", "stage", "syncfs"}[i]), func(t *testing.T) {
				p := protocol{1, 1, cycle}
				c.want[i].check(t, p.sweep(t, c.model, 1))
			})
		}
	}
}
