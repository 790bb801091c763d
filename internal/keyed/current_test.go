package keyed

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// What a state knows of the current key is what it would find if it looked for it again,
// whatever is done with that key, and whether there are snapshots or not.
func TestCurrentKeyStaysTheCurrentOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, twin := newDeep(t), newDeep(t)
		if rapid.Bool().Draw(t, "fill") {
			s.fill()
			twin.fill()
		}
		key := int64(0)
		s.at(key)
		var alive []flow.KeyedSnapshot
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				c := anyChange.Draw(t, "change")
				twin.do(change{key, c.what, c.n})
				changes[c.what](s, c.n)
				if s.Current.Key() != key { // the change was one of other keys
					s.at(key)
				}
			},
			"clear": func(t *rapid.T) {
				for _, s := range []*deep{s, twin} {
					s.number.Clear()
					s.slice.Clear()
					s.list.Clear()
					s.slices.Clear()
					s.table.Clear()
					s.tables.Clear()
				}
			},
			"another key": func(t *rapid.T) {
				key = rapid.Int64Range(0, deepKeys-1).Draw(t, "key")
				s.at(key)
			},
			"freeze": func(t *rapid.T) {
				if len(alive) < 2 {
					alive = append(alive, s.Snapshot())
				}
			},
			"release": func(t *rapid.T) {
				if len(alive) > 0 {
					alive[0].Release()
					alive = alive[1:]
				}
			},
			"": func(t *rapid.T) {
				twin.at(key)
				if got, want := s.text(), twin.text(); got != want {
					t.Fatalf("key %d has\n%sand if it is looked for\n%s", key, got, want)
				}
			},
		})
	})
}

// Each key of a run is the current one in its turn, and none is before it, after it, and
// after a restore: then a state is not to be used.
func TestNoCurrentKey(t *testing.T) {
	s := newDeep(t)
	none := func(when string) {
		t.Helper()
		for what, use := range map[string]func(){
			"a value":  func() { s.number.Get() },
			"a box":    func() { s.slice.Ref() },
			"a list":   func() { s.list.Add(1) },
			"a map":    func() { s.table.Put(1, 1) },
			"a clear":  func() { s.number.Clear() },
			"a timer":  func() { s.timers.Register(1) },
			"no timer": func() { s.timers.Delete(1) },
		} {
			func() {
				defer func() {
					if recover() != any(errNoKey) {
						t.Errorf("%s %s has a key", when, what)
					}
				}()
				use()
			}()
		}
		if key := s.Current.Key(); key != 0 {
			t.Errorf("%s %d is the current key", when, key)
		}
	}
	none("at the beginning")
	const n = Ahead
	var keys [n]int64
	var codes [n]int32
	var groups [n]checkpoint.KeyGroup
	for i := range keys {
		keys[i] = int64(i + 1)
		codes[i], groups[i] = flink.JavaLongHash(keys[i]), checkpoint.KeyGroup(keys[i]%deepGroups)
	}
	run := func(n, used int) {
		s.LookAhead(keys[:n], codes[:n], groups[:n])
		none("before a run")
		for i := range used {
			s.Current.Next()
			if key := s.Current.Key(); key != keys[i] {
				t.Fatalf("key %d of %d is %d", i, n, key)
			}
			s.number.Set(keys[i])
			s.slice.Set([]int64{keys[i]})
			s.timers.Register(keys[i])
		}
	}
	run(n, n)
	s.Current.Next()
	none("after the last of a run")
	run(n, n)
	s.Current.End()
	none("after a run")
	run(n, 3)
	s.Current.End()
	none("after part of a run")
	part := write(t, s.Snapshot())
	s = newDeep(t)
	if err := s.Restore([]flow.KeyedPart{part}, false); err != nil {
		t.Fatal(err)
	}
	none("after a restore")
	for _, key := range keys {
		s.at(key)
		if v, _ := s.number.Get(); v != key {
			t.Errorf("key %d has %d", key, v)
		}
		if v, _ := s.slice.Get(); len(v) != 1 || v[0] != key {
			t.Errorf("key %d has %v", key, v)
		}
		if !hasTimer(s.timers, key) {
			t.Errorf("key %d has no timer", key)
		}
	}
}
