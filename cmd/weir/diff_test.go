package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// TestMatcher has entries that differ in one thing each.
func TestMatcher(t *testing.T) {
	value := &stateInfo{Name: "s", Kind: "VALUE"}
	table := &stateInfo{Name: "s", Kind: "MAP"}
	list := &stateInfo{Name: "s", Kind: flink.ModeUnion.String()}
	split := &stateInfo{Name: "s", Kind: flink.ModeSplitDistribute.String()}
	timers := &stateInfo{Name: "s", Kind: "TIMERS"}
	of := func(s *stateInfo, key, namespace, user, value flink.Value) entry {
		return entry{state: s, keyed: key != nil, key: key, namespace: namespace, inMap: s == table, userKey: user, value: value}
	}
	at := func(ms int64) entry { return of(timers, "k", nil, nil, flink.TimerValue{Timestamp: ms, Key: "k"}) }
	for what, v := range map[string]struct {
		a, b []entry
		want tally
	}{
		"same":             {[]entry{of(value, "k", nil, nil, "v")}, []entry{of(value, "k", nil, nil, "v")}, tally{same: 1}},
		"value":            {[]entry{of(value, "k", nil, nil, "v")}, []entry{of(value, "k", nil, nil, "w")}, tally{changed: 1}},
		"width":            {[]entry{of(value, "k", nil, nil, int32(1))}, []entry{of(value, "k", nil, nil, int64(1))}, tally{changed: 1}},
		"null":             {[]entry{of(value, "k", nil, nil, "v")}, []entry{of(value, "k", nil, nil, nil)}, tally{changed: 1}},
		"key":              {[]entry{of(value, "k", nil, nil, "v")}, []entry{of(value, "l", nil, nil, "v")}, tally{added: 1, removed: 1}},
		"namespace":        {[]entry{of(value, "k", "n", nil, "v")}, []entry{of(value, "k", "m", nil, "v")}, tally{added: 1, removed: 1}},
		"user key":         {[]entry{of(table, "k", nil, "u", "v")}, []entry{of(table, "k", nil, "x", "v")}, tally{added: 1, removed: 1}},
		"key or namespace": {[]entry{of(value, "k", "n", nil, "v")}, []entry{of(value, "n", "k", nil, "v")}, tally{added: 1, removed: 1}},
		"several times":    {[]entry{of(list, nil, nil, nil, "v"), of(list, nil, nil, nil, "v")}, []entry{of(split, nil, nil, nil, "v")}, tally{same: 1, removed: 1}},
		"family":           {[]entry{of(value, "k", nil, nil, "v")}, []entry{of(list, nil, nil, nil, "v")}, tally{added: 1, removed: 1}},
		"kind":             {[]entry{of(value, "k", nil, nil, "v")}, []entry{of(&stateInfo{Name: "s", Kind: "REDUCING"}, "k", nil, nil, "v")}, tally{same: 1}},
		"timers":           {[]entry{at(1), at(2)}, []entry{at(2), at(3)}, tally{added: 1, removed: 1, same: 1}},
		"one key twice":    {[]entry{of(value, "k", nil, nil, "v"), of(value, "k", nil, nil, "w")}, []entry{of(value, "k", nil, nil, "v"), of(value, "k", nil, nil, "w")}, tally{same: 2}},
	} {
		m := newMatcher(true)
		for _, e := range v.a {
			m.old(e)
		}
		for _, e := range v.b {
			m.now(e)
		}
		m.end()
		var have tally
		for _, t := range m.tallies {
			have.add(*t)
		}
		if have != v.want || int64(len(m.differs)) != have.differing() {
			t.Errorf("%s: %+v and %d differences, want %+v", what, have, len(m.differs), v.want)
		}
	}
}

// TestRetyped changes each type of a state.
func TestRetyped(t *testing.T) {
	of := func(m flink.StateMeta, key flink.Serializer) *stateInfo {
		h := &handle{}
		header := &flink.KeyedHeader{Key: key, States: []flink.StateMeta{m}}
		return h.keyedStates(header)[&header.States[0]]
	}
	long := flink.ValueStateMeta("s", flink.Long)
	for _, v := range []struct {
		a, b *stateInfo
		want string
	}{
		{of(long, flink.String), of(long, flink.String), ""},
		{of(long, flink.String), of(flink.ValueStateMeta("s", flink.Int), flink.String), "type: Long → Integer"},
		{of(long, flink.String), of(flink.ReducingStateMeta("s", flink.Long), flink.String), "kind: VALUE → REDUCING"},
		{of(long, flink.String), of(long, flink.Long), "key: String → Long"},
		{of(long, flink.String), of(long.InNamespace(flink.TimeWindow), flink.String), "namespace: - → TimeWindow"},
		{of(flink.ValueStateMeta("s", flink.Custom{Name: "C", Version: 1}), flink.String), of(flink.ValueStateMeta("s", flink.Custom{Name: "C", Version: 2}), flink.String),
			"type: C version 1 → C version 2"},
	} {
		got := ""
		if list := retyped(v.a, v.b); len(list) > 0 {
			got = list[0]
		}
		if !strings.HasPrefix(got, v.want) || v.want == "" && got != "" {
			t.Errorf("%q, want %q", got, v.want)
		}
	}
}

