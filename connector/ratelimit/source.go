package ratelimit

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/weirstream/weir"
)

// Source is src, slowed down so that all its readers together give perSecond records per
// second at the most, in small and even portions. Over any time of t seconds it is no more
// than perSecond·(t + 0.1) records, and one more for each reader. 0 is no limit.
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

func (s source[T]) Splits(ctx context.Context) ([]string, error) {
	if !(s.bucket.perSecond > 0) {
		return nil, weir.Permanent(fmt.Errorf("rate limit of %v records per second: want a positive number, or 0 for none", s.bucket.perSecond))
	}
	return s.Source.Splits(ctx)
}

func (s source[T]) Open(ctx context.Context, split weir.Split) (weir.Reader[T], error) {
	r, err := s.Source.Open(ctx, split)
	if err != nil {
		return nil, err
	}
	s.bucket.join(1)
	return &reader[T]{Reader: r, bucket: s.bucket}, nil
}

// maxWait is how long one Read waits; the next one goes on waiting.
const maxWait = 100 * time.Millisecond

type reader[T any] struct {
	weir.Reader[T]
	bucket *bucket
	closed bool
}

func (r *reader[T]) Read(ctx context.Context, records []T) (int, error) {
	left := maxWait
	for {
		n, pause := r.bucket.ask()
		if n > 0 {
			n, err := r.Reader.Read(ctx, records[:min(n, len(records))])
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
