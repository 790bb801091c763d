package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
)

// A lowerLayer renames no complete checkpoint, as an overlay does not if the checkpoint
// lies in its lower layer.
type lowerLayer struct{ durable.FS }

func (f lowerLayer) Rename(oldname, newname string) error {
	if checkpoint.ParseName(path.Base(oldname)).Kind == checkpoint.Complete {
		return &fs.PathError{Op: "rename", Path: oldname, Err: syscall.EXDEV}
	}
	return f.FS.Rename(oldname, newname)
}

func asLowerLayer(fsys durable.FS) durable.FS { return lowerLayer{fsys} }

// TestGoldenInPlace pins the order of operations where no checkpoint can be renamed: of a
// checkpoint with the deletion of the one before, and of going back.
func TestGoldenInPlace(t *testing.T) {
	root := filepath.ToSlash(t.TempDir())
	var lines []string
	log := func(line string) { lines = append(lines, line) }
	fsys := lowerLayer{logfs.New(durable.OS(), log, logfs.Root(root),
		logfs.Rename(func(name string) string { return strings.ReplaceAll(name, testJob.String(), "<job>") }))}
	opts := testOptions(1)
	files := 0
	opts.newName = func() string { files++; return fmt.Sprintf("%d-uuid", files) }
	open := func(opts Options, from From) *Store {
		s, err := Open(fsys, root, testJob, opts)
		check(t, err)
		_, err = s.Recover(from)
		check(t, err)
		return s
	}
	s := open(opts, From{})
	mustPublish(t, s, 2)
	check(t, s.Close())
	s = open(opts, From{})
	mustPublish(t, s, 2)
	lines = []string{"# checkpoint 2 is complete"}
	_, err := s.Subsume()
	check(t, err)
	before := lines
	opts.Retain = 2
	s.opts.Retain = 2
	mustPublish(t, s, 0)
	check(t, s.Close())
	check(t, os.Remove(filepath.Join(s.Dir(), "chk-3", checkpoint.MetadataName)))
	lines = append(before, "# checkpoint 3 is damaged; going back is allowed")
	check(t, open(opts, From{AllowFallback: true}).Close())
	golden(t, "in-place.txt", &lines)
}

// TestCrashInPlace cuts the power where no checkpoint can be renamed. The oracle is the
// one of all scenarios; and a chk-n with metadata is whole.
func TestCrashInPlace(t *testing.T) {
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			r := sweepInPlace(t, sc)
			wantNoneBad(t, r)
		})
	}
	// The sync of what was a checkpoint is needed: without it the metadata comes back, and
	// the state files do not.
	drop := faultfs.Rule{Ops: faultfs.SyncDir, Name: "chk-*", K: 1, Sticky: true, Do: faultfs.Drop}
	if r := sweepInPlace(t, scenarios[0], drop); r.Bad == 0 {
		t.Errorf("the sync was not missed: %v", r)
	}
}

func sweepInPlace(t *testing.T, sc scenario, rules ...faultfs.Rule) *crashfs.Report {
	t.Helper()
	w, s := newWorld(t, sc.states, sc.retain, sc.before)
	w.through = asLowerLayer
	w.fs = lowerLayer{faultfs.New(w.disk, rules...)}
	s.fsys = w.fs
	r, err := crashfs.Sweep(w.disk, crashfs.Options{Limit: 20_000, Samples: 2_000, Seed: 36421},
		func() error { return sc.run(w, s) },
		func(state *crashfs.State) error { return errors.Join(looksNoBetterThanItIs(state), w.judge(state)) })
	check(t, err)
	return r
}

