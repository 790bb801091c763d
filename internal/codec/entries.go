package codec

import (
	"bytes"
	"slices"
	"sync"
)

// entries puts the encoded entries of a map in order. Go visits a map in another order
// each time, but equal states should have equal bytes: so the entries are written as
// they come, and then sorted where they are, by the bytes of their keys.
type entries struct {
	spans   []span
	scratch []byte
}

// A span is where in a buffer an entry is: its key from start to value, its value from
// there to end. The entries of a map follow each other without a gap.
type span struct{ start, value, end int }

var entriesPool = sync.Pool{New: func() any { return new(entries) }}

// newEntries returns an empty one. Release gives it back.
func newEntries() *entries { return entriesPool.Get().(*entries) }

// release does not keep what one huge map has needed.
func (e *entries) release() {
	const keep = 64 << 10
	if e.spans = e.spans[:0]; cap(e.spans) <= keep && cap(e.scratch) <= 16*keep {
		entriesPool.Put(e)
	}
}

func (e *entries) add(start, value, end int) {
	e.spans = append(e.spans, span{start, value, end})
}

// sort sorts the entries in b, and tells whether all keys differ.
func (e *entries) sort(b []byte) (distinct bool) {
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
