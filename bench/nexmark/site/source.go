package site

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/weirstream/weir"
)

// Lateness is how far event time is behind the latest event, as published.
const Lateness = 4 * time.Second

// Watermarks are the published ones, for the timestamps that [Source] brings.
func Watermarks() weir.Watermarks[Event] { return weir.OutOfOrder[Event](Lateness, nil) }

// Source is the first n events with their timestamps, in so many splits: split j of k has
// the groups of 50 events j, j+k, j+2k and so on. The events of a millisecond are in one
// split, so that of two of them the later one is the same with any number of splits.
//
// pace says when the events are due; nil has them come as fast as they can be made.
func Source(n int64, splits int, pace *Pace) weir.Source[Event] { return source{n, splits, pace} }

type source struct {
	n      int64
	splits int
	pace   *Pace
}

func (s source) Bounded() bool { return true }

func (s source) Splits(context.Context) ([]string, error) {
	if s.splits < 1 {
		return nil, weir.Permanent(fmt.Errorf("%d splits: want at least 1", s.splits))
	}
	ids := make([]string, s.splits)
	for j := range ids {
		ids[j] = strconv.Itoa(j)
	}
	return ids, nil
}

func (s source) Open(_ context.Context, split weir.Split) (weir.Reader[Event], error) {
	j, err := strconv.Atoi(split.ID)
	if err != nil || j < 0 || j >= s.splits {
		return nil, weir.Permanent(fmt.Errorf("there is no split %q of %d", split.ID, s.splits))
	}
	r := &reader{source: s, next: int64(j) * group}
	if split.Position == nil {
		return r, nil
	}
	next, a := binary.Uvarint(split.Position)
	k, b := binary.Uvarint(split.Position[max(a, 0):])
	if a <= 0 || b <= 0 || k != uint64(s.splits) || int64(next)/group%int64(s.splits) != int64(j) {
		return nil, weir.Permanent(fmt.Errorf("position %x is not one of split %d of %d", split.Position, j, s.splits))
	}
	r.next = int64(next)
	return r, nil
}

type reader struct {
	source
	next int64
}

func (r *reader) Read(ctx context.Context, records []Event) (int, error) {
	return r.ReadTimed(ctx, records, make([]weir.Time, len(records)))
}

func (r *reader) ReadTimed(ctx context.Context, records []Event, times []weir.Time) (n int, err error) {
	due := r.n
	if r.pace != nil && r.next < r.n {
		if due, err = r.pace.wait(ctx, r.next); err != nil {
			return 0, err
		}
	}
	for ; n < len(records) && r.next < min(due, r.n); n++ {
		times[n] = Fill(&records[n], r.next)
		if r.next++; r.next%group == 0 {
			r.next += int64(r.splits-1) * group
		}
	}
	if r.next >= r.n {
		return n, io.EOF
	}
	return n, nil
}

func (r *reader) Position() []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(r.next)), uint64(r.splits))
}

func (r *reader) Close() error { return nil }