// broadcastAt writes a checkpoint with a broadcast map in several subtasks.
func broadcastAt(t *testing.T, parallelism int, rules map[string]int64) (dir string) {
	t.Helper()
	dir = path.Join(filepath.ToSlash(t.TempDir()), "sp")
	if err := os.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		t.Fatal(err)
	}
	header := flink.OperatorHeader{Broadcasts: []flink.StateMeta{flink.BroadcastMeta("rules", flink.String, flink.Long)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(len(data))
	data = flink.AppendI32(data, int32(len(rules)))
	for k, v := range rules {
		data = flink.AppendI64(flink.AppendString(data, k), v)
	}
	op := flink.OperatorState{ID: flink.OperatorIDOf("o"), Parallelism: parallelism, MaxParallelism: 4}
	for i := range parallelism {
		op.Subtasks = append(op.Subtasks, flink.SubtaskState{Index: checkpoint.Subtask(i), ManagedOperator: &flink.OperatorHandle{
			States: []flink.OperatorStateMeta{{Name: "rules", Mode: flink.ModeBroadcast, Offsets: []int64{at}}},
			Data:   &flink.InlineHandle{Name: "rules", Data: data},
		}})
	}
	writeMetadata(t, dir, &flink.Metadata{CheckpointID: 1, Operators: []flink.OperatorState{op}})
	return dir
}

// TestDiffBroadcast compares maps of which every subtask has a copy, at two parallelisms.
func TestDiffBroadcast(t *testing.T) {
	three := broadcastAt(t, 3, map[string]int64{"a": 1, "b": 2})
	stdout, stderr, code := run("diff", three, broadcastAt(t, 1, map[string]int64{"a": 1, "b": 2}))
	if code != exitGood || !strings.Contains(stdout, "the same: 1 operator, 1 state, 2 entries\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	stdout, stderr, code = run("diff", "--keys", three, broadcastAt(t, 2, map[string]int64{"a": 1, "b": 3}))
	if code != exitDifferent || !strings.Contains(stdout, "\n  ~ rules[\"b\"] = 2 → 3\n") || !strings.Contains(stdout, "0 added, 0 removed, 1 changed, 1 the same\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestUnknownType looks at a state whose serializer nobody knows here: it is not decoded,
// which is no damage, and nothing is said of it that is not known.
func TestUnknownType(t *testing.T) {
	dir, good := smallFlinks(t, false), smallFlinks(t, false)
	for _, name := range []string{"state-2", "state-3"} { // of both subtasks
		file := filepath.FromSlash(path.Join(dir, name))
		data := strings.ReplaceAll(string(read(t, file)), "base.LongSerializer$", "base.LoveSerializer$")
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const why = "the type of a state is described by org.apache.flink.api.common.typeutils.base.LoveSerializer$LongSerializerSnapshot, which nothing is known of here"
	stdout, stderr, code := run("verify", "--deep", dir)
	if code != exitGood || !strings.Contains(stdout, "\n  not decoded: 2 streams of 1 operator: "+why+"\n") {
		t.Errorf("verify: exit code %d\n%s%s", code, stdout, stderr)
	}
	stdout, stderr, code = run("export", dir)
	if code != exitFailed || stderr != "weir: not exported: 2 streams of 1 operator: "+why+"\n" || strings.Count(stdout, "\n") != 2 {
		t.Errorf("export: exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, args := range [][]string{{"diff", dir, good}, {"diff", good, dir}} {
		stdout, stderr, code = run(args...)
		if code != exitFailed || stderr != "" || !strings.Contains(stdout, "not compared, and not the same byte by byte: managed keyed state: "+why) ||
			strings.Contains(stdout, "added") || strings.Contains(stdout, "removed") {
			t.Errorf("diff: exit code %d\n%s%s", code, stdout, stderr)
		}
	}
	if stdout, stderr, code = run("diff", dir, dir); code != exitGood {
		t.Errorf("diff with itself: exit code %d\n%s%s", code, stdout, stderr)
	}
}
