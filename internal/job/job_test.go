package job

import (
	"context"
	"errors"
	"log/slog"
	"path"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/task"
)

// A job that is stopped while it waits for a restart does not wait any longer. Its error is
// the one that it was waiting after.
func TestStoppedWhileWaitingForARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.restart = Restart{Initial: time.Hour, Max: time.Hour, Limit: 1}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
		defer cancel()
		b.ctx = ctx
		began := time.Now()
		if err := b.run(b.disk, lastFails); !errors.Is(err, errBoom) || errors.Is(err, ErrStopped) {
			t.Errorf("got %v, want %v", err, errBoom)
		}
		if took := time.Since(began); took != 30*time.Minute || b.monitor.View().Attempt != 1 {
			t.Errorf("it took %v and %d attempts, want 30 minutes and one", took, b.monitor.View().Attempt)
		}
	})
}

// If all input was read before the job was stopped, Run returns nil, even if the stop comes
// before the final checkpoint is complete.
func TestStoppedWhenAllIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		// Only the first checkpoint is slow: while a checkpoint is being published the store
		// is locked, and a goroutine that waits for a mutex stops the clock of the bubble.
		disk := &slowDisk{FS: b.disk, rename: func(to string) bool { return to == "chk-1" }}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute) // all is read, and the final one waits for it
		defer cancel()
		b.ctx = ctx
		check(t, b.run(disk, never))
		b.wantOnce()
	})
}

// A stop does not end the context of user code: the final checkpoint is still committed.
func TestStopIsNotFeltByUserCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		b.ctx = ctx
		if err := b.run(b.disk, never); !errors.Is(err, ErrStopped) {
			t.Fatalf("got %v, want %v", err, ErrStopped)
		}
		if n := len(b.out.Records()); n < 290 || n > 310 {
			t.Errorf("%d records are visible, want those of 30 s", n)
		}
		b.ctx = t.Context()
		check(t, b.run(b.disk, never))
		b.wantOnce()
	})
}

// A checkpoint has the words for the ids in it: of the job and of every operator.
func TestCheckpointsHaveNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		check(t, b.run(b.disk, never))
		dirs, err := b.disk.ReadDir(path.Join("/data", benchJob.String()))
		check(t, err)
		newest := dirs[len(dirs)-1].Name
		c, err := store.ReadCheckpoint(b.disk, path.Join("/data", benchJob.String(), newest), store.ReadOptions{})
		check(t, err)
		if len(c.Meta.Operators) == 0 {
			t.Fatal("there is no operator with state")
		}
		kinds := map[string]string{}
		for i := range c.Meta.Operators {
			op, ok := c.Names.Operator(c.Meta.Operators[i].ID)
			if !ok {
				t.Errorf("operator %v has no name", c.Meta.Operators[i].ID)
			}
			kinds[op.Name] = op.Kind
		}
		if c.Names.Job != "bench" || kinds["in"] != "source" || kinds["keep"] != "process" || kinds["out"] != "sink" {
			t.Errorf("names are %+v", c.Names)
		}
	})
}

// Damage that a restart finds is permanent: the job is not started over again. Nor does a run go
// back behind a checkpoint of its own: AllowFallback is about the one that it begins with.
func TestDamageIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.every, b.from.AllowFallback = 20*time.Second, true
		b.restart = Restart{Initial: time.Second, Max: time.Minute, Limit: 3}
		err := b.run(b.disk, func(n int64) error {
			if n < records-1 {
				return nil
			}
			newest := path.Join("/data", benchJob.String(), "chk-4") // chk-3 is intact
			entries, err := b.disk.ReadDir(newest)
			check(t, err)
			for _, e := range entries {
				if e.Name != checkpoint.MetadataName {
					check(t, b.disk.Remove(path.Join(newest, e.Name)))
				}
			}
			return errBoom
		})
		var damaged *store.DamagedError
		if !errors.As(err, &damaged) || !flow.IsPermanent(err) {
			t.Errorf("got %v, want a permanent error that checkpoint 4 is damaged", err)
		}
		if n := strings.Count(b.said.String(), "starting over"); n != 1 {
			t.Errorf("it was started over %d times, want once:\n%s", n, &b.said)
		}
	})
}

