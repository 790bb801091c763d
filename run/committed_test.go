package run_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// counting is a sink that counts what it is asked to commit.
type counting struct {
	*weir.Collector[int64]
	commits *atomic.Int64
}

func (c counting) Commit(ctx context.Context, prepared [][]byte) error {
	c.commits.Add(int64(len(prepared)))
	return c.Collector.Commit(ctx, prepared)
}

// A run that ended with everything visible is remembered as such: the next one does not ask
// the sink to commit again, as a consumer may have taken the output since. A run whose commit
// failed is not.
func TestWhatIsCommittedIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		var commits atomic.Int64
		opts := options(t, 2)
		opts.Restart.Max = -1
		if err := run.Local(t.Context(), renamed("out", "keep", weir.Sink[int64](neverCommits{&out})), opts); err == nil {
			t.Fatal("the commit has not failed")
		}
		sink := weir.Sink[int64](counting{&out, &commits})
		if err := run.Local(t.Context(), renamed("out", "keep", sink), opts); err != nil {
			t.Fatal(err)
		}
		if commits.Load() == 0 || len(out.Records()) != 100 {
			t.Fatalf("%d commits, %d records after a commit that had failed", commits.Load(), len(out.Records()))
		}

		// A final checkpoint that has something prepared, all of which becomes visible.
		opts = options(t, 2)
		commits.Store(0)
		if err := run.Local(t.Context(), renamed("out", "keep", sink), opts); err != nil {
			t.Fatal(err)
		}
		if commits.Load() == 0 {
			t.Fatal("nothing was committed")
		}
		commits.Store(0)
		if err := run.Local(t.Context(), renamed("out", "keep", sink), opts); err != nil {
			t.Fatal(err)
		}
		if commits.Load() != 0 {
			t.Errorf("%d commits of output that was visible", commits.Load())
		}
		// So its sink may be renamed, too.
		if err := run.Local(t.Context(), renamed("another", "keep", sink), opts); err != nil {
			t.Error(err)
		}
	})
}
