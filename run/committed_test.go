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
		// So its sink may be renamed, too, at once or later.
		fresh := options(t, 2)
		for _, name := range []string{"out", "another"} {
			if err := run.Local(t.Context(), renamed(name, "keep", sink), fresh); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := run.Local(t.Context(), renamed("another", "keep", sink), opts); err != nil {
			t.Error(err)
		}
	})
}

// upTo is a job that writes the numbers up to n.
func upTo(n int, out weir.Sink[int64]) *weir.Job {
	job := weir.NewJob("up to")
	weir.To(weir.From(job, "in", weir.Slice(numbers(n)...)), "out", out)
	return job
}

// That the output of an older checkpoint is visible says nothing about a newer one: a start from
// the older one makes the output of the newer one visible.
func TestOutputOfANewerCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		opts := options(t, 1)
		opts.Retain, opts.Restart.Max = 10, -1
		must(t, run.Local(t.Context(), upTo(100, &out), opts))
		older := glob(t, opts.CheckpointDir, "*", "chk-*")[0]
		if err := run.Local(t.Context(), upTo(150, weir.Sink[int64](neverCommits{&out})), opts); err == nil || len(out.Records()) != 100 {
			t.Fatalf("%d records are visible, %v", len(out.Records()), err)
		}
		opts.From = run.Path(older)
		// The 50 records become visible, and are written again: that is what going back means.
		if err := run.Local(t.Context(), upTo(150, &out), opts); err != nil || len(out.Records()) != 200 {
			t.Errorf("%d records are visible, want 100, and 50 twice: %v", len(out.Records()), err)
		}
	})
}
