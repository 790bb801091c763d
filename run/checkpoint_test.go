package run_test

import (
	"errors"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/run"
)

// A checkpoint that is asked for is complete when the call returns, holds what was processed
// before, and its output becomes visible. Two callers at once both get one.
func TestAskedCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var out weir.Collector[string]
		opts := options(t, 2)
		opts.CheckpointInterval = time.Hour
		if _, err := opts.Monitor.Checkpoint(t.Context()); !errors.Is(err, run.ErrNotRunning) {
			t.Errorf("before the start: %v", err)
		}
		s.running(t, opts, &out, func() {
			s.change(func() { s.logs["log"].lines = []string{"one"} })
			time.Sleep(2 * time.Second)
			var callers sync.WaitGroup
			ids := make([]weir.CheckpointID, 2)
			for i := range ids {
				callers.Go(func() {
					var err error
					if ids[i], err = opts.Monitor.Checkpoint(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			callers.Wait()
			synctest.Wait()
			if last := opts.Monitor.Status().LastComplete; ids[0] == 0 || max(ids[0], ids[1]) != last || len(out.Records()) != 1 {
				t.Errorf("checkpoints %v, the last complete one is %d, output %q", ids, last, out.Records())
			}
		})
		if _, err := opts.Monitor.Checkpoint(t.Context()); !errors.Is(err, run.ErrNotRunning) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// A caller hears of the failure of the checkpoint or of the attempt, and of the end of its
// context.
func TestAskedCheckpointFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		hang := make(chan error)
		job := weir.NewJob("asked")
		in := weir.From(job, "in", weir.Source[string](&shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}))
		key := weir.KeyBy(in, func(s string) string { return s })
		weir.To(weir.Process(key, "p", func(c *weir.KeyContext[string], _ *weir.Out[string]) func(string) error {
			c.OnComplete(func(weir.CheckpointID) error { return <-hang })
			return func(string) error { return nil }
		}), "out", &weir.Collector[string]{})
		opts := options(t, 1)
		opts.CheckpointInterval, opts.Restart.Max = time.Hour, -1
		ended := make(chan error, 1)
		go func() { ended <- run.Local(t.Context(), job, opts) }()
		synctest.Wait()
		if _, err := opts.Monitor.Checkpoint(t.Context()); err != nil {
			t.Error(err)
		}
		ctx, cancel := contextWithCancel(t)
		time.AfterFunc(time.Minute, cancel)
		if _, err := opts.Monitor.Checkpoint(ctx); !errors.Is(err, ctx.Err()) { // the operator hangs
			t.Error(err)
		}
		time.AfterFunc(time.Minute, func() { hang <- boom })
		if _, err := opts.Monitor.Checkpoint(t.Context()); !errors.Is(err, boom) {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, boom) {
			t.Error(err)
		}
	})
}

// A caller hears that its checkpoint has failed, and the job runs on.
func TestAskedCheckpointIsAborted(t *testing.T) {
	for _, op := range []faultfs.Op{faultfs.Mkdir, faultfs.Rename} { // not begun; not published
		synctest.Test(t, func(t *testing.T) {
			opts := options(t, 1)
			opts.CheckpointInterval = time.Hour
			opts.FS = faultfs.New(durable.OS(), faultfs.Rule{Ops: op, Name: ".inprogress-1.*", K: 1, Err: syscall.ENOSPC})
			s := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
			s.running(t, opts, &weir.Collector[string]{}, func() {
				synctest.Wait()
				if id, err := opts.Monitor.Checkpoint(t.Context()); !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("checkpoint %d, %v", id, err)
				}
				if _, err := opts.Monitor.Checkpoint(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