// looksNoBetterThanItIs: each chk-n with metadata has all its files, in their length.
func looksNoBetterThanItIs(state *crashfs.State) error {
	disk := state.FS()
	entries, err := disk.ReadDir(string(jobDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		n := checkpoint.ParseName(e.Name)
		if n.Kind != checkpoint.Complete {
			continue
		}
		c, err := ReadCheckpoint(disk, jobDir.Path(n), ReadOptions{})
		if err != nil {
			continue // it does not look whole
		}
		for _, f := range c.Seal.Files {
			if have, err := disk.Stat(checkpoint.FileIn(c.Dir, f.Name)); err != nil || have.Size != f.Length {
				return fmt.Errorf("%s has metadata, and %s is not there: %w", e.Name, f.Name, err)
			}
		}
	}
	return err
}

// TestCrashGoingBackInPlace cuts the power at every operation of going back from a damaged
// checkpoint that cannot be renamed: the next start refuses it as before, or goes on from
// where this one did.
func TestCrashGoingBackInPlace(t *testing.T) {
	sweep := func(rules ...faultfs.Rule) *crashfs.Report {
		disk := withCheckpoints(t, 3)
		damage(t, disk, 3)
		disk.Settle()
		r, err := crashfs.Sweep(disk, crashfs.Options{}, func() error {
			s, c, err := start(lowerLayer{faultfs.New(disk, rules...)}, testOptions(3), From{AllowFallback: true})
			if err != nil {
				return err
			}
			disk.Ack(fmt.Sprint("restored ", c.ID))
			_, err = publish(s, 1)
			return err
		}, func(state *crashfs.State) error {
			restored := slices.Contains(state.Acked(), "restored 2")
			s, c, err := start(lowerLayer{state.FS()}, testOptions(3), From{})
			var damaged *DamagedError
			switch {
			case errors.As(err, &damaged) && !restored && damaged.Report.ID == 3 && damaged.Intact == 2:
				s, c, err = start(lowerLayer{state.FS()}, testOptions(3), From{AllowFallback: true})
				if err != nil {
					return err
				}
			case err != nil:
				return err
			}
			defer s.Close()
			if c.ID != 2 && c.ID != 4 || c.ID == 2 && !slices.Equal(c.WentBack, []checkpoint.ID{3}) {
				return fmt.Errorf("went on from %v, having gone back from %v", c.ID, c.WentBack)
			}
			if err := isWhole(c, 1); err != nil {
				return err
			}
			if id, err := publish(s, 1); err != nil || id < 4 {
				return fmt.Errorf("the next id is %v: %w", id, err)
			}
			return nil
		})
		check(t, err)
		return r
	}
	wantNoneBad(t, sweep())
	for _, rule := range []faultfs.Rule{
		{Ops: faultfs.SyncDir, Name: testJob.String(), K: 4, Do: faultfs.Drop}, // the one after the mark
	} {
		if r := sweep(rule); r.Bad == 0 {
			t.Errorf("%+v was not missed: %v", rule, r)
		}
	}
}

// TestMarkAndBackup: what was set aside where it lies stays, is never retained or deleted,
// and an intact checkpoint in its place counts once the mark is gone.
func TestMarkAndBackup(t *testing.T) {
	disk := withCheckpoints(t, 3)
	damage(t, disk, 3)
	fsys := lowerLayer{disk}
	opts, log := logged(testOptions(2))
	s, c, err := start(fsys, opts, From{AllowFallback: true})
	check(t, err)
	if c.ID != 2 || !slices.Equal(c.WentBack, []checkpoint.ID{3}) {
		t.Errorf("started from %v, having gone back from %v", c.ID, c.WentBack)
	}
	for range 3 {
		mustPublish(t, s, 1)
		_, err := s.Subsume()
		check(t, err)
	}
	check(t, s.Close())
	wantNames(t, fsys, ".damaged-3", ".lock", "chk-3", "chk-5", "chk-6")
	_, _, err = start(fsys, opts, From{})
	check(t, err)
	if !strings.Contains(log.String(), "delete it if an intact one is put in its place") {
		t.Errorf("the log does not say what the mark is:\n%s", log)
	}

	// A mark of nothing goes.
	disk = killed(t, disk)
	check(t, durable.RemoveTree(disk, jobDir.Complete(3)))
	_, _, err = start(lowerLayer{disk}, testOptions(2), From{})
	check(t, err)
	wantNames(t, disk, ".lock", "chk-5", "chk-6")
}

// TestPruneInPlace: a checkpoint that cannot be renamed can be pruned.
func TestPruneInPlace(t *testing.T) {
	disk := withCheckpoints(t, 3)
	p, err := OpenPruning(lowerLayer{disk}, string(jobDir), "test")
	check(t, err)
	check(t, p.Delete(1))
	check(t, p.Close())
	wantNames(t, disk, ".lock", "chk-2", "chk-3")
}

// TestFailuresInPlace: an error of the disk in the middle leaves what recovery copes with.
func TestFailuresInPlace(t *testing.T) {
	for k := 1; ; k++ {
		w, s := newWorld(t, 1, 1, 1)
		faulty := faultfs.New(w.disk, faultfs.Rule{Ops: faultfs.Mutations, K: k, Sticky: true, Err: syscall.EIO})
		mustPublish(t, s, 1)
		s.fsys = lowerLayer{faulty}
		deleted, err := s.Subsume()
		check(t, err)
		if faulty.Fired(0) == 0 {
			if len(deleted) != 1 {
				t.Errorf("deleted %v", deleted)
			}
			break
		}
		if len(deleted) != 0 {
			t.Errorf("operation %d fails, and %v was deleted", k, deleted)
		}
		for state := range w.disk.Point().States(crashfs.Options{}) {
			if err := errors.Join(looksNoBetterThanItIs(state), w.judge(state)); err != nil {
				t.Errorf("operation %d: %v", k, err)
			}
		}
	}
}
