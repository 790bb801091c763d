package keyed

import (
	"fmt"
	"math"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// A TTL says how long what a state holds lives after it was last used. Values that are older
// are never returned. They are removed when they are looked for, and little by little by
// Sweep.
type TTL struct {
	For    int64        // milliseconds
	OnRead bool         // reading is a use, too
	Now    func() int64 // milliseconds, in the time domain of the state
}

// Aged is a value, and when it was last used.
type Aged[V any] struct {
	At    int64
	Value V
}

// expired reports whether something that was last used at the time at is too old.
func (t *TTL) expired(at int64) bool {
	end := at + t.For
	if end < at { // beyond the end of time
		end = math.MaxInt64
	}
	return t.Now() >= end
}

// aged returns a value that is used now, and was used at the time at before.
func (t *TTL) used(at int64) int64 { return max(at, t.Now()) }

// aging is the codec of aged values: Flink's TtlSerializer.
type aging[V any] struct{ value codec.Codec[V] }

func (a aging[V]) Serializer() flink.Serializer { return flink.WithTTL(a.value.Serializer()) }

func (a aging[V]) Append(dst []byte, v Aged[V]) ([]byte, error) {
	return a.value.Append(flink.AppendI64(dst, v.At), v.Value)
}

func (a aging[V]) Decode(src []byte) (v Aged[V], n int, err error) {
	c := flink.NewCursor(src)
	v.At = c.I64()
	if err := c.Err(); err != nil {
		return v, 0, err
	}
	v.Value, n, err = a.value.Decode(src[c.Offset():])
	return v, c.Offset() + n, err
}

// Reading returns the codec of aged values whose values were written by another serializer.
func (a aging[V]) Reading(was flink.Serializer) (codec.Codec[Aged[V]], error) {
	value, ok := flink.TTLValue(was)
	if !ok {
		return nil, fmt.Errorf("it was kept without a time to live, and the job keeps it with one: give the state another name, or take the time to live away")
	}
	c, err := codec.Reading(a.value, value)
	return aging[V]{c}, err
}

// A sweeper removes what is too old in one state. step looks at one entry, and reports
// whether it has removed something.
type sweeper interface{ step() bool }

// Sweeps reports whether there is anything to do for Sweep.
func (b *Backend[K]) Sweeps() bool { return len(b.sweepers) > 0 }

// Sweep looks at about n entries of each state that has a time to live, and removes what is
// too old. Where much is too old it looks at more. No key is the current one afterwards.
func (b *Backend[K]) Sweep(n int) {
	for _, s := range b.sweepers {
		most := 8 * n
		for budget := n; budget > 0 && most > 0; budget, most = budget-1, most-1 {
			if s.step() {
				budget += 3
			}
		}
	}
	b.Current.End()
}
