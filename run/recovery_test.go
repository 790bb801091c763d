package run_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/run"
)

// While a disk is full checkpoints fail. The job goes on.
func TestFullDiskIsTolerated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 2)
		opts.InlineThreshold = -1 // every state is a file
		var rules []faultfs.Rule
		for k := 20; k < 23; k++ {
			rules = append(rules, faultfs.Rule{Ops: faultfs.Sync, Name: "????????-????-*", K: k, Do: faultfs.Fail, Err: syscall.ENOSPC})
		}
		faults := faultfs.New(durable.OS(), rules...)
		opts.FS = faults
		if err := run.Local(t.Context(), sums(&out, 3000, 1000, never), opts); err != nil {
			t.Fatal(err)
		}
		checkSums(t, out.Records(), 3000)
		st := opts.Monitor.Status()
		if st.Attempt != 1 || st.Failed == 0 || st.Completed < 20 {
			t.Errorf("status %+v: want one attempt, some failed checkpoints and many complete ones", st)
		}
	})
}

// A disk that stays full ends the job. The next run starts from the last complete checkpoint.
func TestFullDiskThatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 2)
		opts.ToleratedFailures, opts.Restart.Max = 2, 1
		opts.FS = faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Write, Name: "_metadata", K: 5, Sticky: true, Do: faultfs.FailPartly, Err: syscall.ENOSPC})
		var log logBook
		opts.Log = slog.New(slog.NewJSONHandler(&log, nil))
		err := run.Local(t.Context(), sums(&out, 3000, 1000, never), opts)
		jobDir := glob(t, opts.CheckpointDir, "*")[0]
		wantFull(t, err, jobDir, "checkpoint 4 is complete, and the next start goes on from it", "3 checkpoints in a row", "ended after 1 restarts")
		// There are two attempts with three failed checkpoints each. In each attempt the first
		// two are followed by another one.
		failed := log.entries(t, "checkpoint failed")
		if len(failed) != 6 {
			t.Errorf("%d failed checkpoints are logged, want 6: %v", len(failed), failed)
		}
		for i, e := range failed {
			if e["dir"] != jobDir || e["complete"] != 4.0 || !strings.Contains(e["msg"].(string), "a file system is full") {
				t.Errorf("logged %v, want that the disk is full, where, and that checkpoint 4 is complete", e)
			}
			if pause, ok := e["pause"].(float64); ok != (i%3 < 2) || ok && (pause <= 0 || pause > 1e8) {
				t.Errorf("logged %v as failure %d in a row, want when it is tried again: within 100 ms, but after the last", e, i%3+1)
			}
		}
		restarts := log.entries(t, "attempt failed")
		if len(restarts) != 1 || restarts[0]["dir"] != jobDir || restarts[0]["checkpoint"] != 4.0 || restarts[0]["pause"] != 1e9 {
			t.Errorf("logged %v, want one restart after 1 s, from checkpoint 4, as there is no space in %s", restarts, jobDir)
		}
		if st := opts.Monitor.Status(); st.LastComplete != 4 || st.Attempt != 2 {
			t.Errorf("status %+v: want checkpoint 4 and two attempts", st)
		}
		opts.FS, opts.Monitor = nil, &run.Monitor{}
		if err := run.Local(t.Context(), sums(&out, 3000, 1e6, never), opts); err != nil {
			t.Fatal(err)
		}
		checkSums(t, out.Records(), 3000)
		if st := opts.Monitor.Status(); st.Restored != 4 {
			t.Errorf("the second run started from checkpoint %d, want 4", st.Restored)
		}
	})
}