// At the first start an error of recovery is returned at once. At a restart no caller waits
// for an answer, and a disk may heal: recovery is tried again.
func TestRecoveryThatFails(t *testing.T) {
	for _, tt := range []struct {
		what string
		k    int // the sync of the job's directory that fails
		ok   bool
	}{
		{"at the start", 3, false},
		{"at a restart", 5, true}, // the fourth belongs to the first checkpoint
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.restart = Restart{Initial: time.Second, Max: time.Minute, Limit: 3}
				disk := faultfs.New(b.disk, faultfs.Rule{Ops: faultfs.SyncDir, Name: benchJob.String(), K: tt.k, Err: syscall.EIO})
				failed := false
				began := time.Now()
				err := b.run(disk, func(n int64) error {
					if n == records-1 && !failed {
						failed = true
						return errBoom
					}
					return nil
				})
				if disk.Fired(0) != 1 {
					t.Fatalf("the fault has fired %d times", disk.Fired(0))
				}
				if tt.ok {
					check(t, err)
					b.wantOnce()
					if n := strings.Count(b.said.String(), "starting over"); n != 2 {
						t.Errorf("it was started over %d times, want 2:\n%s", n, &b.said)
					}
					return
				}
				if !errors.Is(err, syscall.EIO) || !flow.IsPermanent(err) || time.Since(began) != 0 {
					t.Errorf("got %v after %v, want a permanent EIO at once", err, time.Since(began))
				}
			})
		})
	}
}

// A checkpoint that cannot be begun, or whose state or metadata cannot be written, counts as
// failed. The job goes on, and nothing of the checkpoint stays: neither on the disk, which may
// be full, nor in the next checkpoint.
func TestFailedCheckpointsLeaveNothing(t *testing.T) {
	rules := map[coordinator.Cause]faultfs.Rule{
		coordinator.NotTriggered: {Ops: faultfs.Mkdir, Name: ".inprogress-1.1"},
		coordinator.Declined:     {Ops: faultfs.Sync, Name: "????????-????-*"},
		coordinator.NotFinalized: {Ops: faultfs.Sync, Name: "_metadata"},
	}
	for cause, rule := range rules {
		t.Run(cause.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				rule.K, rule.Err = 1, syscall.ENOSPC
				check(t, b.run(faultfs.New(b.disk, rule), never))
				if v := b.monitor.View(); v.Failed != 1 || v.Causes[cause] != 1 || v.Completed == 0 || v.Attempt != 1 {
					t.Errorf("view %+v, want one checkpoint that failed and one attempt", v)
				}
				if got := b.names(); strings.Contains(got, ".inprogress") {
					t.Errorf("left are %s", got)
				}
				check(t, b.run(b.disk, never))
				b.wantOnce()
			})
		})
	}
}

// An acknowledgement of an aborted checkpoint does not become a part of the next one.
func TestLateAcknowledgement(t *testing.T) {
	b := newBench(t)
	s, err := store.Open(b.disk, "/data", benchJob, store.Options{})
	check(t, err)
	defer s.Close()
	_, err = s.Recover(store.From{})
	check(t, err)
	c := newConductor(&attempt{
		run: &run{Config: Config{Store: s, Parallelism: 1, Monitor: &Monitor{}, Checkpoints: coordinator.Config{Interval: time.Minute, Timeout: time.Second, Tolerated: 10}}},
		log: slog.New(slog.DiscardHandler), wiring: newWiring(nil), events: newEvents(), tasks: []*task.Task{{}, {}},
	})
	parts := func(id checkpoint.ID) int {
		c.hear(acknowledged{0, task.Part{ID: id}})
		return len(c.parts)
	}
	c.carryOut(c.coordinator.Tick(time.Minute))
	first := c.pending.ID()
	if n := parts(first); n != 1 {
		t.Fatalf("%d parts, want the one that was acknowledged", n)
	}
	c.carryOut(c.coordinator.Tick(time.Hour)) // too late
	if c.pending != nil {
		t.Fatal("it has not timed out")
	}
	c.carryOut(c.coordinator.Tick(time.Hour))
	second := c.pending.ID()
	if n := parts(first); n != 0 {
		t.Errorf("checkpoint %d has %d parts after an acknowledgement of checkpoint %d", second, n, first)
	}
	if n := parts(second); n != 1 {
		t.Errorf("%d parts, want the one that was acknowledged", n)
	}
}
