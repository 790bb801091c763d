package keyed

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// Bytes of any length are found where they were put, also those that fill a chunk or are
// longer than one, and in an arena that uses the memory of another.
func TestArena(t *testing.T) {
	const fits = chunkBytes - 4 // with its length, which comes before it
	rnd := rand.New(rand.NewPCG(3, 4))
	a := new(arena)
	sizes := []int{fits + 1, 0, 1, fits - 8, 0, fits, fits - 4, 4, 2, 3*chunkBytes - 4, fits, 2 * chunkBytes, 1, fits - 5, 0, 1, fits - 4, 0}
	for round := range len(sizes) {
		type put struct {
			at uint32
			b  []byte
		}
		var puts []put
		for _, n := range slices.Concat(sizes[round:], sizes[:round]) { // each of them comes first once
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
			at, err := a.add(b)
			if err != nil || at == 0 {
				t.Fatalf("round %d: %d bytes are at %d, %v", round, n, at, err)
			}
			puts = append(puts, put{at, b})
			for _, p := range puts {
				if !bytes.Equal(a.at(p.at), p.b) {
					t.Fatalf("round %d: after %d bytes, %d others are not what was put", round, n, len(p.b))
				}
			}
		}
		a = a.emptied()
		if len(a.spare) == 0 || a.list() != nil {
			t.Errorf("round %d: %d chunks are kept for the next arena", round, len(a.spare))
		}
		for _, c := range a.spare {
			if len(c) != chunkBytes {
				t.Errorf("round %d: a chunk of %d bytes is kept", round, len(c))
			}
		}
	}
}

// Bytes that fill a chunk together are in one.
func TestArenaWastesLittle(t *testing.T) {
	a := new(arena)
	for range 6 {
		if _, err := a.add(make([]byte, chunkBytes/2-4)); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.list()) != 3 {
		t.Errorf("%d chunks for 6 halves", len(a.list()))
	}
}

// What a mark has no room to say where it is, is not kept.
func TestFullArena(t *testing.T) {
	const last = (markPlace - 1) * arenaUnit
	chunks := make([][]byte, last>>chunkBits+1)
	chunks[last>>chunkBits] = make([]byte, chunkBytes)
	a := &arena{end: last}
	a.chunks.Store(&chunks)
	if at, err := a.add(nil); at != markPlace || err != nil {
		t.Errorf("the last place is %d, %v", at, err)
	}
	if at, err := a.add(nil); !errors.Is(err, errArenaFull) {
		t.Errorf("after the last place: %d, %v", at, err)
	}
}
