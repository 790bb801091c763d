package run_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/run"
)

// written makes a job that writes the numbers up to n to files in dir.
func written(fsys durable.FS, dir string, n int, perSecond float64) *weir.Job {
	job := weir.NewJob("written")
	in := weir.From(job, "numbers", ratelimit.Source(weir.Slice(numbers(n)...), perSecond))
	weir.To(weir.Map(in, func(n int64) (string, error) { return fmt.Sprint(n), nil }), "out", file.LinesSinkOn(fsys, dir))
	return job
}

// checkWritten checks that each number is visible once.
func checkWritten(t *testing.T, dir string, n int) {
	t.Helper()
	var got, want []string
	for _, name := range glob(t, dir, "part-*") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Fields(string(b))...)
	}
	for _, v := range numbers(n) {
		want = append(want, fmt.Sprint(v))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d records are visible, want each of %d once", len(got), n)
	}
}

func glob(t *testing.T, pattern ...string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(pattern...))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Output that was damaged between its checkpoint and the restart does not become visible. The
// error says what is intact and what to do. Both remedies work: to repair the file, and to
// start from an earlier checkpoint.
func TestDamagedOutput(t *testing.T) {
	for _, goBack := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const n = 1000
			opts := options(t, 1)
			opts.Restart.Max = -1
			dir := t.TempDir()
			// Checkpoint 3 is complete, and its output is not visible yet.
			faults := faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Rename, Name: "part-*", K: 3, Sticky: true, Err: syscall.EIO})
			if err := run.Local(t.Context(), written(faults, dir, n, 1000), opts); err == nil {
				t.Fatal("the third commit has not failed")
			}
			hidden, seen, chk := glob(t, dir, ".part-*"), glob(t, dir, "part-*"), glob(t, opts.CheckpointDir, "*", "chk-3")
			if len(hidden) == 0 || len(seen) != 2 || len(chk) != 1 {
				t.Fatalf("hidden %q, visible %q, checkpoint %q", hidden, seen, chk)
			}
			flip := func() {
				b, err := os.ReadFile(hidden[0])
				if err != nil {
					t.Fatal(err)
				}
				b[len(b)/2] ^= 0x10
				if err := os.WriteFile(hidden[0], b, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			flip()
			opts.Restart.Max, opts.Monitor = 10, &run.Monitor{}
			err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), opts)
			if err == nil || !weir.IsPermanent(err) || opts.Monitor.Status().Attempt > 1 {
				t.Fatalf("got %v in attempt %d, want a permanent error in the first", err, opts.Monitor.Status().Attempt)
			}
			for _, w := range []string{"sink out", filepath.ToSlash(hidden[0]), "damaged", "CRC32C", "checkpoint 3 in " + filepath.ToSlash(chk[0]) + ", is itself intact", "set Options.DropPreparedOutput"} {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v\ndoes not say %q", err, w)
				}
			}
			if now := glob(t, dir, "part-*"); !slices.Equal(now, seen) {
				t.Errorf("a refused start has changed what is visible from %q to %q", seen, now)
			}

			opts.Monitor = &run.Monitor{}
			want := 3
			if goBack {
				want = 2
				if err := os.Rename(chk[0], filepath.Join(t.TempDir(), "chk-3")); err != nil {
					t.Fatal(err)
				}
			} else {
				flip()
			}
			if err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), opts); err != nil {
				t.Fatal(err)
			}
			if st := opts.Monitor.Status(); int(st.Restored) != want {
				t.Errorf("started from checkpoint %d, want %d", st.Restored, want)
			}
			checkWritten(t, dir, n)
		})
	}
}
