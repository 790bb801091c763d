package flinktest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// marker is a value whose bytes are nowhere else in a file.
const marker = 0x1122334455667788

var markerBytes = flink.AppendI64(nil, marker)

// small is a checkpoint in which everything that a control damages is there once.
func small(inline bool) *written {
	o := writtenOperator{
		Operator: Operator{
			ID:             flink.OperatorIDOf("small"),
			Parallelism:    2,
			MaxParallelism: 128,
			Key:            flink.String,
			Keyed:          []flink.StateMeta{flink.ValueStateMeta("count", flink.Long), flink.ListStateMeta("names", flink.String)},
			Lists:          []flink.StateMeta{flink.ListMeta("splits", flink.ModeSplitDistribute, flink.ByteArray)},
		},
		entries: []entry{
			{state: 0, key: "Hello", value: int64(marker)}, // key group 12
			{state: 1, key: "Hello", value: []flink.Value{"x", "y"}},
			{state: 0, key: "a", value: int64(5)}, // key group 81
		},
		elements: []element{{subtask: 1, list: 0, value: []byte("split")}},
	}
	return &written{id: 7, operators: []writtenOperator{o}, inline: func() bool { return inline }}
}

// testControls damages a checkpoint, or the expectation, in one way after the other, and
// checks that Expect fails and says why. It also checks that Expect does not fail without
// damage.
func testControls(t *testing.T, f *Flink) {
	controls := []struct {
		name    string
		written func(*written)                 // before it is written
		dir     func(t *testing.T, dir string) // after that
		plan    func(*Plan)                    // what is expected
		lines   func([]string) []string        // what is expected
		says    string                         // nothing if Expect is to be content
	}{
		{name: "nothing spoiled"},
		{
			name: "a value has another byte",
			dir: func(t *testing.T, dir string) {
				replace(t, dir, markerBytes, flink.AppendI64(nil, marker+1))
			},
			says: fmt.Sprintf(`"key":"Hello","value":%d`, marker+1),
		},
		{
			name: "a key has another letter",
			dir: func(t *testing.T, dir string) {
				replace(t, dir, flink.AppendString(nil, "Hello"), flink.AppendString(nil, "Hallo"))
			},
			says: `key "Hallo"`,
		},
		{
			name: "an element has another letter",
			dir: func(t *testing.T, dir string) {
				replace(t, dir, flink.AppendBytes32(nil, []byte("split")), flink.AppendBytes32(nil, []byte("splat")))
			},
			says: `"element":"73706c6174"`,
		},
		{
			name:    "a value is in a key group of the same subtask that is not its own",
			written: func(w *written) { w.group = moved("Hello", 0, 13) },
			says:    `state count: key "Hello" is there, but nothing is found where it is looked for, in key group 12`,
		},
		{
			name:    "a list is in a key group of the same subtask that is not its own",
			written: func(w *written) { w.group = moved("Hello", 1, 13) },
			says:    `state names: key "Hello" is there, but nothing is found where it is looked for, in key group 12`,
		},
		{
			name:    "a value is in a key group of the other subtask",
			written: func(w *written) { w.group = moved("Hello", 0, 80) },
			says:    `key "Hello" belongs to key group 12, but is in one of KeyGroupRange{startKeyGroup=64, endKeyGroup=127}`,
		},
		{
			name:    "heap native state has the tag of canonical state",
			written: func(w *written) { w.spoil = func(h *flink.KeyGroupsHandle) { h.Tag, h.ID = flink.TagSavepoint, "" } },
			says:    "Failed when trying to restore heap backend",
		},
		{
			name: "canonical state has the tag of heap native state",
			written: func(w *written) {
				w.canonical = true
				w.spoil = func(h *flink.KeyGroupsHandle) { h.Tag, h.ID = flink.TagKeyGroupsV2, "id" }
			},
			says: "Failed when trying to restore heap backend",
		},
		{
			name:    "an offset is 1 too high",
			written: func(w *written) { w.spoil = func(h *flink.KeyGroupsHandle) { h.Offsets[12]++ } },
			says:    "Failed when trying to restore heap backend",
		},
		{
			name:  "an entry was not written",
			lines: func(l []string) []string { return append(l, workedEntries...) },
			says:  "-" + workedEntries[0],
		},
		{
			name:  "an entry is not expected",
			lines: func(l []string) []string { return l[1:] },
			says:  fmt.Sprintf(`+{"operator":"%s","VALUE":"count"`, flink.OperatorIDOf("small")),
		},
		{
			name: "a state is not in the plan",
			plan: func(p *Plan) { p.Operators[0].Keyed = p.Operators[0].Keyed[:1] },
			says: "entries were restored, of which the plan's states have",
		},
		{
			name: "a list in operator state is not in the plan",
			plan: func(p *Plan) { p.Operators[0].Lists = nil },
			says: "operator states that are not in the plan: [splits]",
		},
		{
			name: "an operator is not in the plan",
			plan: func(p *Plan) { p.Operators = nil },
			says: "is not in the plan",
		},
		{
			name: "an operator is not in the checkpoint",
			plan: func(p *Plan) { p.Operators = append(p.Operators, workedPlan.Operators...) },
			says: "are not in the checkpoint",
		},
		{
			name: "a state is of another type",
			plan: func(p *Plan) { p.Operators[0].Keyed[0] = flink.ValueStateMeta("count", flink.Int) },
			says: "StateMigrationException",
		},
		{
			name: "a state is of another kind",
			plan: func(p *Plan) { p.Operators[0].Keyed[0] = flink.ReducingStateMeta("count", flink.Long) },
			says: "Incompatible key/value state types",
		},
		{
			name: "the key is of another type",
			plan: func(p *Plan) { p.Operators[0].Key = flink.Long },
			says: "StateMigrationException",
		},
		{
			name: "the max parallelism is another",
			plan: func(p *Plan) { p.Operators[0].MaxParallelism++ },
			says: "of 128, planned is 2 of 129",
		},
		{
			name: "_metadata is cut off",
			dir: func(t *testing.T, dir string) {
				edit(t, filepath.Join(dir, "_metadata"), func(b []byte) []byte { return b[:len(b)-1] })
			},
			says: "EOFException",
		},
	}
	for _, c := range controls {
		for _, inline := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, inline %t", c.name, inline), func(t *testing.T) {
				w := small(inline)
				plan, lines := w.plan(), w.lines()
				plan.Operators[0].Keyed = slices.Clone(plan.Operators[0].Keyed)
				if c.written != nil {
					c.written(w)
				}
				dir := w.write(t)
				if c.dir != nil {
					c.dir(t, dir)
				}
				if c.plan != nil {
					c.plan(&plan)
				}
				if c.lines != nil {
					lines = c.lines(lines)
				}
				red := &recorder{TB: t}
				f.Expect(red, dir, plan, lines, 2)
				if said := red.String(); c.says == "" && said != "" || !strings.Contains(said, c.says) {
					t.Errorf("want an error that says %q, have:\n%s", c.says, said)
				}
			})
		}
	}
	t.Run("a state file is missing", func(t *testing.T) {
		w := small(false)
		dir := w.write(t)
		if err := os.Remove(filepath.Join(dir, "00000000-0000-4000-8000-000000000001")); err != nil {
			t.Fatal(err)
		}
		red := &recorder{TB: t}
		f.Expect(red, dir, w.plan(), w.lines(), 2)
		if !strings.Contains(red.String(), "FileNotFoundException") {
			t.Errorf("Flink does not miss it:\n%s", red)
		}
	})
}

// moved puts the entry of a key in a state into another key group.
func moved(key string, state int, group checkpoint.KeyGroup) func(entry) (checkpoint.KeyGroup, bool) {
	return func(e entry) (checkpoint.KeyGroup, bool) { return group, e.key == key && e.state == state }
}

// replace replaces bytes in the files of a checkpoint.
func replace(t *testing.T, dir string, old, with []byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, file := range files {
		edit(t, file, func(b []byte) []byte {
			found = found || bytes.Contains(b, old)
			return bytes.ReplaceAll(b, old, with)
		})
	}
	if !found {
		t.Fatalf("%x is nowhere in the checkpoint", old)
	}
}

// edit changes a file.
func edit(t *testing.T, file string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, change(data))
}

// A recorder is a testing.TB that records failures and does not fail.
type recorder struct {
	testing.TB
	bytes.Buffer
}

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(&r.Buffer, format+"\n", args...) }
