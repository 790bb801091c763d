package weir

import (
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// A batchSender copies records into batches and sends them to the subtask with the
// sender's own number (forward), to one subtask after the other (rebalance), or to all of
// them (broadcast).
type batchSender[T any] struct {
	routing plan.Routing
	pool    *flow.VecPool[T]
	buf     *flow.Vec[T]
	next    checkpoint.Subtask // whose turn it is, of rebalance
}

func (s *batchSender[T]) Push(b flow.Batch) error {
	in := b.(*flow.Vec[T])
	for from := 0; from < len(in.Values); {
		if s.buf == nil {
			s.buf = s.pool.Get()
		}
		to := min(len(in.Values), from+flow.BatchSize-len(s.buf.Values))
		s.buf.Values = append(s.buf.Values, in.Values[from:to]...)
		if len(in.Times) > 0 {
			s.buf.Times = append(s.buf.Times, in.Times[from:to]...)
		}
		from = to
		if len(s.buf.Values) == flow.BatchSize {
			if err := s.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Mark sends the mark after what was pushed before it.
func (s *batchSender[T]) Mark(m flow.Mark) error {
	if err := s.Flush(); err != nil {
		return err
	}
	return s.routing.Mark(m)
}

func (s *batchSender[T]) Flush() error {
	b := s.buf
	if b == nil || b.Len() == 0 {
		return nil
	}
	s.buf = nil
	switch s.routing.Ship {
	case plan.Rebalance:
		to := (s.routing.Self + s.next) % checkpoint.Subtask(s.routing.Parallelism) // not all begin with the same
		s.next = (s.next + 1) % checkpoint.Subtask(s.routing.Parallelism)
		return s.routing.Send(to, b)
	case plan.Broadcast:
		for to := 1; to < s.routing.Parallelism; to++ {
			c := s.pool.Get()
			c.Values = append(c.Values, b.Values...)
			c.Times = append(c.Times, b.Times...)
			if err := s.routing.Send(checkpoint.Subtask(to), c); err != nil {
				return err
			}
		}
		return s.routing.Send(0, b)
	default:
		return s.routing.Send(s.routing.Self, b)
	}
}
