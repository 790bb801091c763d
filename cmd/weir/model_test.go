package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/keyed"
)

// A visit is a struct that checkpoints hold as Avro.
type visit struct {
	Page  string
	Times []int64
}

// A spot is a key of a type that only Weir has.
type spot struct {
	Name string
	X    int32
}

// A modelJob is the state of the only operator of a job, by state, key and user key, as JSON; and
// that of its source.
type modelJob struct {
	entries map[modelKey]string
	splits  []string
}

type modelKey struct{ state, key, user string }

func asJSON(t interface{ Fatal(...any) }, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func of[T any](t interface{ Fatal(...any) }) codec.Codec[T] {
	c, err := codec.Of[T]()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A modelSubtask is a subtask of the operator, as the engine keeps it.
type modelSubtask struct {
	*keyed.Backend[spot]
	groups checkpoint.KeyGroupRange
	count  *keyed.Slot[int64]
	visits *keyed.Slot[visit]
	list   keyed.ListCell[string]
	table  keyed.MapCell[string, visit]
}

func newModelSubtask(t interface{ Fatal(...any) }, groups checkpoint.KeyGroupRange) *modelSubtask {
	hash, err := codec.HashOf(of[spot](t))
	if err != nil {
		t.Fatal(err)
	}
	s := &modelSubtask{Backend: keyed.NewBackend(groups, of[spot](t), hash), groups: groups}
	var errs [4]error
	s.count, errs[0] = keyed.NewValue(s.Backend, "count", keyed.PlainValue, of[int64](t))
	s.visits, errs[1] = keyed.NewValue(s.Backend, "visits", keyed.ReducingValue, of[visit](t))
	s.list, errs[2] = keyed.NewList(s.Backend, "list", of[string](t))
	s.table, errs[3] = keyed.NewMap(s.Backend, "table", of[string](t), of[visit](t))
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// write writes a checkpoint of the model, sealed, and returns its directory.
func (m *modelJob) write(t *rapid.T, base string, parallelism, maxParallelism int, fill func(put func(spot, func(*modelSubtask)))) string {
	hash, err := codec.HashOf(of[spot](t))
	if err != nil {
		t.Fatal(err)
	}
	var subtasks []*modelSubtask
	for i := range parallelism {
		subtasks = append(subtasks, newModelSubtask(t, flink.KeyGroupRangeOf(checkpoint.Subtask(i), maxParallelism, parallelism)))
	}
	fill(func(key spot, change func(*modelSubtask)) {
		g := flink.KeyGroupOf(hash(key), maxParallelism)
		for _, s := range subtasks {
			if s.groups.Contains(g) {
				s.Set(key, g)
				change(s)
			}
		}
	})
	s, err := store.Open(durable.OS(), base, flink.JobIDOf("model"), store.Options{Retain: 100, InlineThreshold: rapid.SampledFrom([]int{-1, 0}).Draw(t, "inline")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Recover(store.From{}); err != nil {
		t.Fatal(err)
	}
	p, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var blobs []store.Blob
	put := func(what string, sub checkpoint.Subtask, write func(w *store.StateWriter) error) flink.StreamHandle {
		w := p.NewWriter(what, sub)
		if err := write(w); err != nil {
			t.Fatal(err)
		}
		blob, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, blob)
		return blob.Handle
	}
	op := flink.OperatorState{ID: flink.OperatorIDOf("model"), Parallelism: parallelism, MaxParallelism: maxParallelism}
	for i, sub := range subtasks {
		h := &flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Range: sub.groups, ID: fmt.Sprint(i)}
		h.Data = put("model", checkpoint.Subtask(i), func(w *store.StateWriter) error {
			snapshot := sub.Snapshot()
			defer snapshot.Release()
			h.Offsets, err = snapshot.Write(w)
			return err
		})
		op.Subtasks = append(op.Subtasks, flink.SubtaskState{Index: checkpoint.Subtask(i), ManagedKeyed: h})
	}
	source := flink.OperatorState{ID: flink.OperatorIDOf("source"), Parallelism: 1, MaxParallelism: 128}
	if len(m.splits) > 0 {
		var elements [][]byte
		for _, split := range m.splits {
			elements = append(elements, []byte(split))
		}
		data, states, err := flink.EncodeBytesLists(flink.BytesList{Name: "splits", Elements: elements})
		if err != nil {
			t.Fatal(err)
		}
		h := put("source", 0, func(w *store.StateWriter) error { _, err := w.Write(data); return err })
		source.Subtasks = []flink.SubtaskState{{ManagedOperator: &flink.OperatorHandle{States: states, Data: h}}}
	}
	meta := &flink.Metadata{Version: 3, CheckpointID: p.ID(), Operators: []flink.OperatorState{source, op}}
	slices.SortFunc(meta.Operators, func(a, b flink.OperatorState) int { return slices.Compare(a.ID[:], b.ID[:]) })
	if err := p.Publish(meta, blobs, checkpoint.Names{}); err != nil {
		t.Fatal(err)
	}
	return path.Join(base, flink.JobIDOf("model").String(), checkpoint.Name{Kind: checkpoint.Complete, ID: p.ID()}.String())
}

var modelText = rapid.OneOf(rapid.SampledFrom([]string{"", "a", "😀", "\x00", "\"", "\x1b[2J"}), rapid.String())

// anyJob writes a checkpoint of any state.
func anyJob(t *rapid.T, base string, maxParallelism int) (*modelJob, string) {
	m := &modelJob{entries: map[modelKey]string{}, splits: rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "z"}), 0, 4).Draw(t, "splits")}
	parallelism := rapid.IntRange(1, 3).Draw(t, "parallelism")
	aVisit := rapid.Custom(func(t *rapid.T) visit {
		return visit{modelText.Draw(t, "page"), rapid.SliceOfN(rapid.Int64Range(-2, 2), 0, 2).Draw(t, "times")}
	})
	fields := func(v visit) map[string]any {
		if v.Times == nil {
			v.Times = []int64{}
		}
		return map[string]any{"Page": v.Page, "Times": v.Times}
	}
	dir := m.write(t, base, parallelism, maxParallelism, func(put func(spot, func(*modelSubtask))) {
		for range rapid.IntRange(0, 15).Draw(t, "changes") {
			key := spot{rapid.SampledFrom([]string{"", "a", "b", "\x1b"}).Draw(t, "name"), rapid.Int32Range(0, 1).Draw(t, "x")}
			k := asJSON(t, map[string]any{"Name": key.Name, "X": key.X})
			put(key, func(s *modelSubtask) {
				switch rapid.IntRange(0, 4).Draw(t, "state") {
				case 0:
					ref, _ := s.count.Ref()
					*ref = rapid.Int64Range(0, 3).Draw(t, "n")
					m.entries[modelKey{"count", k, ""}] = asJSON(t, *ref)
				case 1:
					ref, _ := s.visits.Ref()
					*ref = aVisit.Draw(t, "visit")
					m.entries[modelKey{"visits", k, ""}] = asJSON(t, fields(*ref))
				case 2:
					s.list.Add(modelText.Draw(t, "element"))
					m.entries[modelKey{"list", k, ""}] = asJSON(t, slices.Collect(s.list.All()))
				case 3:
					user, v := rapid.SampledFrom([]string{"", "u"}).Draw(t, "user key"), aVisit.Draw(t, "visit")
					s.table.Put(user, v)
					m.entries[modelKey{"table", k, asJSON(t, user)}] = asJSON(t, fields(v))
				case 4:
					s.count.Clear()
					delete(m.entries, modelKey{"count", k, ""})
				}
			})
		}
	})
	return m, dir
}

