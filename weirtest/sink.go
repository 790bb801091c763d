package weirtest

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/weirstream/weir"
)

// A Sink shows a script which records are visible, and which are not visible yet. It works in two
// phases, as a sink of files does: what was written becomes visible when the checkpoint that
// it belongs to is complete, exactly once. What it holds survives crashes and power cuts.
// The zero value is ready to use.
type Sink[T any] struct {
	mu      sync.Mutex
	outputs map[uint64]*output[T] // prepared or visible
	last    uint64                // the last id of an output
	writers []*writer[T]          // of the last attempt
	run     *Run
}

// output is what one subtask has written for one checkpoint.
type output[T any] struct {
	sink    weir.SinkID
	id      weir.CheckpointID
	subtask int
	process *process
	attempt int
	visible bool
	records []T
}

// Visible returns what a consumer of the output can see: the records that were committed, in
// the order of their checkpoints, and for each checkpoint in that of the subtasks. The order
// among records of one subtask is that in which they came.
func (s *Sink[T]) Visible() []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.collect(func(o *output[T]) bool { return o.visible })
}

// collect returns the records of the chosen outputs, in order.
func (s *Sink[T]) collect(chosen func(*output[T]) bool) (records []T) {
	var outputs []*output[T]
	for _, o := range s.outputs {
		if chosen(o) {
			outputs = append(outputs, o)
		}
	}
	slices.SortFunc(outputs, func(a, b *output[T]) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.sink.Operator, b.sink.Operator), cmp.Compare(a.subtask, b.subtask))
	})
	for _, o := range outputs {
		records = append(records, o.records...)
	}
	return records
}

// Written returns what the running process has written and no consumer can see yet. A crash
// loses it.
func (s *Sink[T]) Written() []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	live := slices.Clone(s.writers)
	live = slices.DeleteFunc(live, func(w *writer[T]) bool { return w.process.over() || w.process.crashed() })
	if len(live) == 0 {
		return nil
	}
	slices.SortFunc(live, func(a, b *writer[T]) int {
		return cmp.Or(cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Subtask, b.Subtask))
	})
	records := s.collect(func(o *output[T]) bool {
		return !o.visible && o.process == live[0].process && o.attempt == live[0].Attempt
	})
	for _, w := range live {
		records = append(records, w.buf...)
	}
	return records
}

// lines returns the visible output of one operator as text, sorted.
func (s *Sink[T]) lines(operator string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, v := range s.collect(func(o *output[T]) bool { return o.visible && o.sink.Operator == operator }) {
		lines = append(lines, fmt.Sprintf("%+v", v))
	}
	slices.Sort(lines)
	return lines
}

// use notes which run uses the sink. Without one, as in a test of the sink itself, nothing
// crashes.
func (s *Sink[T]) use(ctx context.Context, operator string) (*process, error) {
	p := processOf(ctx)
	if p == nil {
		return nil, nil
	}
	if s.run != nil && s.run != p.run {
		return nil, weir.Permanent(errors.New("a weirtest.Sink is used by two runs: make it in the script, so that each run has its own"))
	}
	s.run = p.run
	if operator != "" {
		p.run.addSink(operator, s)
	}
	return p, p.check()
}

// Open begins the writing of one subtask.
func (s *Sink[T]) Open(ctx context.Context, c weir.SinkContext) (weir.Writer[T], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.use(ctx, c.Operator)
	if err != nil {
		return nil, err
	}
	w := &writer[T]{SinkContext: c, sink: s, process: p}
	s.writers = append(s.writers, w)
	return w, nil
}

// Commit makes what was prepared visible.
func (s *Sink[T]) Commit(ctx context.Context, prepared [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.use(ctx, ""); err != nil {
		return err
	}
	for _, p := range prepared {
		if len(p) != 8 || s.outputs[binary.BigEndian.Uint64(p)] == nil {
			return weir.Permanent(fmt.Errorf("%x was not prepared by this weirtest.Sink, or was aborted", p))
		}
	}
	for _, p := range prepared {
		s.outputs[binary.BigEndian.Uint64(p)].visible = true
	}
	return nil
}

// Abort undoes what was written by the operator and not committed.
func (s *Sink[T]) Abort(ctx context.Context, id weir.SinkID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.use(ctx, id.Operator); err != nil {
		return err
	}
	for n, o := range s.outputs {
		if !o.visible && o.sink == id {
			delete(s.outputs, n)
		}
	}
	s.writers = slices.DeleteFunc(s.writers, func(w *writer[T]) bool { return w.SinkID == id })
	return nil
}

// A writer is one subtask of a Sink.
type writer[T any] struct {
	weir.SinkContext
	sink    *Sink[T]
	process *process
	buf     []T
}

func (w *writer[T]) Write(_ context.Context, records []T) error {
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	if err := w.process.check(); err != nil {
		return err
	}
	w.buf = append(w.buf, records...)
	return nil
}

func (w *writer[T]) Prepare(_ context.Context, id weir.CheckpointID) ([]byte, error) {
	s := w.sink
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := w.process.check(); err != nil || len(w.buf) == 0 {
		return nil, err
	}
	if s.outputs == nil {
		s.outputs = make(map[uint64]*output[T])
	}
	s.last++
	s.outputs[s.last] = &output[T]{sink: w.SinkID, id: id, subtask: w.Subtask, process: w.process, attempt: w.Attempt, records: w.buf}
	w.buf = nil
	return binary.BigEndian.AppendUint64(nil, s.last), nil
}

func (w *writer[T]) Close() error { return nil }
