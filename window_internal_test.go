package weir

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/window"
)

// panesOf keeps what an operator emits.
type panesOf[R any] struct{ panes []Pane[string, R] }

func (p *panesOf[R]) Push(b flow.Batch) error {
	p.panes = append(p.panes, b.(*flow.Vec[Pane[string, R]]).Values...)
	return nil
}
func (p *panesOf[R]) Mark(flow.Mark) error { return nil }

// The clock says that a millisecond has begun: the window that ends with it has a record yet, and
// fires when the next one begins.
func TestLastMillisecondOfAWindow(t *testing.T) {
	for name, w := range map[string]window.Assigner{"tumbling": window.Tumbling(100 * time.Millisecond), "sliding": window.Sliding(100*time.Millisecond, 50*time.Millisecond).Offset(50 * time.Millisecond)} {
		synctest.Test(t, func(t *testing.T) {
			var out panesOf[int64]
			job := NewJob("clock")
			byKey := KeyBy(From(job, "in", Slice[string]()), func(k string) string { return k })
			AggregateWindow(Window(byKey, w.ProcessingTime()), "count", Count[string]())
			op, err := job.last().New(&flow.Context{Ctx: context.Background(), Parallelism: 1, MaxParallelism: 1, Wake: func() {}}, &out)
			if err != nil {
				t.Fatal(err)
			}
			defer op.Close()
			push := func() {
				in := &flow.KeyedVec[string, string]{N: 1}
				in.Keys[0], in.Values[0], in.Codes[0] = "a", "a", flink.JavaStringHash("a")
				if err := op.Push(0, in); err != nil {
					t.Fatal(err)
				}
			}
			wake := func(want int64) {
				t.Helper()
				if err := op.(flow.Waker).Wake(); err != nil {
					t.Fatal(err)
				}
				fired := int64(0)
				for _, p := range out.panes {
					if p.End == At(time.Now()) {
						fired = p.Value
					}
				}
				if fired != want {
					t.Errorf("%s: at %v there were %v, want one of %d", name, time.Since(time.Now().Truncate(time.Second)), out.panes, want)
				}
			}
			time.Sleep(50 * time.Millisecond)
			push()
			time.Sleep(49 * time.Millisecond)
			wake(0)
			push()
			time.Sleep(time.Millisecond)
			wake(2)
		})
	}
}
