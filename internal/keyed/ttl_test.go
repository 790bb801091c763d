package keyed

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// An oldies is a backend with states that have a time to live, of values that refer to
// memory and of others, beside a model of them.
type oldies struct {
	*Backend[int64]
	now     int64
	onRead  bool
	number  *Slot[int64]
	slice   *Slot[[]int64]
	list    ListCell[int64]
	slices  ListCell[[]int64]
	table   MapCell[int64, int64]
	tables  MapCell[int64, []int64]
	numbers map[int64]Aged[int64]
	lists   map[int64][]Aged[int64]
	maps    map[int64]map[int64]Aged[int64]
}

const lifetime = 10

func newOldies(t interface{ Fatal(...any) }, onRead bool) *oldies {
	s := &oldies{
		Backend: NewBackend(checkpoint.KeyGroupRange{Start: 0, End: deepGroups - 1}, of[int64](t), flink.JavaLongHash), onRead: onRead,
		numbers: make(map[int64]Aged[int64]), lists: make(map[int64][]Aged[int64]), maps: make(map[int64]map[int64]Aged[int64]),
	}
	ttl := TTL{For: lifetime, OnRead: onRead, Now: func() int64 { return s.now }}
	var errs [6]error
	s.number, errs[0] = NewAgedValue(s.Backend, "number", PlainValue, of[int64](t), ttl)
	s.slice, errs[1] = NewAgedValue(s.Backend, "slice", ReducingValue, of[[]int64](t), ttl)
	s.list, errs[2] = NewAgedList(s.Backend, "list", of[int64](t), ttl)
	s.slices, errs[3] = NewAgedList(s.Backend, "slices", of[[]int64](t), ttl)
	s.table, errs[4] = NewAgedMap(s.Backend, "table", of[int64](t), of[int64](t), ttl)
	s.tables, errs[5] = NewAgedMap(s.Backend, "tables", of[int64](t), of[[]int64](t), ttl)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *oldies) at(key int64) { s.Set(key, checkpoint.KeyGroup(key%deepGroups)) }

func (s *oldies) alive(at int64) bool { return at+lifetime > s.now }

func (s *oldies) write(key, sub, v int64, how int) {
	s.at(key)
	switch how {
	case 0:
		s.number.Set(v)
		s.slice.Set([]int64{v})
		s.numbers[key] = Aged[int64]{s.now, v}
	case 1:
		n, had := s.number.Ref()
		m, hadToo := s.slice.Ref()
		was, ok := s.numbers[key]
		if ok = ok && s.alive(was.At); !ok {
			was = Aged[int64]{}
		}
		if had != ok || hadToo != ok {
			panic(fmt.Sprintf("Ref found %t and %t, want %t", had, hadToo, ok))
		}
		if !ok {
			*m = []int64{0}
		}
		*n, (*m)[0] = *n+v, (*m)[0]+v
		s.numbers[key] = Aged[int64]{s.now, was.Value + v}
	case 2:
		if s.number.Clear() != s.slice.Clear() {
			panic("one was there, and the other was not")
		}
		delete(s.numbers, key)
	case 3:
		s.list.Add(v)
		s.slices.Add([]int64{v})
		s.lists[key] = append(s.lists[key], Aged[int64]{s.now, v})
	case 4:
		s.list.Set([]int64{v, v + 1})
		s.slices.Set([][]int64{{v}, {v + 1}})
		s.lists[key] = []Aged[int64]{{s.now, v}, {s.now, v + 1}}
	case 5:
		s.table.Put(sub, v)
		s.tables.Put(sub, []int64{v})
		if s.maps[key] == nil {
			s.maps[key] = make(map[int64]Aged[int64])
		}
		s.maps[key][sub] = Aged[int64]{s.now, v}
	case 6:
		s.table.Remove(sub)
		s.tables.Remove(sub)
		delete(s.maps[key], sub)
	}
}

// read compares everything that a key has with the model.
func (s *oldies) read(t *rapid.T, key int64) {
	s.at(key)
	var want, got strings.Builder
	if v, ok := s.numbers[key]; ok && s.alive(v.At) {
		fmt.Fprintln(&want, v.Value)
		fmt.Fprintln(&want, []int64{v.Value})
		if s.onRead {
			s.numbers[key] = Aged[int64]{s.now, v.Value}
		}
	}
	if v, ok := s.number.Get(); ok {
		fmt.Fprintln(&got, v)
	}
	if v, ok := s.slice.Get(); ok {
		fmt.Fprintln(&got, v)
	}
	var list []int64
	for i, e := range s.lists[key] {
		if s.alive(e.At) {
			list = append(list, e.Value)
			if s.onRead {
				s.lists[key][i].At = s.now
			}
		}
	}
	var nested [][]int64
	for _, v := range list {
		nested = append(nested, []int64{v})
	}
	fmt.Fprintln(&want, len(list), list, nested)
	fmt.Fprintln(&got, s.list.Len(), slices.Collect(s.list.All()), slices.Collect(s.slices.All()))
	m, deep := make(map[int64]int64), make(map[int64][]int64)
	for k, v := range s.maps[key] {
		if s.alive(v.At) {
			m[k], deep[k] = v.Value, []int64{v.Value}
			if s.onRead {
				s.maps[key][k] = Aged[int64]{s.now, v.Value}
			}
		}
	}
	fmt.Fprintln(&want, len(m), m, deep)
	fmt.Fprintln(&got, s.table.Len(), maps.Collect(s.table.All()), maps.Collect(s.tables.All()))
	if want.String() != got.String() {
		t.Fatalf("at %d, key %d has %s, want %s", s.now, key, &got, &want)
	}
}