// The same for the disk of the output, with the default of Restart. If there is space again
// in time, the job goes on.
func TestFullOutputDisk(t *testing.T) {
	for _, failures := range []int{3, 11} {
		synctest.Test(t, func(t *testing.T) {
			const n = 1000
			opts, dir := options(t, 1), t.TempDir()
			var log logBook
			opts.Log = slog.New(slog.NewJSONHandler(&log, nil))
			var rules []faultfs.Rule
			for k := range failures {
				rules = append(rules, faultfs.Rule{Ops: faultfs.Write, Name: ".part-*", K: 4 + k, Err: syscall.EDQUOT})
			}
			began := time.Now()
			err := run.Local(t.Context(), written(faultfs.New(durable.OS(), rules...), dir, n, 1000), opts)
			pauses := []float64{1, 2, 4, 8, 16, 32, 60, 60, 60, 60}[:min(failures, 10)]
			restarts := log.entries(t, "attempt failed")
			if len(restarts) != len(pauses) {
				t.Fatalf("%d restarts are logged, want %d", len(restarts), len(pauses))
			}
			for i, e := range restarts {
				if e["level"] != "WARN" || !strings.Contains(e["msg"].(string), "a file system is full") || !strings.Contains(e["full"].(string), "the quota is used up in "+dir) ||
					e["dir"] != dir || e["checkpoint"] != 3.0 || e["pause"] != 1e9*pauses[i] {
					t.Errorf("logged %v, want that %s is full, that it goes on from checkpoint 3, and a pause of %v s", e, dir, pauses[i])
				}
			}
			if failures == 3 {
				if err != nil {
					t.Fatal(err)
				}
				checkWritten(t, dir, n)
				return
			}
			if took := time.Since(began); took < 303*time.Second || took > 305*time.Second {
				t.Errorf("ended after %v, want 303 s of pauses", took)
			}
			wantFull(t, err, dir, "checkpoint 3 is complete, and the next start goes on from it", "ended after 10 restarts", "operator out")
			opts.Monitor = &run.Monitor{}
			if err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), opts); err != nil {
				t.Fatal(err)
			}
			checkWritten(t, dir, n)
		})
	}
}

// The error of a full disk names a checkpoint that is there. If a restart has found a newer
// one than the last that was reported, the older one may have been removed.
func TestFullDiskNamesWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 1)
		opts.Retain, opts.ToleratedFailures, opts.Restart.Max = 1, -1, 2
		opts.FS = faultfs.New(durable.OS(),
			faultfs.Rule{Ops: faultfs.Rename, Name: "chk-5", K: 1, Do: faultfs.FailAfter, Err: syscall.EIO},
			faultfs.Rule{Ops: faultfs.Write, Name: "_metadata", K: 6, Sticky: true, Err: syscall.ENOSPC})
		err := run.Local(t.Context(), sums(&out, 3000, 1000, never), opts)
		there := glob(t, opts.CheckpointDir, "*", "chk-*")
		if len(there) != 1 || filepath.Base(there[0]) != "chk-5" {
			t.Fatalf("there is %q after %v, want chk-5", there, err)
		}
		wantFull(t, err, filepath.Dir(there[0]), "checkpoint 5 is complete, and the next start goes on from it")
	})
}

// A checkpoint that could not be begun is logged in the same way.
func TestFullDiskBeforeACheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		var log logBook
		opts := options(t, 1)
		opts.Log = slog.New(slog.NewJSONHandler(&log, nil))
		opts.FS = faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Mkdir, Name: ".inprogress-3.*", K: 1, Err: syscall.ENOSPC})
		if err := run.Local(t.Context(), sums(&out, 1000, 1000, never), opts); err != nil {
			t.Fatal(err)
		}
		jobDir := glob(t, opts.CheckpointDir, "*")[0]
		found := log.entries(t, "checkpoint not begun because a file system is full")
		if len(found) != 1 || found[0]["dir"] != jobDir || found[0]["complete"] != 2.0 || found[0]["pause"] != 1e8 {
			t.Errorf("logged %v, want one checkpoint that was not begun, and 100 ms to the next", found)
		}
	})
}

