// Package entries puts the encoded entries of a map in order. Go visits a map in another
// order each time, but equal states should have equal bytes: so the entries are written
// as they come, and then sorted where they are, by the bytes of their keys.
//
// The package is pure.
package entries

import (
	"bytes"
	"slices"
	"sync"
)

// Entries knows where the entries of one map lie in a buffer. They follow each other
// without a gap.
type Entries struct {
	spans   []span
	scratch []byte
}

// A span is where in a buffer an entry is: its key from start to value, its value from
// there to end.
type span struct{ start, value, end int }

var pool = sync.Pool{New: func() any { return new(Entries) }}

// New returns one without entries. Release gives it back.
func New() *Entries { return pool.Get().(*Entries) }

// Release gives it back. What one huge map has needed is not kept.
func (e *Entries) Release() {
	const keep = 64 << 10
	if e.spans = e.spans[:0]; cap(e.spans) <= keep && cap(e.scratch) <= 16*keep {
		pool.Put(e)
	}
}

// Add adds an entry: its key lies from start to value, its value from there to end.
func (e *Entries) Add(start, value, end int) {
	e.spans = append(e.spans, span{start, value, end})
}

// Sort sorts the entries in b, and reports whether all keys differ.
func (e *Entries) Sort(b []byte) (distinct bool) {
	if len(e.spans) < 2 {
		return true
	}
	compare := func(x, y span) int { return bytes.Compare(b[x.start:x.value], b[y.start:y.value]) }
	begin, end := e.spans[0].start, e.spans[len(e.spans)-1].end
	slices.SortFunc(e.spans, compare)
	e.scratch = e.scratch[:0]
	distinct = true
	for i, s := range e.spans {
		distinct = distinct && (i == 0 || compare(e.spans[i-1], s) != 0)
		e.scratch = append(e.scratch, b[s.start:s.end]...)
	}
	copy(b[begin:end], e.scratch)
	return distinct
}