// A value that is too old is never returned, and any other one is, whatever is removed meanwhile,
// and whatever snapshots are taken; a snapshot that is restored is the state of its time.
// After a while nothing too old is left.
func TestTimeToLive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newOldies(t, rapid.Bool().Draw(t, "on read"))
		key := rapid.Int64Range(0, 5)
		restored := func(shot flow.KeyedSnapshot) {
			other := newOldies(t, s.onRead)
			if err := other.Restore([]flow.KeyedPart{write(t, shot)}, false); err != nil {
				t.Fatal(err)
			}
			other.now, other.numbers, other.lists, other.maps = s.now, s.numbers, s.lists, s.maps
			s = other
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch what := rapid.IntRange(0, 12).Draw(t, "what"); {
			case what < 7:
				sub := rapid.Int64Range(0, 60).Draw(t, "sub")
				k := key.Draw(t, "key")
				for n := range int64(rapid.IntRange(1, 40).Draw(t, "times")) {
					s.write(k, (sub+n)%61, n, what)
				}
			case what < 9:
				s.now += rapid.Int64Range(0, 6).Draw(t, "later")
			case what < 10:
				s.Sweep(rapid.IntRange(1, 20).Draw(t, "sweep"))
			case what < 12:
				s.read(t, key.Draw(t, "key"))
			default:
				restored(s.Snapshot())
			}
		}
		s.now += lifetime
		for range 100 {
			s.Sweep(20)
		}
		if n := s.Entries(); n != 0 {
			t.Fatalf("%d entries are left that are all too old", n)
		}
	})
}

// The ends of time do not overflow.
func TestExpiryAtTheEndsOfTime(t *testing.T) {
	now := int64(0)
	ttl := TTL{For: math.MaxInt64, Now: func() int64 { return now }}
	for _, c := range []struct {
		at, now int64
		expired bool
	}{
		{0, math.MaxInt64, true}, {1, math.MaxInt64 - 1, false}, {1, math.MaxInt64, true},
		{math.MinInt64, -2, false}, {math.MinInt64, 0, true}, {math.MaxInt64, 0, false},
	} {
		if now = c.now; ttl.expired(c.at) != c.expired {
			t.Errorf("last used at %d, expired at %d: %t", c.at, c.now, !c.expired)
		}
	}
}

// The bytes are those of Flink's TtlSerializer. State without a time to live is not read as
// such with one.
func TestTimeToLiveOnDisk(t *testing.T) {
	s := newOldies(t, false)
	s.now = 7
	s.write(1, 2, 3, 5)
	var names []string
	for _, m := range s.header().States {
		names = append(names, fmt.Sprint(m.Name, " ", m.Type(), " ", m.Value().TypeName()))
	}
	want := "[number VALUE Long with time to live slice REDUCING List<Long> with time to live list LIST List<Long with time to live>"
	if got := fmt.Sprint(names); !strings.HasPrefix(got, want) {
		t.Errorf("states %s, want %s…", got, want)
	}
	part := write(t, s.Snapshot())
	other := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: deepGroups - 1}, of[int64](t), flink.JavaLongHash)
	if _, err := NewMap(other, "table", of[int64](t), of[int64](t)); err != nil {
		t.Fatal(err)
	}
	if err := other.Restore([]flow.KeyedPart{part}, true); err == nil {
		t.Error("a map with a time to live was restored as one without")
	}
	plain := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: deepGroups - 1}, of[int64](t), flink.JavaLongHash)
	v, err := NewValue(plain, "number", PlainValue, of[int64](t))
	if err != nil {
		t.Fatal(err)
	}
	plain.Set(1, 1)
	v.Set(5)
	err = newOldies(t, false).Restore([]flow.KeyedPart{write(t, plain.Snapshot())}, true)
	if err == nil || !strings.Contains(err.Error(), "without a time to live") {
		t.Errorf("a value without a time to live was restored as one with: %v", err)
	}
}
