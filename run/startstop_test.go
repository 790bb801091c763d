package run_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// A job that is stopped while its subtasks are being opened opens no more of them.
func TestStoppedWhileItStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		opened, closed := 0, 0
		job := weir.NewJob("starts")
		in := weir.MapWith(weir.From(job, "in", weir.Slice(numbers(10)...)), func(c *weir.Context) func(int64) (int64, error) {
			opened++
			c.OnClose(func() error { closed++; return nil })
			cancel()
			<-c.Context().Done()
			return func(v int64) (int64, error) { return v, nil }
		})
		weir.To(in, "out", &weir.Collector[int64]{})
		if err := run.Local(ctx, job, options(t, 50)); !errors.Is(err, run.ErrStopped) {
			t.Errorf("the job ended with %v", err)
		}
		if opened != 1 || closed != 1 {
			t.Errorf("%d subtasks were opened and %d closed, want 1 of 50", opened, closed)
		}
	})
}
