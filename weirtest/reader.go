package weirtest

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/internal/flow"
)

// A reader reads a split, as weir.TimedReader says. It waits until there is something.
type reader[T any] struct {
	split   *Split[T]
	process *process
	at      int       // how many items were read
	ticks   int       // how often time had passed when it was read last
	mark    weir.Time // of the last watermark
	idle    bool      // the last item was one
	news    bool      // the engine does not know mark and idle yet
}

var errUntimed = weir.Permanent(errors.New("timestamps or watermarks are pushed into a source whose job has no event time: give weir.From watermarks, such as those of weirtest.Source.Watermarks"))

// resume continues after n items.
func (r *reader[T]) resume(n int) {
	for _, i := range r.split.items[:n] {
		r.pass(i)
	}
	r.news = r.idle || r.mark != weir.MinTime
}

// pass takes note of an item that was read.
func (r *reader[T]) pass(i item[T]) {
	r.at++
	r.idle = i.kind == anIdle
	if i.kind == aWatermark {
		r.mark = max(r.mark, i.at)
	}
}

// Read is for a job without event time.
func (r *reader[T]) Read(ctx context.Context, records []T) (int, error) {
	return r.read(ctx, records, nil)
}

// ReadTimed is for a job with event time.
func (r *reader[T]) ReadTimed(ctx context.Context, records []T, times []weir.Time) (int, error) {
	return r.read(ctx, records, times)
}

func (r *reader[T]) read(ctx context.Context, records []T, times []weir.Time) (n int, err error) {
	for {
		if err := r.process.check(); err != nil {
			return 0, err
		}
		r.split.mu.Lock()
		changed := r.split.changed
		n, done, err := r.take(records, times)
		r.split.mu.Unlock()
		if done || err != nil {
			return n, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, nil
		case <-r.process.dead:
		}
	}
}

// take takes what comes next: records up to a watermark, an idleness or the end, or one of
// these. done reports whether there was something, or whether time has passed.
func (r *reader[T]) take(records []T, times []weir.Time) (n int, done bool, err error) {
	items := r.split.items
	for n < len(records) && r.at < len(items) && items[r.at].kind <= aTimed {
		i := items[r.at]
		if times == nil && i.kind == aTimed {
			return n, true, errUntimed
		}
		if times != nil {
			times[n] = weir.MinTime
			if i.kind == aTimed {
				times[n] = i.at
			}
		}
		records[n] = i.record
		n++
		r.pass(i)
	}
	switch {
	case n > 0:
	case r.news, r.ticks != r.split.ticks:
	case r.at == len(items):
		return 0, false, nil
	case items[r.at].kind == anEnd:
		return 0, true, io.EOF
	case times == nil:
		return 0, true, errUntimed
	default:
		r.pass(items[r.at])
	}
	r.news, r.ticks = false, r.split.ticks
	return n, true, nil
}

// Mark adds what was pushed to what follows from the records.
func (r *reader[T]) Mark(m flow.Mark) flow.Mark {
	return flow.Mark{Time: max(m.Time, r.mark), Idle: m.Idle || r.idle}
}

// Position is how many items were read.
func (r *reader[T]) Position() []byte { return binary.AppendUvarint(nil, uint64(r.at)) }

// Close does nothing.
func (r *reader[T]) Close() error { return nil }
