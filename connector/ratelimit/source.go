package ratelimit

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/weirstream/weir"
)

// Source is src, slowed down so that all its readers together give perSecond records per
// second at most, in small and even portions. Over any time of t seconds it is no more
// than perSecond·(t + 0.1) records, and one more for each reader. 0 is no limit.
//
// Whatever else src can do (plan its splits, say which files it reads, commit positions,
// bring timestamps), the source that is slowed down can, too.
func Source[T any](src weir.Source[T], perSecond float64) weir.Source[T] {
	if perSecond == 0 || math.IsInf(perSecond, 1) {
		return src
	}
	return source[T]{Source: src, bucket: &bucket{perSecond: perSecond}}
}

type source[T any] struct {
	weir.Source[T]
	bucket *bucket
}

func (s source[T]) check() error {
	if !(s.bucket.perSecond > 0) {
		return weir.Permanent(fmt.Errorf("rate limit of %v records per second: want a positive number, or 0 for none", s.bucket.perSecond))
	}
	return nil
}

func (s source[T]) Splits(ctx context.Context) ([]string, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.Source.Splits(ctx)
}

// PlanSplits has the source plan its splits, or plans those that it lists, each from its
// known position.
func (s source[T]) PlanSplits(ctx context.Context, known []weir.Split) (plan weir.SplitPlan, err error) {
	if err := s.check(); err != nil {
		return plan, err
	}
	if p, ok := s.Source.(weir.SplitPlanner); ok {
		return p.PlanSplits(ctx, known)
	}
	ids, err := s.Source.Splits(ctx)
	if err != nil {
		return plan, err
	}
	at := make(map[string][]byte, len(known))
	for _, k := range known {
		at[k.ID] = k.Position
	}
	for _, id := range ids {
		plan.Read = append(plan.Read, weir.Split{ID: id, Position: at[id]})
	}
	return plan, nil
}

// Reads reports whether the source would read a file of that path.
func (s source[T]) Reads(path string) bool {
	r, ok := s.Source.(weir.FileReading)
	return ok && r.Reads(path)
}

func (s source[T]) Open(ctx context.Context, split weir.Split) (weir.Reader[T], error) {
	r, err := s.Source.Open(ctx, split)
	if err != nil || r == nil {
		return nil, err
	}
	s.bucket.join(1)
	limited := &reader[T]{Reader: r, bucket: s.bucket}
	limited.timed, _ = r.(weir.TimedReader[T])
	if c, ok := r.(weir.Committer); ok {
		return committing[T]{limited, c}, nil
	}
	return limited, nil
}

// maxWait is how long one Read waits; the next one goes on waiting.
const maxWait = 100 * time.Millisecond

type reader[T any] struct {
	weir.Reader[T]
	timed  weir.TimedReader[T] // the reader, if its records bring timestamps
	bucket *bucket
	closed bool
}

// committing is a reader that commits positions. One that does not must not seem to.
type committing[T any] struct {
	*reader[T]
	weir.Committer
}

func (r *reader[T]) Read(ctx context.Context, records []T) (int, error) {
	return r.read(ctx, len(records), func(n int) (int, error) { return r.Reader.Read(ctx, records[:n]) })
}

// ReadTimed is Read with timestamps, if there are any.
func (r *reader[T]) ReadTimed(ctx context.Context, records []T, times []weir.Time) (int, error) {
	return r.read(ctx, len(records), func(n int) (int, error) {
		if r.timed != nil {
			return r.timed.ReadTimed(ctx, records[:n], times[:n])
		}
		n, err := r.Reader.Read(ctx, records[:n])
		for i := range min(max(n, 0), len(times)) {
			times[i] = weir.MinTime
		}
		return n, err
	})
}

// read reads as many of size records as may be read now, and waits if there are none.
func (r *reader[T]) read(ctx context.Context, size int, read func(n int) (int, error)) (int, error) {
	left := maxWait
	for {
		n, pause := r.bucket.ask()
		if n > 0 {
			n, err := read(min(n, size))
			r.bucket.pay(n)
			return n, err
		}
		if left <= 0 {
			return 0, nil
		}
		pause = min(pause, left)
		left -= pause
		if err := wait(ctx, pause); err != nil {
			return 0, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (r *reader[T]) Close() error {
	if !r.closed {
		r.closed = true
		r.bucket.join(-1)
	}
	return r.Reader.Close()
}
