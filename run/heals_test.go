package run_test

import (
	"context"
	"errors"
	"io/fs"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/generator"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/run"
)

// An error of a sink that no retry heals ends the job at once, wherever it comes; one that may
// heal does not. Either way nothing is lost: the next run writes the rest.
func TestErrorsOfSinksThatDoNotHeal(t *testing.T) {
	for name, test := range map[string]struct {
		rule  faultfs.Rule
		heals bool
	}{
		"no folder":          {faultfs.Rule{Ops: faultfs.Mkdir, K: 1, Err: syscall.EROFS}, false},
		"no lock":            {faultfs.Rule{Ops: faultfs.Lock, K: 1, Err: syscall.EACCES}, false},
		"no file":            {faultfs.Rule{Ops: faultfs.Create, K: 3, Err: syscall.EACCES}, false},
		"no visible name":    {faultfs.Rule{Ops: faultfs.Rename, Name: "part-*", K: 2, Err: syscall.EROFS}, false},
		"no look at a start": {faultfs.Rule{Ops: faultfs.ReadDir, K: 2, Err: syscall.EACCES}, false},
		"a full disk":        {faultfs.Rule{Ops: faultfs.Create, K: 3, Err: syscall.ENOSPC}, true},
		"a bad disk":         {faultfs.Rule{Ops: faultfs.Lock, K: 1, Err: syscall.EIO}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 1000
				opts, dir := options(t, 1), t.TempDir()+"/out"
				test.rule.Sticky, opts.Restart.Max = true, 3
				faults := faultfs.New(durable.OS(), test.rule)
				err := run.Local(t.Context(), written(faults, dir, n, 1000), opts)
				st := opts.Monitor.Status()
				if !errors.Is(err, test.rule.Err) || faults.Fired(0) == 0 || weir.IsPermanent(err) == test.heals {
					t.Errorf("the job ended with %v", err)
				}
				if failed := st.Failures["sink"]; failed == 0 || (failed > 1) != test.heals {
					t.Errorf("it has failed for the reasons %v", st.Failures)
				}
				if err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), opts); err != nil {
					t.Error(err)
				}
				checkWritten(t, dir, n)
			})
		})
	}
}

// shutsDown is a source whose splits can be listed a few times only.
type shutsDown struct {
	weir.Source[int64]
	lists *atomic.Int32
}

func (s shutsDown) Splits(ctx context.Context) ([]string, error) {
	if s.lists.Add(1) > 3 {
		return nil, &fs.PathError{Op: "open", Path: "in", Err: syscall.EACCES}
	}
	return s.Source.Splits(ctx)
}

// So does an error of a source that no retry heals.
func TestErrorsOfSourcesThatDoNotHeal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("shuts down")
		endless := generator.Source(-1, func(i int64) int64 { return i })
		in := weir.From(job, "in", weir.Source[int64](shutsDown{ratelimit.Source(endless, 100), new(atomic.Int32)}))
		weir.To(in, "out", &weir.Collector[int64]{})
		opts := options(t, 1)
		err := run.Local(t.Context(), job, opts)
		if st := opts.Monitor.Status(); !errors.Is(err, syscall.EACCES) || !weir.IsPermanent(err) || st.Attempt != 1 || st.Failures["source"] != 1 {
			t.Errorf("in attempt %d, with failures %v: %v", st.Attempt, st.Failures, err)
		}
	})
}
