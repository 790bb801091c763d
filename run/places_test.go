package run_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// readsBelow is a source that reads every file below a folder.
type readsBelow struct {
	weir.Source[int64]
	dir string
}

func (s readsBelow) Reads(path string) bool {
	rel, err := filepath.Rel(s.dir, path)
	return err == nil && !strings.HasPrefix(rel, "..")
}

// writesTo is a sink of files.
type writesTo struct {
	*weir.Collector[int64]
	path string
}

func (s writesTo) Writes() string { return s.path }

// A job that would read its own output, or its own checkpoints, is refused before anything
// runs; one that reads another folder is not.
func TestAJobDoesNotReadWhatItWrites(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		reads, writes, checkpoints, want string
	}{
		{"d", "d/part-1", "data", "source in would read what sink out writes"},
		{"d", "d/out/part-1", "data", "source in would read what sink out writes"},
		{"d", "out/part-1", "d/checkpoints", "source in would read the job's own checkpoints"},
		{"d", "out/part-1", "data", ""},
		{"d/in", "d/part-1", "d", ""},
	} {
		job := weir.NewJob("places")
		in := weir.From(job, "in", weir.Source[int64](readsBelow{weir.Slice(numbers(3)...), filepath.Join(dir, tt.reads)}))
		out := writesTo{&weir.Collector[int64]{}, filepath.Join(dir, tt.writes)}
		weir.To(in, "out", weir.Sink[int64](out))
		opts := options(t, 1)
		opts.CheckpointDir = filepath.Join(dir, tt.checkpoints)
		err := run.Local(t.Context(), job, opts)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%+v: %v", tt, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || run.ExitCode(err) != run.ExitUsage || len(out.Records()) > 0):
			t.Errorf("%+v: %v, exit code %d, %d records", tt, err, run.ExitCode(err), len(out.Records()))
		}
	}
}

// claimed is a sink that notes how it was claimed, and may refuse.
type claimed struct {
	*weir.Collector[int64]
	claims *[]weir.Claim
	holds  *int
	refuse error
}

func (s claimed) Claim(_ context.Context, c weir.Claim) (func() error, error) {
	*s.claims = append(*s.claims, c)
	if s.refuse != nil {
		return nil, s.refuse
	}
	*s.holds++
	return func() error { *s.holds--; return nil }, nil
}

// The place of a sink is claimed once in a run, before anything is read, and released at its
// end, even if the job was restarted in between. The claim says whether the run starts
// without a checkpoint.
func TestSinksAreClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var claims []weir.Claim
		var holds int
		out := claimed{&weir.Collector[int64]{}, &claims, &holds, nil}
		failed := false
		job := func(sink weir.Sink[int64]) *weir.Job {
			job := weir.NewJob("claims")
			weir.To(weir.Map(weir.From(job, "in", weir.Slice(numbers(10)...)), func(n int64) (int64, error) {
				if holds != 1 {
					t.Error("a record has come before the place is claimed")
				}
				if n == 5 && !failed {
					failed = true
					return 0, errors.New("once")
				}
				return n, nil
			}), "out", sink)
			return job
		}
		opts := options(t, 1)
		for range 2 {
			if err := run.Local(t.Context(), job(out), opts); err != nil {
				t.Fatal(err)
			}
		}
		opts.From, opts.BesideOldOutput = run.None, true
		if err := run.Local(t.Context(), job(out), opts); err != nil {
			t.Fatal(err)
		}
		if len(claims) != 3 || holds != 0 || len(out.Records()) != 20 {
			t.Fatalf("%d claims, %d still held, %d records; want 3, none and 20", len(claims), holds, len(out.Records()))
		}
		for i, c := range claims {
			if c.SinkID != (weir.SinkID{Job: "claims", Operator: "out"}) || !strings.HasPrefix(c.Owner, "process ") ||
				c.Fresh != (i != 1) || c.BesideOld != (i == 2) {
				t.Errorf("claim %d: %+v", i, c)
			}
		}
		for want, refuse := range map[int]error{
			run.ExitLocked:    &weir.OutputInUseError{Place: "out", Owner: "process 7"},
			run.ExitOldOutput: &weir.OldOutputError{Place: "out", Found: "3 files"},
		} {
			out.refuse = refuse
			opts := options(t, 1)
			err := run.Local(t.Context(), job(out), opts)
			if !errors.Is(err, refuse) || run.ExitCode(err) != want || opts.Monitor.Status().Attempt != 0 || len(out.Records()) != 20 {
				t.Errorf("got %v, exit code %d, want %d and nothing run", err, run.ExitCode(err), want)
			}
		}
	})
}

// failsToClaim is a sink whose place cannot be claimed the first time.
type failsToClaim struct {
	claimed
	failed *bool
}

func (f failsToClaim) Claim(ctx context.Context, c weir.Claim) (func() error, error) {
	if !*f.failed {
		*f.failed = true
		return nil, errors.New("not now")
	}
	return f.claimed.Claim(ctx, c)
}

// If a claim fails, the places that were claimed before it are released at once, and once; the
// next attempt claims all of them.
func TestClaimsAreReleasedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var claims []weir.Claim
		holds, failed := 0, false
		one := claimed{&weir.Collector[int64]{}, &claims, &holds, nil}
		job := weir.NewJob("release")
		in := weir.Map(weir.From(job, "in", weir.Slice(numbers(10)...)), func(n int64) (int64, error) {
			if holds != 2 {
				t.Errorf("%d places are held", holds)
			}
			return n, nil
		})
		weir.To(in, "one", weir.Sink[int64](one))
		weir.To(in, "two", weir.Sink[int64](failsToClaim{one, &failed}))
		if err := run.Local(t.Context(), job, options(t, 1)); err != nil || holds != 0 || len(claims) != 3 {
			t.Errorf("%d claims, %d places are still held, %v", len(claims), holds, err)
		}
	})
}

// A run that is told to go back to an older checkpoint may write beside output of later ones;
// one that merely may start anew may not.
func TestWhoMayWriteBesideOldOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var claims []weir.Claim
		opts := options(t, 1)
		start := func(set func(*run.Options)) weir.Claim {
			t.Helper()
			o := opts
			set(&o)
			job := weir.NewJob("beside")
			weir.To(weir.From(job, "in", weir.Slice(numbers(10)...)), "out", weir.Sink[int64](claimed{&weir.Collector[int64]{}, &claims, new(int), nil}))
			if err := run.Local(t.Context(), job, o); err != nil {
				t.Fatal(err)
			}
			return claims[len(claims)-1]
		}
		for i, tt := range []struct {
			set  func(*run.Options)
			want bool
		}{
			{func(o *run.Options) { o.AllowFallback = true }, false}, // there is nothing to go back to
			{func(*run.Options) {}, false},
			{func(o *run.Options) { o.AllowFallback = true }, true},
			{func(o *run.Options) { o.From = run.Path(glob(t, opts.CheckpointDir, "*", "chk-*")[0]) }, true},
			{func(o *run.Options) { o.From = run.None }, false},
			{func(o *run.Options) { o.From, o.BesideOldOutput = run.None, true }, true},
		} {
			if c := start(tt.set); c.BesideOld != tt.want {
				t.Errorf("start %d: %+v", i, c)
			}
		}
	})
}
