package inspect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirstream/weir/flink"
)

// TestMatcher has entries that differ in one thing each.
func TestMatcher(t *testing.T) {
	value := &State{Name: "s", Kind: "VALUE"}
	table := &State{Name: "s", Kind: "MAP"}
	list := &State{Name: "s", Kind: flink.ModeUnion.String()}
	split := &State{Name: "s", Kind: flink.ModeSplitDistribute.String()}
	timers := &State{Name: "s", Kind: "TIMERS"}
	of := func(s *State, key, namespace, user, value flink.Value) *Entry {
		return &Entry{State: s, Keyed: key != nil, Key: key, Namespace: namespace, InMap: s == table, UserKey: user, Value: value}
	}
	at := func(ms int64) *Entry { return of(timers, "k", nil, nil, flink.TimerValue{Timestamp: ms, Key: "k"}) }
	for what, v := range map[string]struct {
		a, b []*Entry
		want Tally
	}{
		"same":             {[]*Entry{of(value, "k", nil, nil, "v")}, []*Entry{of(value, "k", nil, nil, "v")}, Tally{Same: 1}},
		"value":            {[]*Entry{of(value, "k", nil, nil, "v")}, []*Entry{of(value, "k", nil, nil, "w")}, Tally{Changed: 1}},
		"width":            {[]*Entry{of(value, "k", nil, nil, int32(1))}, []*Entry{of(value, "k", nil, nil, int64(1))}, Tally{Changed: 1}},
		"null":             {[]*Entry{of(value, "k", nil, nil, "v")}, []*Entry{of(value, "k", nil, nil, nil)}, Tally{Changed: 1}},
		"key":              {[]*Entry{of(value, "k", nil, nil, "v")}, []*Entry{of(value, "l", nil, nil, "v")}, Tally{Added: 1, Removed: 1}},
		"namespace":        {[]*Entry{of(value, "k", "n", nil, "v")}, []*Entry{of(value, "k", "m", nil, "v")}, Tally{Added: 1, Removed: 1}},
		"user key":         {[]*Entry{of(table, "k", nil, "u", "v")}, []*Entry{of(table, "k", nil, "x", "v")}, Tally{Added: 1, Removed: 1}},
		"key or namespace": {[]*Entry{of(value, "k", "n", nil, "v")}, []*Entry{of(value, "n", "k", nil, "v")}, Tally{Added: 1, Removed: 1}},
		"several times":    {[]*Entry{of(list, nil, nil, nil, "v"), of(list, nil, nil, nil, "v")}, []*Entry{of(split, nil, nil, nil, "v")}, Tally{Same: 1, Removed: 1}},
		"family":           {[]*Entry{of(value, "k", nil, nil, "v")}, []*Entry{of(list, nil, nil, nil, "v")}, Tally{Added: 1, Removed: 1}},
		"kind":             {[]*Entry{of(value, "k", nil, nil, "v")}, []*Entry{of(&State{Name: "s", Kind: "REDUCING"}, "k", nil, nil, "v")}, Tally{Same: 1}},
		"timers":           {[]*Entry{at(1), at(2)}, []*Entry{at(2), at(3)}, Tally{Added: 1, Removed: 1, Same: 1}},
		"one key twice":    {[]*Entry{of(value, "k", nil, nil, "v"), of(value, "k", nil, nil, "w")}, []*Entry{of(value, "k", nil, nil, "v"), of(value, "k", nil, nil, "w")}, Tally{Same: 2}},
	} {
		m := newMatcher(true)
		for _, e := range v.a {
			m.old(e)
		}
		for _, e := range v.b {
			m.now(e)
		}
		m.end()
		var have Tally
		for _, t := range m.tallies {
			have.add(*t)
		}
		if have != v.want || int64(len(m.differs)) != have.Differing() {
			t.Errorf("%s: %+v and %d differences, want %+v", what, have, len(m.differs), v.want)
		}
	}
}

// TestRetyped changes each type of a state.
func TestRetyped(t *testing.T) {
	of := func(m flink.StateMeta, key flink.Serializer) *State {
		h := &Handle{}
		header := &flink.KeyedHeader{Key: key, States: []flink.StateMeta{m}}
		return h.keyedStates(header)[&header.States[0]]
	}
	long := flink.ValueStateMeta("s", flink.Long)
	for _, v := range []struct {
		a, b *State
		want string
	}{
		{of(long, flink.String), of(long, flink.String), ""},
		{of(long, flink.String), of(flink.ValueStateMeta("s", flink.Int), flink.String), "type: Long → Integer"},
		{of(long, flink.String), of(flink.ReducingStateMeta("s", flink.Long), flink.String), "kind: VALUE → REDUCING"},
		{of(long, flink.String), of(long, flink.Long), "key: String → Long"},
		{of(long, flink.String), of(long.InNamespace(flink.TimeWindow), flink.String), "namespace:  → TimeWindow"},
		{of(flink.ValueStateMeta("s", flink.Custom{Name: "C", Version: 1}), flink.String), of(flink.ValueStateMeta("s", flink.Custom{Name: "C", Version: 2}), flink.String),
			"type: C version 1 → C version 2"},
	} {
		got := ""
		if list := retyped(v.a, v.b); len(list) > 0 {
			got = fmt.Sprintf("%s: %s → %s", list[0].Part, list[0].Was, list[0].Is)
		}
		if !strings.HasPrefix(got, v.want) || v.want == "" && got != "" {
			t.Errorf("%q, want %q", got, v.want)
		}
	}
}
