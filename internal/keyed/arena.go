package keyed

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
)

// An arena is bytes that one goroutine adds and another one reads, and that are forgotten
// all at once. What add returns must reach the reader through something that orders the
// two, such as an atomic; at then finds the bytes.
type arena struct {
	chunks atomic.Pointer[[][]byte]
	end    int      // where the next bytes go, counted from the beginning of the first chunk
	spare  [][]byte // chunks to use before new ones are made
}

const (
	chunkBits  = 15
	chunkBytes = 1 << chunkBits
	arenaUnit  = 4 // what is added begins at a multiple of it, so that 31 bits say where
)

var errArenaFull = errors.New("the values that were used while the checkpoint was being written take more than 8 GiB, and no more can be kept: raise the parallelism, so that each subtask has less state")

// add adds bytes and returns where they are, counted in units from 1.
func (a *arena) add(b []byte) (at uint32, err error) {
	n := 4 + len(b)
	a.end = roundUp(a.end, arenaUnit)
	if a.end&(chunkBytes-1)+n > chunkBytes {
		a.end = roundUp(a.end, chunkBytes)
	}
	if a.end/arenaUnit >= markPlace {
		return 0, errArenaFull
	}
	chunk, from := a.end>>chunkBits, a.end&(chunkBytes-1)
	at = uint32(a.end/arenaUnit + 1)
	a.end += n
	if chunk == len(a.list()) {
		a.grow(n)
	}
	c := a.list()[chunk][from:]
	binary.NativeEndian.PutUint32(c, uint32(len(b)))
	copy(c[4:], b)
	return at, nil
}

// grow adds a chunk for n bytes, after which no more fit if they are long.
func (a *arena) grow(n int) {
	chunks := append(a.list(), a.make(n))
	if n > chunkBytes { // it takes as many numbers as it is chunks long
		a.end = roundUp(a.end, chunkBytes)
		chunks = append(chunks, make([][]byte, a.end>>chunkBits-len(chunks))...)
	}
	a.chunks.Store(&chunks)
}

// make returns a chunk in which n bytes have room.
func (a *arena) make(n int) []byte {
	if last := len(a.spare) - 1; n <= chunkBytes && last >= 0 {
		c := a.spare[last]
		a.spare = a.spare[:last]
		return c
	}
	return make([]byte, max(n, chunkBytes))
}

// at returns the bytes that add has put there.
func (a *arena) at(at uint32) []byte {
	from := int(at-1) * arenaUnit
	c := a.list()[from>>chunkBits][from&(chunkBytes-1):]
	n := binary.NativeEndian.Uint32(c)
	return c[4 : 4+n]
}

func (a *arena) list() [][]byte {
	if p := a.chunks.Load(); p != nil {
		return *p
	}
	return nil
}

// emptied returns an arena that uses the memory of this one, which is used no more.
func (a *arena) emptied() *arena {
	next := new(arena)
	for _, c := range a.list() {
		if len(c) == chunkBytes {
			next.spare = append(next.spare, c)
		}
	}
	return next
}

// roundUp is the next multiple of unit, a power of two, from n on.
func roundUp(n, unit int) int { return (n + unit - 1) &^ (unit - 1) }
