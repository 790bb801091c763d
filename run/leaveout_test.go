package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// renamed is a job whose sink and keyed operator have the given names.
func renamed(sink, operator string, out weir.Sink[int64]) *weir.Job {
	job := weir.NewJob("renamed")
	byRest := weir.KeyBy(weir.From(job, "in", weir.Slice(numbers(100)...)), func(n int64) int64 { return n % 10 })
	weir.To(weir.Process(byRest, operator, func(c *weir.KeyContext[int64], out *weir.Out[int64]) func(int64) error {
		seen := weir.NewValue[int64](c, "seen")
		return func(n int64) error {
			seen.Set(n)
			out.Emit(n)
			return nil
		}
	}), sink, out)
	return job
}

// State of operators that are gone is dropped if that is allowed, and the log says which and
// how much. Output that is prepared and not visible is not dropped with it: that has an
// option of its own, and with the sink's old name nothing is lost.
func TestDroppingStateDoesNotDropOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		opts := options(t, 2)
		opts.Restart.Max = -1
		sink := weir.Sink[int64](neverCommits{&out})
		if err := run.Local(t.Context(), renamed("out", "keep", sink), opts); err == nil {
			t.Fatal("the commit has not failed")
		}
		refused := func(job *weir.Job, want ...string) {
			t.Helper()
			err := run.Local(t.Context(), job, opts)
			if err == nil || run.ExitCode(err) != run.ExitUnfit {
				t.Fatalf("got %v, want a refusal", err)
			}
			for _, w := range want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v\ndoes not say %q", err, w)
				}
			}
			if n := len(out.Records()); n != 0 {
				t.Errorf("%d records became visible in a run that was refused", n)
			}
		}
		refused(renamed("other", "keep", &out), "prepared output", "Give it its old name back", "Options.DropPreparedOutput")
		opts.AllowNonRestoredState = true
		refused(renamed("other", "keep", &out), "prepared output", "Options.DropPreparedOutput")
		opts.AllowNonRestoredState, opts.DropPreparedOutput = false, true
		refused(renamed("other", "another", &out), "Options.AllowNonRestoredState")
		opts.DropPreparedOutput = false
		log := &lines{}
		opts.Log, opts.AllowNonRestoredState = log.logger(), true
		if err := run.Local(t.Context(), renamed("out", "another", &out), opts); err != nil {
			t.Fatal(err)
		}
		if n := len(out.Records()); n != 100 {
			t.Errorf("%d records are visible under the sink's own name, want 100", n)
		}
		if log.count("state is dropped", "state=seen", "entries=10") != 1 {
			t.Errorf("what is dropped is not said:\n%s", log.text())
		}
		// Now all of it is visible, and that is known: a sink of another name loses nothing.
		if err := run.Local(t.Context(), renamed("other", "another", &out), opts); err != nil {
			t.Error(err)
		}
	})
}

// Output that is to be dropped is, and the log says so.
func TestDropPreparedOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		opts := options(t, 1)
		opts.Restart.Max = -1
		if err := run.Local(t.Context(), renamed("out", "keep", weir.Sink[int64](neverCommits{&out})), opts); err == nil {
			t.Fatal("the commit has not failed")
		}
		log := &lines{}
		opts.Log, opts.DropPreparedOutput = log.logger(), true
		if err := run.Local(t.Context(), renamed("other", "keep", &out), opts); err != nil {
			t.Fatal(err)
		}
		if n := log.count("prepared output of a sink that the job does not have any more is dropped", "parts=1"); n != 1 || len(out.Records()) != 0 {
			t.Errorf("said %d times, %d records:\n%s", n, len(out.Records()), log.text())
		}
	})
}

