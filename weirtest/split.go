package weirtest

import (
	"sync"

	"github.com/weirstream/weir"
)

// A Split is a part of a [Source], with an order and a watermark of its own.
type Split[T any] struct {
	id string

	mu      sync.Mutex
	items   []item[T]
	ticks   int           // how often time has passed
	changed chan struct{} // closed with each change
}

// kind is what an item of a split is.
type kind uint8

const (
	aRecord    kind = iota
	aTimed          // a record with a timestamp
	aWatermark      // at
	anIdle
	anEnd
)

// An item is something that was pushed.
type item[T any] struct {
	kind   kind
	record T
	at     weir.Time
}

// Push pushes records.
func (s *Split[T]) Push(records ...T) {
	for _, v := range records {
		s.add(item[T]{record: v})
	}
}

// PushAt pushes records with a timestamp. Watermarks that take timestamps from the records do
// not see it.
func (s *Split[T]) PushAt(at weir.Time, records ...T) {
	for _, v := range records {
		s.add(item[T]{kind: aTimed, record: v, at: at})
	}
}

// Watermark says that event time has come to at in the split, after what was pushed before:
// what comes later with a timestamp at or before that is late. Watermarks that the job makes
// may have come further.
func (s *Split[T]) Watermark(at weir.Time) { s.add(item[T]{kind: aWatermark, at: at}) }

// Idle says that event time need not wait for the split, until the next record or watermark.
func (s *Split[T]) Idle() { s.add(item[T]{kind: anIdle}) }

// End ends the split.
func (s *Split[T]) End() { s.add(item[T]{kind: anEnd}) }

func (s *Split[T]) add(i item[T]) {
	s.change(func() {
		if n := len(s.items); n > 0 && s.items[n-1].kind == anEnd {
			if i.kind == anEnd {
				return
			}
			panic("weirtest: split " + s.id + " has ended, and something is pushed into it")
		}
		s.items = append(s.items, i)
	})
}

// change changes the split and wakes its reader.
func (s *Split[T]) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}
