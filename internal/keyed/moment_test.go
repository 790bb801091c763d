package keyed

import (
	"bytes"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
)

// Whatever is done at whichever moment of the writing of a snapshot, it is written as it
// was, and what was done is done.
func TestEveryMomentOfWriting(t *testing.T) {
	const keys = 3*pageSize + 5
	all := func(s *deep, from, step int64, do func(key int64)) {
		for key := from; key < 2*keys; key += step {
			s.Set(key, 0)
			do(key)
		}
	}
	for what, change := range map[string]func(s *deep){
		"all change": func(s *deep) {
			all(s, 0, 1, func(key int64) {
				ref, _ := s.number.Ref()
				*ref -= key
				s.table.Put(key%7, -key)
				s.timers.Register(-key)
			})
		},
		"half go": func(s *deep) {
			all(s, 0, 2, func(key int64) {
				s.number.Clear()
				s.table.Remove(1)
				s.timers.Delete(key)
			})
		},
		"all go": func(s *deep) {
			all(s, 0, 1, func(key int64) {
				s.number.Clear()
				s.table.Clear()
				s.timers.Delete(key)
			})
		},
		"all go and come": func(s *deep) {
			all(s, 0, 1, func(key int64) { s.number.Clear(); s.table.Clear() })
			for _, ok := s.timers.PopDue(keys); ok; _, ok = s.timers.PopDue(keys) {
			}
			all(s, 3, 1, func(key int64) {
				s.number.Set(-key)
				s.table.Put(-key, -key)
				s.timers.Register(-key)
			})
		},
	} {
		fill := func() *deep {
			s := newDeep(t)
			for key := range int64(keys) {
				s.Set(key, 0)
				s.number.Set(key)
				for i := range key % 3 {
					s.table.Put(i, key)
				}
				s.timers.Register(key)
			}
			return s
		}
		part := func(data []byte, offsets []int64) []flow.KeyedPart {
			return []flow.KeyedPart{{Range: checkpoint.KeyGroupRange{End: deepGroups - 1}, Offsets: offsets, Data: bytes.NewReader(data), Size: int64(len(data)), From: "memory"}}
		}
		same := func(moment int, which string, data []byte, offsets []int64, want *deep) {
			got := newDeep(t)
			if err := got.Restore(part(data, offsets), false); err != nil {
				t.Fatalf("%s at moment %d: %s: %v", what, moment, which, err)
			}
			all(want, -2*keys, 1, func(key int64) {
				got.Set(key, 0)
				n, ok := got.number.Get()
				wantN, wantOK := want.number.Get()
				if n != wantN || ok != wantOK || got.table.Len() != want.table.Len() || hasTimer(got.timers, key) != hasTimer(want.timers, key) {
					t.Fatalf("%s at moment %d: %s: key %d has %d, %t; want %d, %t", what, moment, which, key, n, ok, wantN, wantOK)
				}
				for k, v := range want.table.All() {
					if w, _ := got.table.Get(k); w != v {
						t.Fatalf("%s at moment %d: %s: key %d has %d under %d, want %d", what, moment, which, key, w, k, v)
					}
				}
			})
			if got.Entries() != want.Entries() {
				t.Fatalf("%s at moment %d: %s: %d entries, want %d", what, moment, which, got.Entries(), want.Entries())
			}
		}
		before, after := fill(), fill()
		change(after)
		step := 1
		if testing.Short() {
			step = 7
		}
		for moment, moments := 0, 1; moment < moments; moment += step {
			s := fill()
			encoded := 0
			s.meanwhile = func() {
				if encoded++; encoded-1 == moment {
					change(s)
				}
			}
			var w bytes.Buffer
			offsets, err := s.Snapshot().Write(&w)
			if err != nil {
				t.Fatal(err)
			}
			s.meanwhile, moments = nil, encoded
			same(moment, "what was written", w.Bytes(), offsets, before)
			w.Reset()
			if offsets, err = s.Snapshot().Write(&w); err != nil {
				t.Fatal(err)
			}
			same(moment, "what was written after that", w.Bytes(), offsets, after)
		}
	}
}
