package store

import (
	"errors"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable/faultfs"
)

// TestRefusedRenameIsNoPoison: a rename that the system has turned down has done nothing.
// The checkpoint is aborted, and the next one goes on from there. A server whose answer
// says so and is wrong is not believed.
func TestRefusedRenameIsNoPoison(t *testing.T) {
	for errno, permanent := range map[syscall.Errno]bool{
		syscall.EXDEV: true, syscall.EINVAL: true, syscall.ENOSYS: true, syscall.EACCES: true, syscall.EROFS: true,
		syscall.ENAMETOOLONG: true, syscall.ENOSPC: false, syscall.EDQUOT: false, syscall.EMFILE: false, syscall.EBUSY: false,
	} {
		w, s := newWorld(t, 1, 1, 1)
		s.fsys = faultfs.New(w.disk, faultfs.Rule{Ops: faultfs.Rename, K: 1, Err: errno})
		_, err := publish(s, 1)
		var aborted *AbortedError
		if !errors.As(err, &aborted) || aborted.ID != 2 || aborted.Newest != 1 || !errors.Is(err, errno) || aborted.Permanent() != permanent {
			t.Errorf("%v: got %v", errno, err)
		}
		wantNames(t, w.disk, ".lock", "chk-1")
		if id := mustPublish(t, s, 1); id != 3 {
			t.Errorf("%v: next id %v", errno, id)
		}

		w, s = newWorld(t, 1, 1, 1)
		s.fsys = faultfs.New(w.disk, faultfs.Rule{Ops: faultfs.Rename, K: 1, Do: faultfs.FailAfter, Err: errno})
		_, err = publish(s, 1)
		var unknown *UnknownOutcomeError
		if !errors.As(err, &unknown) || unknown.Permanent() != permanent {
			t.Errorf("%v, and it was done: got %v", errno, err)
		}
	}
}

// TestPoison: it is not known whether checkpoint 3 is complete, and nothing says that it is
// or is not.
func TestPoison(t *testing.T) {
	for _, c := range []struct {
		name  string
		rule  faultfs.Rule
		found checkpoint.ID // by recovery
	}{
		{"rename failed", faultfs.Rule{Ops: faultfs.Rename, K: 1, Err: syscall.EIO}, 1},
		{"rename done, answer lost", faultfs.Rule{Ops: faultfs.Rename, K: 1, Do: faultfs.FailAfter, Err: syscall.EIO}, 2},
		{"last sync failed", faultfs.Rule{Ops: faultfs.SyncDir, Name: testJob.String(), K: 1, Err: syscall.EIO}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, s := newWorld(t, 1, 1, 1)
			faulty := faultfs.New(w.disk, c.rule)
			s.fsys = faulty
			other, err := s.Begin()
			check(t, err)
			_, err = publish(s, 1)
			var unknown *UnknownOutcomeError
			if !errors.As(err, &unknown) || unknown.ID != 3 || unknown.Newest != 1 || !errors.Is(err, syscall.EIO) {
				t.Fatalf("got %v", err)
			}
			wantText(t, err, "not known whether checkpoint 3 is complete (checkpoint 1 before it is complete)", "the next start decides by what is on the disk")
			if err := other.Publish(metadataOf(other.ID(), nil), nil, testNames); !errors.Is(err, unknown) {
				t.Errorf("another checkpoint was published on a poisoned store: %v", err)
			}
			wantFound := checkpoint.ID(1)
			if c.found == 2 {
				wantFound = 3
			}
			got, err := s.Recover(From{})
			check(t, err)
			if got.ID != wantFound || s.Newest() != wantFound {
				t.Errorf("recovered %v, want %v", got.ID, wantFound)
			}
			if id := mustPublish(t, s, 1); id != 4 {
				t.Errorf("next id %v", id)
			}
		})
	}
	t.Run("recovery cannot sync either", func(t *testing.T) {
		w, s := newWorld(t, 1, 1, 1)
		faulty := faultfs.New(w.disk, faultfs.Rule{Ops: faultfs.SyncDir, Name: testJob.String(), K: 1, Sticky: true, Err: syscall.EROFS})
		s.fsys = faulty
		_, err := publish(s, 1)
		var unknown *UnknownOutcomeError
		if !errors.As(err, &unknown) {
			t.Fatal(err)
		}
		if _, err := s.Recover(From{}); !errors.Is(err, syscall.EROFS) {
			t.Errorf("Recover: %v", err)
		}
		if _, err := s.Begin(); !errors.Is(err, unknown) {
			t.Errorf("after a failed recovery the store forgot that it is poisoned: %v", err)
		}
		check(t, s.Close())
	})
	// The re-sync in Recover is what makes it safe to build on what it finds: without it
	// a power cut takes back what was restored.
	t.Run("the sync in Recover is needed", func(t *testing.T) {
		for _, drop := range []bool{false, true} {
			w, s := newWorld(t, 1, 1, 1)
			rules := []faultfs.Rule{{Ops: faultfs.SyncDir, Name: testJob.String(), K: 1, Err: syscall.EIO}}
			if drop {
				rules = append(rules, faultfs.Rule{Ops: faultfs.SyncDir, Name: testJob.String(), K: 2, Do: faultfs.Drop})
			}
			s.fsys = faultfs.New(w.disk, rules...)
			r := w.sweep(t, func() error { return w.liveOn(s) })
			if drop != (r.Bad > 0) {
				t.Errorf("sync in Recover dropped: %v; %v", drop, r.Err())
			}
		}
	})
}