// Before the first checkpoint the error names none.
func TestFullDiskFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts, dir := options(t, 1), t.TempDir()
		opts.Restart.Max = 1
		full := faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Create, Name: ".part-*", K: 1, Sticky: true, Err: syscall.ENOSPC})
		err := run.Local(t.Context(), written(full, dir, 10, 1000), opts)
		wantFull(t, err, dir, "has completed no checkpoint", "ended after 1 restarts")
		if strings.Contains(err.Error(), "checkpoint 0") {
			t.Errorf("%v: there is no such checkpoint", err)
		}

		opts.CheckpointDir, opts.Monitor = filepath.ToSlash(t.TempDir()), &run.Monitor{}
		opts.FS = faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Mkdir, K: 1, Sticky: true, Err: syscall.ENOSPC})
		wantFull(t, run.Local(t.Context(), written(durable.OS(), dir, 10, 1000), opts), opts.CheckpointDir, "has completed no checkpoint")
		if n := opts.Monitor.Status().Attempt; n != 0 {
			t.Errorf("%d attempts without a directory for checkpoints", n)
		}
	})
}

// wantFull checks that the text of err says that there is no space in dir and what to do, and
// that a program can tell by the kind of the error and by the exit code.
func wantFull(t *testing.T, err error, dir string, words ...string) {
	t.Helper()
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		t.Fatalf("got %v, want no space", err)
	}
	what := "no space left in "
	if errors.Is(err, syscall.EDQUOT) {
		what = "the quota is used up in "
	}
	for _, w := range append(words, what+dir, "free space ", "and start again") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v\ndoes not say %q", err, w)
		}
	}
	if code := run.ExitCode(err); code != run.ExitFailed {
		t.Errorf("exit code %d, want %d", code, run.ExitFailed)
	}
}

// A logBook keeps log lines as JSON.
type logBook struct{ bytes.Buffer }

// entries returns the lines whose message begins with the given words.
func (b *logBook) entries(t *testing.T, words string) (found []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(b.Bytes()) {
		var e map[string]any
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if strings.HasPrefix(e["msg"].(string), words) {
			found = append(found, e)
		}
	}
	return found
}

// If it cannot be known whether a checkpoint is complete, the attempt ends, and recovery
// decides by what is on the disk: here the checkpoint is complete.
func TestUnknownOutcome(t *testing.T) {
	for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailAfter} {
		synctest.Test(t, func(t *testing.T) {
			var out weir.Collector[total]
			opts := options(t, 2)
			opts.FS = faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Rename, Name: "chk-5", K: 1, Do: do, Err: syscall.EIO})
			if err := run.Local(t.Context(), sums(&out, 2000, 1000, never), opts); err != nil {
				t.Fatal(err)
			}
			checkSums(t, out.Records(), 2000)
			if st := opts.Monitor.Status(); st.Attempt != 2 {
				t.Errorf("%d attempts, want 2", st.Attempt)
			}
		})
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, other weir.Collector[total]
		opts := options(t, 1)
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { first <- run.Local(ctx, sums(&out, 1000, 100, never), opts) }()
		time.Sleep(time.Second)
		err := run.Local(t.Context(), sums(&other, 1000, 100, never), run.Options{CheckpointDir: opts.CheckpointDir, Log: opts.Log})
		var locked *store.LockedError
		if !errors.As(err, &locked) || !strings.Contains(err.Error(), "process") {
			t.Errorf("got %v, want a *store.LockedError that names the owner", err)
		}
		cancel()
		if err := <-first; !errors.Is(err, run.ErrStopped) {
			t.Errorf("the first run ended with %v", err)
		}
		if len(other.Records()) != 0 {
			t.Error("the second run has written something")
		}
	})
}

