package run_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/run"
)

// A run that would write again what is visible is refused, and touches nothing: without a
// checkpoint, with other checkpoints, and with one that is older than the output because
// newer ones were deleted. It is not refused if it is told to write beside old output, or
// to go back.
func TestARunDoesNotRepeatItsOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 500
		opts := options(t, 1)
		opts.Retain = 10
		dir := t.TempDir()
		if err := run.Local(t.Context(), written(durable.OS(), dir, n, 1000), opts); err != nil {
			t.Fatal(err)
		}
		refused := func(what string, opts run.Options, says string) {
			t.Helper()
			before := glob(t, dir, "*")
			err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), opts)
			var old *weir.OldOutputError
			if !errors.As(err, &old) || run.ExitCode(err) != run.ExitOldOutput || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "sink out") || !strings.Contains(err.Error(), "set Options.BesideOldOutput") {
				t.Errorf("%s: got %v, want it to be refused, and to say %q", what, err, says)
			}
			if now := glob(t, dir, "*"); fmt.Sprint(now) != fmt.Sprint(before) {
				t.Errorf("%s: the folder was changed from %q to %q", what, before, now)
			}
			checkWritten(t, dir, n)
		}
		other := options(t, 1)
		refused("other checkpoints", other, "begin without a checkpoint")
		nothing := opts
		nothing.From = run.None
		refused("from nothing", nothing, "begin without a checkpoint")

		chk := glob(t, opts.CheckpointDir, "*", "chk-*")
		newest := fmt.Sprintf("chk-%d", len(chk))
		if len(chk) < 3 {
			t.Fatal(chk)
		}
		kept := filepath.Join(t.TempDir(), newest)
		where := filepath.Join(filepath.Dir(chk[0]), newest)
		must(t, os.Rename(where, kept))
		refused("the newest checkpoint is gone", opts, fmt.Sprintf("begin with checkpoint %d, which is older", len(chk)-1))
		must(t, os.Rename(kept, where))
		if err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), opts); err != nil {
			t.Error(err)
		}
		checkWritten(t, dir, n)

		back := opts
		back.From = run.Path(chk[0])
		if err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), back); err != nil {
			t.Errorf("told to go back: %v", err)
		}
		files := len(glob(t, dir, "part-*"))
		other.BesideOldOutput = true
		if err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), other); err != nil {
			t.Errorf("told to write beside old output: %v", err)
		}
		if now := len(glob(t, dir, "part-*")); now <= files {
			t.Errorf("%d files, and %d with those that were to be written beside them", files, now)
		}
	})
}

// Consumers take finished output away between two runs; the next one goes on. That the
// output was committed is remembered, so that no sink looks for it and warns.
func TestOutputIsTaken(t *testing.T) {
	var warnings bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&warnings, nil)))
	defer slog.SetDefault(before)
	synctest.Test(t, func(t *testing.T) {
		opts := options(t, 1)
		dir := t.TempDir()
		taken := t.TempDir()
		for n := 100; n <= 300; n += 100 {
			if err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), opts); err != nil {
				t.Fatal(err)
			}
			for _, name := range glob(t, dir, "part-*") {
				must(t, os.Rename(name, filepath.Join(taken, filepath.Base(name))))
			}
			if left := glob(t, dir, "*"); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
			checkWritten(t, taken, n)
		}
		if warnings.Len() > 0 {
			t.Errorf("logged: %s", &warnings)
		}
	})
}

// While a run writes to a folder, another one with other checkpoints is refused. A claim
// that fails for a moment is made again with the next attempt, of all sinks.
func TestOneRunPerOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		job := func(fsys durable.FS) *weir.Job {
			job := weir.NewJob("two")
			in := weir.Map(weir.From(job, "in", weir.Slice(numbers(10)...)), func(n int64) (string, error) {
				if n == 5 {
					err := run.Local(t.Context(), written(durable.OS(), dir, 10, 1e6), options(t, 1))
					if err != nil {
						t.Errorf("another job in the same folder: %v", err)
					}
				}
				return fmt.Sprint(n), nil
			})
			weir.To(in, "a", file.LinesSinkOn(fsys, dir))
			weir.To(in, "b", file.LinesSinkOn(fsys, dir))
			return job
		}
		opts := options(t, 1)
		faults := faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Lock, K: 2, Err: syscall.EIO})
		if err := run.Local(t.Context(), job(faults), opts); err != nil {
			t.Fatal(err)
		}
		if faults.Fired(0) != 1 {
			t.Error("the lock of the second sink was to fail once")
		}
		if files := glob(t, dir, "part-*"); len(files) != 3 {
			t.Errorf("visible: %q", files)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		tried := false
		job := weir.NewJob("written")
		in := weir.Map(weir.From(job, "in", weir.Slice(numbers(10)...)), func(n int64) (string, error) {
			if n == 5 {
				tried = true
				err := run.Local(t.Context(), written(durable.OS(), dir, 10, 1e6), options(t, 1))
				var inUse *weir.OutputInUseError
				if !errors.As(err, &inUse) || run.ExitCode(err) != run.ExitLocked || !strings.HasPrefix(inUse.Owner, "process ") {
					t.Errorf("the same job with other checkpoints: %v", err)
				}
			}
			return fmt.Sprint(n), nil
		})
		weir.To(in, "out", file.LinesSink(dir))
		if err := run.Local(t.Context(), job, options(t, 1)); err != nil || !tried {
			t.Fatal(err, tried)
		}
		checkWritten(t, dir, 10)
	})
}

// Runs with one checkpoint directory are one lineage to their sinks, and others are another;
// each is told where it starts.
func TestLineagesOfRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var claims []weir.Claim
		sink := claimed{&weir.Collector[int64]{}, &claims, new(int), nil}
		one, other := options(t, 1), options(t, 1)
		for _, opts := range []run.Options{one, one, other, one} {
			job := weir.NewJob("lineages")
			weir.To(weir.From(job, "in", weir.Slice(numbers(10)...)), "out", weir.Sink[int64](sink))
			must(t, run.Local(t.Context(), job, opts))
		}
		for i, c := range claims {
			same := c.Lineage == claims[0].Lineage
			if c.Lineage == "" || same != (i != 2) || (c.From > 0) == c.Fresh || c.From < claims[0].From || i == 3 && c.From <= claims[1].From {
				t.Errorf("claim %d: %+v", i, c)
			}
		}
		if len(claims) != 4 {
			t.Errorf("%d claims", len(claims))
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
