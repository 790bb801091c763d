package inspect

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/weirstream/weir/checkpoint/store"
)

// TestProgress sums up what is told: all that is read, once per activity, up to the total.
func TestProgress(t *testing.T) {
	disk := newDisk()
	dir := writeJob(t, disk, "/data", "words", 1, words)
	var mu sync.Mutex
	last := map[string]Progress{}
	r := &Reader{FS: disk, Progress: func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		if have := last[p.Doing]; p.Read < have.Read {
			t.Errorf("%s goes back from %d to %d", p.Doing, have.Read, p.Read)
		}
		last[p.Doing] = p
	}}
	p, err := r.LookForCheckpoint(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Judge(context.Background(), r.TargetAt(p), Entries); err != nil {
		t.Fatal(err)
	}
	size := DirBytes(disk, p.Path)
	verifying, decoding := last["verifying chk-1"], last["decoding chk-1"]
	if verifying.Total != size || verifying.Read != size || decoding.Total == 0 || decoding.Read < decoding.Total {
		t.Errorf("of %d bytes: %+v", size, last)
	}
	fsys := r.Watch(context.Background(), "copying", 2*size)
	if _, err := store.Copy(fsys, p.Path, "/copy", store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := last["copying"]; got.Total != 2*size || got.Read < 2*size {
		t.Errorf("copying: %+v of %d", got, 2*size)
	}
}

// TestCancel ends the context at each read in turn: the error is that of the context, and
// nothing is called damaged.
func TestCancel(t *testing.T) {
	disk := newDisk()
	dir := writeJob(t, disk, "/data", "words", 2, words)
	writeFlinks(t, disk, "/data/savepoint-1", words)
	for what, do := range map[string]func(context.Context, *Reader) error{
		"list": func(ctx context.Context, r *Reader) error {
			p, err := r.Look("/data")
			if err == nil {
				_, _, err = r.List(ctx, p)
			}
			return err
		},
		"judge": func(ctx context.Context, r *Reader) error {
			rep, err := r.Judge(ctx, Target{Path: dir + "/chk-1", Shown: "chk-1"}, Entries)
			if err == nil && !rep.Verdict.Good() {
				t.Errorf("it is called %v: %s", rep.Verdict, rep.Reason())
			}
			return err
		},
		"diff": func(ctx context.Context, r *Reader) error {
			a, err := r.Open(ctx, Place{Path: dir + "/chk-1"})
			if err != nil {
				return err
			}
			b, err := r.Open(ctx, Place{Path: dir + "/chk-2"})
			if err != nil {
				return err
			}
			d, err := Compare(a, b, Selection{})
			if err != nil {
				return err
			}
			if d.Outcome() == Different {
				t.Error("what could not be read differs")
			}
			return errors.Join(d.Errors...)
		},
	} {
		all := 0
		if err := do(context.Background(), &Reader{FS: disk, Progress: func(Progress) { all++ }}); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for stop := 1; stop < all; stop++ {
			ctx, cancel := context.WithCancel(context.Background())
			n := 0
			var mu sync.Mutex
			err := do(ctx, &Reader{FS: disk, Progress: func(Progress) {
				mu.Lock()
				defer mu.Unlock()
				if n++; n == stop {
					cancel()
				}
			}})
			cancel()
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("%s, ended at %d of %d: %v", what, stop, all, err)
			}
			if err == nil && stop == 1 {
				t.Errorf("%s goes on when its context has ended", what)
			}
		}
	}
}
