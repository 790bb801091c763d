package weir

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
)

// Slice is a bounded source of the given records, for tests and examples. It has one split. A
// restored job goes on after the records that it has read.
func Slice[T any](records ...T) Source[T] { return sliceSource[T](records) }

type sliceSource[T any] []T

// sliceSplit is the id of the only split.
const sliceSplit = "slice"

func (s sliceSource[T]) Splits(context.Context) ([]string, error) { return []string{sliceSplit}, nil }
func (s sliceSource[T]) Bounded() bool                            { return true }

func (s sliceSource[T]) Open(_ context.Context, split Split) (Reader[T], error) {
	if split.ID != sliceSplit {
		return nil, Permanent(fmt.Errorf("a slice has no split %q", split.ID))
	}
	r := &sliceReader[T]{records: s}
	if split.Position != nil {
		at, n := binary.Uvarint(split.Position)
		if n <= 0 || n != len(split.Position) {
			return nil, Permanent(fmt.Errorf("position %x is not a position in a slice", split.Position))
		}
		if at > uint64(len(s)) {
			return nil, Permanent(fmt.Errorf("the checkpoint has read further than the %d records there are: the slice has changed", len(s)))
		}
		r.at = int(at)
	}
	return r, nil
}

type sliceReader[T any] struct {
	records []T
	at      int
}

func (r *sliceReader[T]) Read(_ context.Context, records []T) (int, error) {
	n := copy(records, r.records[r.at:])
	r.at += n
	if r.at == len(r.records) {
		return n, io.EOF
	}
	return n, nil
}

func (r *sliceReader[T]) Position() []byte { return binary.AppendUvarint(nil, uint64(r.at)) }
func (r *sliceReader[T]) Close() error     { return nil }
