package weirtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/weirstream/weir"
)

// A Source is a source that a script pushes records into. It keeps what was pushed, so that
// a job that is started again reads on from its position. The zero value is ready to use.
//
// What is pushed is read at once, without time passing; [Run.Settle] waits until it has been
// processed. Watermarks are those that the job makes of the records, and those of Watermark.
// A job that makes none is given [Source.Watermarks].
//
// A source has one split, unless [Source.Split] makes others. A split that is made while the
// job runs is read from the next start on.
type Source[T any] struct {
	mu     sync.Mutex
	splits []*Split[T] // in the order in which they were made
	run    *Run        // the one that has used the source
}

// theSplit is the id of the split that a source has if no other was made.
const theSplit = "0"

// Split returns the split with the given id, which must not be empty. It is made if it is
// not there.
func (s *Source[T]) Split(id string) *Split[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "" {
		panic("weirtest: a split has an empty id")
	}
	for _, split := range s.splits {
		if split.id == id {
			return split
		}
	}
	split := &Split[T]{id: id, changed: make(chan struct{})}
	s.splits = append(s.splits, split)
	return split
}

// all returns all splits. If there is none, the one is made that a source has by itself.
func (s *Source[T]) all() []*Split[T] {
	s.mu.Lock()
	none := len(s.splits) == 0
	s.mu.Unlock()
	if none {
		s.Split(theSplit)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Split[T](nil), s.splits...)
}

// Push pushes records into the split with the id "0", which a source has by itself.
func (s *Source[T]) Push(records ...T) { s.Split(theSplit).Push(records...) }

// PushAt pushes records with a timestamp into the split with the id "0". Watermarks that take
// timestamps from the records do not see it.
func (s *Source[T]) PushAt(at weir.Time, records ...T) { s.Split(theSplit).PushAt(at, records...) }

// Watermark says for all splits that event time has come to at, after what was pushed
// before.
func (s *Source[T]) Watermark(at weir.Time) {
	for _, split := range s.all() {
		split.Watermark(at)
	}
}

// Idle says for all splits that event time need not wait for them, until the next record or
// watermark.
func (s *Source[T]) Idle() {
	for _, split := range s.all() {
		split.Idle()
	}
}

// End ends the input: the job comes to its end when everything has been processed.
func (s *Source[T]) End() {
	for _, split := range s.all() {
		split.End()
	}
}

// Watermarks is for the call of weir.From in a job that makes no watermarks of its own: records
// have the timestamps of PushAt, and event time goes on by Watermark alone.
func (s *Source[T]) Watermarks() weir.Watermarks[T] { return weir.NoWatermarks[T](nil) }

// Pushed says to the engine that records are pushed while the job runs.
func (s *Source[T]) Pushed() bool { return true }

// Bounded returns true: the source ends with End.
func (s *Source[T]) Bounded() bool { return true }

// Splits lists the splits.
func (s *Source[T]) Splits(ctx context.Context) ([]string, error) {
	if err := s.use(processOf(ctx)); err != nil {
		return nil, err
	}
	var ids []string
	for _, split := range s.all() {
		ids = append(ids, split.id)
	}
	return ids, nil
}

// use notes which run uses the source.
func (s *Source[T]) use(p *process) error {
	if p == nil {
		return weir.Permanent(errors.New("a weirtest.Source can be read by a job only that weirtest.Run.Start has started"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil && s.run != p.run {
		return weir.Permanent(errors.New("a weirtest.Source is used by two runs: make it in the script, so that each run has its own"))
	}
	s.run = p.run
	p.run.addSource(s)
	return p.check()
}

// tick says that time has passed.
func (s *Source[T]) tick() {
	for _, split := range s.all() {
		split.change(func() { split.ticks++ })
	}
}

// Open opens a split at its position, which is how many items of it were read.
func (s *Source[T]) Open(ctx context.Context, at weir.Split) (weir.Reader[T], error) {
	p := processOf(ctx)
	if err := s.use(p); err != nil {
		return nil, err
	}
	r := &reader[T]{split: s.Split(at.ID), process: p, mark: weir.MinTime}
	if at.Position != nil {
		n, size := binary.Uvarint(at.Position)
		if size <= 0 || size != len(at.Position) || n > uint64(len(r.split.items)) {
			return nil, weir.Permanent(fmt.Errorf("position %x is none in split %q", at.Position, at.ID))
		}
		r.resume(int(n))
	}
	return r, nil
}
