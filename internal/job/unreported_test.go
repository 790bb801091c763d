package job

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/checkpoint/store"
)

// onceAt fails once, with the given record.
func onceAt(record int64) func(int64) error {
	failed := false
	return func(n int64) error {
		if n == record && !failed {
			failed = true
			return errBoom
		}
		return nil
	}
}

// Config.From is for the attempts before the run's first checkpoint. If that has become
// complete as an attempt ended, before it was reported, the next attempt starts from it: its
// output becomes visible, and must not be written a second time.
func TestRestartAfterACheckpointThatWasNotReported(t *testing.T) {
	for _, tt := range []struct {
		what string
		from func(dir string) store.From
	}{
		{"none", func(string) store.From { return store.From{None: true} }},
		{"path", func(dir string) store.From { return store.From{Path: dir} }},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				// An earlier run has read the records of 30 s.
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				b.ctx = ctx
				if err := b.run(b.disk, never); !errors.Is(err, ErrStopped) {
					t.Fatal(err)
				}
				before := len(b.out.Records())
				b.ctx, b.from = t.Context(), tt.from("/data/"+benchJob.String()+"/chk-1")
				b.restart = Restart{Initial: time.Second, Max: time.Minute, Limit: 1}
				// The last record fails while the first checkpoint of this run is being published.
				disk := &slowDisk{FS: b.disk, rename: func(to string) bool { return to == "chk-2" }}
				check(t, b.run(disk, onceAt(records-1)))
				want := records
				if tt.what == "none" {
					want += before // they were to be written again
				}
				if n := len(b.out.Records()); n != want {
					t.Errorf("%d records are visible, want %d:\n%s", n, want, &b.said)
				}
			})
		})
	}
}

// Before that checkpoint every attempt starts from where the run was told to.
func TestRestartBeforeACheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		check(t, b.run(b.disk, never)) // an earlier run has read everything
		b.from, b.restart = store.From{None: true}, Restart{Initial: time.Second, Max: time.Minute, Limit: 1}
		check(t, b.run(b.disk, onceAt(100)))
		if n := len(b.out.Records()); n != 2*records {
			t.Errorf("%d records are visible, want each of %d twice:\n%s", n, records, &b.said)
		}
	})
}

// A split that is to be forgotten is, also if the first attempt fails before there is a
// checkpoint without its position; and no second time, once there is one.
func TestSplitsAreForgottenOnce(t *testing.T) {
	for what, fails := range map[string]int64{
		"never": -1, "before a checkpoint": 100, "after a checkpoint": 800, "while the first checkpoint is being published": records - 1,
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				check(t, b.run(b.disk, never)) // it reads everything
				b.forget = map[string][]string{"in": {"slice"}}
				b.restart = Restart{Initial: time.Second, Max: time.Minute, Limit: 1}
				disk := &slowDisk{FS: b.disk}
				if fails == records-1 {
					disk.rename = func(to string) bool { return strings.HasPrefix(to, "chk-") && disk.begun.Load() == 0 }
				}
				check(t, b.run(disk, onceAt(fails)))
				if n := len(b.out.Records()); n != 2*records {
					t.Errorf("%d records are visible, want each of %d twice:\n%s", n, records, &b.said)
				}
			})
		})
	}
}