// damage flips a bit in the middle of the newest checkpoint's metadata.
func damage(t *testing.T, dir string) {
	t.Helper()
	matches, err := filepath.Glob(filepath.Join(dir, "*", "chk-*", "_metadata"))
	if err != nil || len(matches) != 2 {
		t.Fatalf("want two checkpoints, have %q %v", matches, err)
	}
	newest := matches[1]
	b, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0x10
	if err := os.WriteFile(newest, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// A damaged checkpoint is never skipped silently: a start refuses it, and AllowFallback skips
// it once.
func TestDamagedCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 2)
		ctx, cancel := context.WithTimeout(t.Context(), 450*time.Millisecond)
		defer cancel()
		if err := run.Local(ctx, sums(&out, 2000, 1000, never), opts); !errors.Is(err, run.ErrStopped) {
			t.Fatal(err)
		}
		newest := opts.Monitor.Status().LastComplete
		damage(t, opts.CheckpointDir)
		before := len(out.Records())
		var damaged *store.DamagedError
		if err := run.Local(t.Context(), sums(&out, 2000, 1e6, never), opts); !errors.As(err, &damaged) {
			t.Fatalf("got %v, want a *store.DamagedError", err)
		}
		if damaged.Intact != newest-1 || !strings.Contains(damaged.Error(), "set Options.AllowFallback") {
			t.Errorf("%v: want it to say that %d is intact, and how to go back to it", damaged, newest-1)
		}
		if len(out.Records()) != before {
			t.Error("a refused run has made output visible")
		}
		opts.AllowFallback, opts.Monitor = true, &run.Monitor{}
		if err := run.Local(t.Context(), sums(&out, 2000, 1e6, never), opts); err != nil {
			t.Fatal(err)
		}
		if st := opts.Monitor.Status(); st.Restored != newest-1 {
			t.Errorf("went back to checkpoint %d, want %d", st.Restored, newest-1)
		}
		if len(out.Records()) <= 2000 {
			t.Errorf("%d records: want those between the two checkpoints twice", len(out.Records()))
		}
	})
}

// A checkpoint that a changed job cannot be restored from is refused. The error says what to do.
func TestChangedJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options(t, 2)
		opts.CheckpointInterval = time.Hour
		build := func(operator, state string) *weir.Job {
			job := weir.NewJob("changing")
			in := weir.From(job, "numbers", ratelimit.Source(weir.Slice(numbers(100)...), 1e6))
			weir.To(weir.Process(weir.KeyBy(in, func(n int64) int64 { return n % 10 }), operator, func(c *weir.KeyContext[int64], out *weir.Out[int64]) func(int64) error {
				n := weir.NewValue[int64](c, state)
				return func(v int64) error { n.Set(v); out.Emit(v); return nil }
			}), "out", &weir.Collector[int64]{})
			return job
		}
		if err := run.Local(t.Context(), build("op", "n"), opts); err != nil {
			t.Fatal(err)
		}
		refused := func(job *weir.Job, words ...string) {
			t.Helper()
			err := run.Local(t.Context(), job, opts)
			if err == nil || run.ExitCode(err) != run.ExitUnfit {
				t.Errorf("not refused: %v", err)
				return
			}
			for _, w := range words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v: does not say %q", err, w)
				}
			}
		}
		refused(build("renamed", "n"), "does not fit the job", "which the job does not have", "Options.AllowNonRestoredState")
		refused(build("op", "renamed"), "restore checkpoint 1: ", "does not fit the job", `state "n"`, "Options.AllowNonRestoredState")

		job := weir.NewJob("changing")
		in := weir.From(job, "numbers", weir.Slice(numbers(100)...))
		weir.To(weir.Process(weir.KeyBy(in, func(n int64) string { return "k" }), "op", func(c *weir.KeyContext[string], out *weir.Out[int64]) func(int64) error {
			n := weir.NewValue[int64](c, "n")
			return func(v int64) error { n.Set(v); return nil }
		}), "out", &weir.Collector[int64]{})
		refused(job, "does not fit the job", "type of the key", "int64", "string", "give the operator another name")

		opts.Parallelism = 129
		refused(build("op", "n"), "max parallelism 128", "a parallelism of 128 at most")
		opts.Parallelism = 2

		// Another job's checkpoint, given by its path.
		other := options(t, 1)
		var sink weir.Collector[total]
		if err := run.Local(t.Context(), sums(&sink, 10, 1e6, never), other); err != nil {
			t.Fatal(err)
		}
		paths, err := filepath.Glob(filepath.Join(other.CheckpointDir, "*", "chk-*"))
		if err != nil || len(paths) != 1 {
			t.Fatal(paths, err)
		}
		opts.From = run.Path(paths[0])
		refused(build("op", "n"), "was written by job")
		opts.From = run.Latest

		opts.AllowNonRestoredState = true
		for _, job := range []*weir.Job{build("op", "other"), build("renamed", "n")} {
			if err := run.Local(t.Context(), job, opts); err != nil {
				t.Errorf("with AllowNonRestoredState: %v", err)
			}
		}
	})
}