// normal returns JSON with its keys in order and without escapes that are not needed.
func normal(t interface{ Fatal(...any) }, data json.RawMessage) string {
	if data == nil {
		return ""
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return asJSON(t, v)
}

// A modelLine is a line of export, or an entry of diff.
type modelLine struct {
	Type                 string `json:"message_type"`
	State, Change        string
	Key, Value           json.RawMessage
	UserKey              json.RawMessage `json:"user_key"`
	Old, New             json.RawMessage
	Added, Removed, Same int
	Changed              int
	ExitCode             int `json:"exit_code"`
	OperatorsDiffering   int `json:"operators_differing"`
}

func modelLines(t interface{ Fatal(...any) }, text string) (list []modelLine) {
	for _, line := range lines(text) {
		var l modelLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		list = append(list, l)
	}
	return list
}

// checkRandom runs a property with a directory of its own for each example.
func checkRandom(t *testing.T, property func(t *rapid.T, base string)) {
	top := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		base := filepath.Join(top, fmt.Sprint(n))
		defer os.RemoveAll(base)
		property(t, filepath.ToSlash(base))
	})
}

// TestExportIsTheModel exports random state that the engine's own tables have written; it
// is decoded deeply and the same as itself.
func TestExportIsTheModel(t *testing.T) {
	t.Parallel()
	checkRandom(t, func(t *rapid.T, base string) {
		m, dir := anyJob(t, base, rapid.SampledFrom([]int{4, 128, 129}).Draw(t, "max parallelism"))
		stdout, stderr, code := run("export", dir)
		if code != exitGood || stderr != "" {
			t.Fatalf("exit code %d\n%s", code, stderr)
		}
		have, splits := map[modelKey]string{}, []string{}
		for _, l := range modelLines(t, stdout) {
			if l.State == "splits" {
				var b struct {
					Bytes []byte `json:"$bytes"`
				}
				if err := json.Unmarshal(l.Value, &b); err != nil {
					t.Fatal(err)
				}
				splits = append(splits, string(b.Bytes))
				continue
			}
			k := modelKey{l.State, normal(t, l.Key), normal(t, l.UserKey)}
			if _, twice := have[k]; twice {
				t.Fatalf("%v comes twice", k)
			}
			have[k] = normal(t, l.Value)
		}
		want := map[modelKey]string{}
		for k, v := range m.entries {
			want[k] = normal(t, json.RawMessage(v))
		}
		if !maps.Equal(have, want) || !slices.Equal(splits, m.splits) {
			t.Fatalf("%v and %q, want %v and %q", have, splits, want, m.splits)
		}
		stdout, _, code = run("verify", "--deep", dir)
		if n := entryCount(int64(len(want) + len(splits))); code != exitGood || !strings.Contains(stdout, ", "+n+" decoded\n") {
			t.Fatalf("verify: exit code %d, want %s\n%s", code, n, stdout)
		}
		if stdout, stderr, code = run("diff", dir, dir); code != exitGood {
			t.Fatalf("diff with itself: exit code %d\n%s%s", code, stdout, stderr)
		}
	})
}