// Of prepared output that cannot be made visible, all that can be is.
func TestPreparedOutputThatIsDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		opts := options(t, 2) // two pieces
		opts.Restart.Max = -1
		if err := run.Local(t.Context(), renamed("out", "keep", weir.Sink[int64](neverCommits{&out})), opts); err == nil {
			t.Fatal("the commit has not failed")
		}
		job := func() *weir.Job { return renamed("out", "keep", weir.Sink[int64](halfDamaged{&out, new(string)})) }
		if err := run.Local(t.Context(), job(), opts); err == nil || !weir.IsPermanent(err) || !strings.Contains(err.Error(), "Options.DropPreparedOutput") {
			t.Fatalf("got %v", err)
		}
		log := &lines{}
		opts.Log, opts.DropPreparedOutput = log.logger(), true
		if err := run.Local(t.Context(), job(), opts); err != nil {
			t.Fatal(err)
		}
		if n := len(out.Records()); n == 0 || n == 100 || log.count("is dropped: its records are lost") != 1 {
			t.Errorf("%d of 100 records are visible:\n%s", n, log.text())
		}
	})
}

// A commit that fails for another reason than damage is tried again with the next attempt, and
// what is dropped is undone.
func TestPreparedOutputThatIsDamagedAndBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		opts := options(t, 2) // two pieces
		opts.Restart.Max = -1
		if err := run.Local(t.Context(), renamed("out", "keep", weir.Sink[int64](neverCommits{&out})), opts); err == nil {
			t.Fatal("the commit has not failed")
		}
		opts.Restart.Max, opts.DropPreparedOutput, opts.Monitor = 3, true, &run.Monitor{}
		sink := busy{halfDamaged{&out, new(string)}, new(int), new(int)}
		if err := run.Local(t.Context(), renamed("out", "keep", weir.Sink[int64](sink)), opts); err != nil {
			t.Fatal(err)
		}
		if n := len(out.Records()); n == 0 || n == 100 || opts.Monitor.Status().Failures["sink"] != 1 || *sink.aborts != 1 {
			t.Errorf("%d of 100 records are visible, after %d undoings and %v", n, *sink.aborts, opts.Monitor.Status().Failures)
		}
	})
}

// A busy sink cannot commit a piece that is not damaged at first.
type busy struct {
	halfDamaged
	tries, aborts *int
}

func (b busy) Commit(ctx context.Context, prepared [][]byte) error {
	if len(prepared) == 1 && *b.damaged != "" && string(prepared[0]) != *b.damaged {
		if *b.tries++; *b.tries == 1 {
			return errors.New("not now")
		}
	}
	return b.halfDamaged.Commit(ctx, prepared)
}

func (b busy) Abort(ctx context.Context, id weir.SinkID) error {
	*b.aborts++
	return b.halfDamaged.Abort(ctx, id)
}

// The positions of a source are state: if it is renamed or removed, that is not dropped without
// a word.
func TestDroppingASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options(t, 1)
		job := func(source string) *weir.Job {
			job := weir.NewJob("source")
			weir.To(weir.From(job, source, weir.Slice(numbers(10)...)), "out", &weir.Collector[int64]{})
			return job
		}
		must(t, run.Local(t.Context(), job("old"), opts))
		if err := run.Local(t.Context(), job("new"), opts); err == nil || run.ExitCode(err) != run.ExitUnfit || !strings.Contains(err.Error(), `"old"`) {
			t.Errorf("got %v", err)
		}
	})
}

// halfDamaged cannot commit what it is first asked to.
type halfDamaged struct {
	*weir.Collector[int64]
	damaged *string
}

func (h halfDamaged) Commit(ctx context.Context, prepared [][]byte) error {
	for _, p := range prepared {
		if *h.damaged == "" {
			*h.damaged = string(p)
		}
		if string(p) == *h.damaged {
			return weir.Permanent(errors.New("damaged"))
		}
		if err := h.Collector.Commit(ctx, [][]byte{p}); err != nil {
			return err
		}
	}
	return nil
}

// neverCommits is a sink that cannot commit.
type neverCommits struct{ *weir.Collector[int64] }

func (neverCommits) Commit(context.Context, [][]byte) error { return errors.New("not now") }
