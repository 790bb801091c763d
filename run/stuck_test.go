package run_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/run"
)

// hangingSource does not return from one of its calls until the test lets it.
type hangingSource struct {
	weir.Source[int64]
	at  string
	go_ chan struct{}
}

func (s hangingSource) Splits(ctx context.Context) ([]string, error) {
	if s.at == "splits" {
		<-s.go_
	}
	return s.Source.Splits(ctx)
}

func (s hangingSource) Open(ctx context.Context, split weir.Split) (weir.Reader[int64], error) {
	r, err := s.Source.Open(ctx, split)
	return hangingReader{r, s}, err
}

type hangingReader struct {
	weir.Reader[int64]
	s hangingSource
}

func (r hangingReader) Read(ctx context.Context, records []int64) (int, error) {
	if r.s.at == "read" {
		<-r.s.go_
	}
	return r.Reader.Read(ctx, records)
}

// hangingSink does not return from one of its calls until the test lets it.
type hangingSink struct {
	*weir.Collector[int64]
	at   string
	go_  chan struct{}
	held *atomic.Int32 // how often its place is claimed
}

func (s hangingSink) Claim(context.Context, weir.Claim) (func() error, error) {
	s.held.Add(1)
	return func() error { s.held.Add(-1); return nil }, nil
}

func (s hangingSink) Abort(ctx context.Context, id weir.SinkID) error {
	if s.at == "abort" {
		<-s.go_
	}
	return s.Collector.Abort(ctx, id)
}

func (s hangingSink) Open(ctx context.Context, c weir.SinkContext) (weir.Writer[int64], error) {
	w, err := s.Collector.Open(ctx, c)
	return hangingWriter{w, s}, err
}

type hangingWriter struct {
	weir.Writer[int64]
	s hangingSink
}

func (w hangingWriter) Prepare(ctx context.Context, id weir.CheckpointID) ([]byte, error) {
	if w.s.at == "prepare" {
		<-w.s.go_
	}
	return w.Writer.Prepare(ctx, id)
}

// Local returns even if user code never does: CancelTimeout after the job was told to end, with
// an error that has the stack of that code. The job's directory stays locked until the code
// returns.
func TestUserCodeThatNeverReturns(t *testing.T) {
	for _, tt := range []struct {
		at, where, stack string
		noFinal          bool
	}{
		{"map", "in -> map#1", "run_test.TestUserCodeThatNeverReturns", false},
		{"map", "in -> map#1", "run_test.TestUserCodeThatNeverReturns", true},
		{"read", "in -> map#1", "run_test.hangingReader.Read", false},
		{"prepare", "out, subtask 0", "run_test.hangingWriter.Prepare", false},
		{"splits", "the start of the job", "run_test.hangingSource.Splits", false},
		{"abort", "the start of the job", "run_test.hangingSink.Abort", false},
	} {
		t.Run(fmt.Sprintf("%s, no final checkpoint %t", tt.at, tt.noFinal), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := make(chan struct{})
				job := weir.NewJob("hangs")
				in := weir.From(job, "in", weir.Source[int64](hangingSource{weir.Slice(numbers(1000)...), tt.at, hang}))
				mapped := weir.Map(in, func(n int64) (int64, error) {
					if tt.at == "map" && n == 7 {
						<-hang
					}
					return n, nil
				})
				var held atomic.Int32
				weir.To(mapped, "out", weir.Sink[int64](hangingSink{&weir.Collector[int64]{}, tt.at, hang, &held}))
				opts := options(t, 1)
				opts.NoFinalCheckpoint, opts.CancelTimeout = tt.noFinal, time.Minute
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				began := time.Now()
				err := run.Local(ctx, job, opts)
				took := time.Since(began)
				if err == nil || !strings.Contains(err.Error(), tt.where) || !strings.Contains(err.Error(), tt.stack) {
					t.Errorf("got %v\nwant one that names %q and %q", err, tt.where, tt.stack)
				}
				if took < time.Minute || took > 2*time.Minute+3*time.Second {
					t.Errorf("it took %v, want the minute that was set, or two with a final checkpoint", took)
				}
				opts.NoFinalCheckpoint = true
				var locked *store.LockedError
				if err := run.Local(t.Context(), job, opts); !errors.As(err, &locked) {
					t.Errorf("started beside code that still runs: %v", err)
				}
				if held.Load() != 1 {
					t.Errorf("the place of the sink is held %d times while its code still runs", held.Load())
				}
				close(hang)
				synctest.Wait()
				if held.Load() != 0 {
					t.Errorf("the place of the sink is held %d times after the code has returned", held.Load())
				}
				if tt.at != "splits" && tt.at != "read" {
					if err := run.Local(t.Context(), job, opts); err != nil {
						t.Errorf("after the code has returned: %v", err)
					}
				}
			})
		})
	}
}

// If a checkpoint waits for a subtask for half a minute, the log says for which, and since
// when.
func TestASlowCheckpointIsExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("slow")
		in := weir.From(job, "in", weir.Slice(numbers(3)...))
		mapped := weir.Map(in, func(n int64) (int64, error) {
			if n == 2 {
				time.Sleep(70 * time.Second)
			}
			return n, nil
		})
		weir.To(mapped, "out", &weir.Collector[int64]{})
		opts := options(t, 1)
		log := &lines{}
		opts.Log = log.logger()
		if err := run.Local(t.Context(), job, opts); err != nil {
			t.Fatal(err)
		}
		if n := log.count(`a checkpoint waits for subtasks`, `subtask 0`, `map#1`, `since=`); n != 2 {
			t.Errorf("said %d times in 70 s, want 2:\n%s", n, log.text())
		}
	})
}
