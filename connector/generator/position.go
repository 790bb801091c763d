package generator

import (
	"encoding/binary"
	"errors"
	"math"
)

// A position is where a split is read on: two uvarints. The number of splits is part of it,
// since it decides which split an index belongs to.
type position struct {
	next   int64 // index of the next record
	splits int64
}

func (p position) encode() []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(p.next)), uint64(p.splits))
}

func decodePosition(b []byte) (position, error) {
	next, n := binary.Uvarint(b)
	if n <= 0 || next > math.MaxInt64/2 {
		return position{}, errors.New("position has no index")
	}
	splits, m := binary.Uvarint(b[n:])
	if m <= 0 || n+m != len(b) || splits == 0 || splits > math.MaxInt32 {
		return position{}, errors.New("position has no number of splits")
	}
	return position{next: int64(next), splits: int64(splits)}, nil
}