// TestDiffIsTheModels compares two random checkpoints, also where their max parallelism is
// not the same.
func TestDiffIsTheModels(t *testing.T) {
	t.Parallel()
	checkRandom(t, func(t *rapid.T, base string) {
		maxA := rapid.SampledFrom([]int{4, 128}).Draw(t, "max parallelism")
		maxB := rapid.SampledFrom([]int{maxA, maxA, 129}).Draw(t, "max parallelism of B")
		a, dirA := anyJob(t, base, maxA)
		b, dirB := anyJob(t, base, maxB)
		stdout, stderr, code := run("diff", "--json", "--keys", dirA, dirB)
		if stderr != "" {
			t.Fatal(stderr)
		}
		have, splits := map[modelKey][2]string{}, map[string]int{}
		var sum modelLine
		for _, l := range modelLines(t, stdout) {
			switch {
			case l.Type == "summary":
				sum = l
			case l.Type == "entry" && l.State == "splits":
				splits[l.Change+normal(t, l.Old)+normal(t, l.New)]++
			case l.Type == "entry":
				have[modelKey{l.State, normal(t, l.Key), normal(t, l.UserKey)}] = [2]string{normal(t, l.Old), normal(t, l.New)}
			}
		}
		want, added, removed, changed, same := map[modelKey][2]string{}, 0, 0, 0, 0
		keys := maps.Clone(a.entries)
		maps.Copy(keys, b.entries)
		for k := range keys {
			old, isOld := a.entries[k]
			now, isNew := b.entries[k]
			pair := [2]string{}
			if isOld {
				pair[0] = normal(t, json.RawMessage(old))
			}
			if isNew {
				pair[1] = normal(t, json.RawMessage(now))
			}
			switch {
			case pair[0] == pair[1]:
				same++
				continue
			case !isOld:
				added++
			case !isNew:
				removed++
			default:
				changed++
			}
			want[k] = pair
		}
		for _, split := range []string{"x", "y", "z"} {
			is := func(s string) bool { return s == split }
			na, nb := count(a.splits, is), count(b.splits, is)
			same += min(na, nb)
			added += max(0, nb-na)
			removed += max(0, na-nb)
			text := asJSON(t, map[string][]byte{"$bytes": []byte(split)})
			if splits["added"+text] != max(0, nb-na) || splits["removed"+text] != max(0, na-nb) {
				t.Fatalf("splits %v; A has %q, B has %q", splits, a.splits, b.splits)
			}
		}
		if !maps.Equal(have, want) {
			t.Fatalf("%v, want %v", have, want)
		}
		if sum.Added != added || sum.Removed != removed || sum.Changed != changed || sum.Same != same {
			t.Fatalf("%d added, %d removed, %d changed, %d the same; want %d, %d, %d, %d", sum.Added, sum.Removed, sum.Changed, sum.Same, added, removed, changed, same)
		}
		differ := added+removed+changed > 0 || maxA != maxB || (len(a.splits) == 0) != (len(b.splits) == 0)
		if wantCode := map[bool]int{false: exitGood, true: exitDifferent}[differ]; code != wantCode {
			t.Fatalf("exit code %d, want %d\n%s", code, wantCode, stdout)
		}
	})
}

func count(list []string, is func(string) bool) (n int) {
	for _, s := range list {
		if is(s) {
			n++
		}
	}
	return n
}
