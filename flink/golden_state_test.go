package flink

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A goldenSnapshot is a _metadata file and the directory it is in.
type goldenSnapshot struct {
	name string
	dir  string
	meta *Metadata
}

func goldenSnapshots(t *testing.T) []goldenSnapshot {
	t.Helper()
	if _, err := os.Stat(goldenDir); err != nil {
		t.Skip("no Flink snapshots: ", err)
	}
	var all []goldenSnapshot
	err := filepath.WalkDir(goldenDir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "_metadata" {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		meta, _, err := DecodeMetadata(data)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		dir := filepath.Dir(file)
		name, _ := filepath.Rel(goldenDir, dir)
		all = append(all, goldenSnapshot{name, dir, meta})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// read returns the bytes of a stream, or false if they are not among the golden files.
func (s goldenSnapshot) read(t *testing.T, h StreamHandle) ([]byte, bool) {
	t.Helper()
	name := ""
	switch h := h.(type) {
	case *InlineHandle:
		return h.Data, true
	case *RelativeHandle:
		name = h.Path
	case *FileHandle:
		name = path.Base(h.Path)
	default:
		t.Fatalf("%s: stream handle %T", s.name, h)
	}
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return data, true
}

// tally counts streams by result.
type tally map[string]int

func (c tally) log(t *testing.T) {
	for _, what := range slices.Sorted(maps.Keys(c)) {
		t.Logf("%5d  %s", c[what], what)
	}
}

// refusal returns the name by which a stream that could not be decoded is counted, or "" if
// the error is not an allowed one.
func refusal(err error) string {
	var unknown *UnknownSerializerError
	var opaque *OpaqueError
	switch {
	case errors.As(err, &unknown):
		return "refused: unknown serializer " + unknown.Class
	case errors.As(err, &opaque):
		return "opaque: " + opaque.Type
	}
	return ""
}

// TestGoldenState decodes every state stream that Flink wrote, to the last byte.
func TestGoldenState(t *testing.T) {
	counts := tally{}
	for _, s := range goldenSnapshots(t) {
		for _, op := range s.meta.Operators {
			for _, sub := range op.Subtasks {
				where := fmt.Sprintf("%s: operator %v subtask %v", s.name, op.ID, sub.Index)
				s.checkKeyed(t, where, op.MaxParallelism, sub.ManagedKeyed, counts)
				s.checkOperator(t, where, sub.ManagedOperator, counts)
				s.checkRaw(t, where, sub.RawKeyed, counts)
			}
		}
	}
	counts.log(t)
}

func (s goldenSnapshot) checkKeyed(t *testing.T, where string, maxParallelism int, h KeyedHandle, counts tally) {
	switch h := h.(type) {
	case nil:
	case *IncrementalHandle:
		data, ok := s.read(t, h.Meta)
		if !ok {
			counts["RocksDB set whose meta stream is not here"]++
			return
		}
		c := NewCursor(data)
		DecodeKeyedHeader(c)
		c.wantEnd()
		s.count(t, where, "RocksDB set, meta stream", c.Err(), counts)
	case *KeyGroupsHandle:
		data, ok := s.read(t, h.Data)
		if !ok {
			counts["keyed stream that is not here"]++
			return
		}
		what := "keyed stream that has no header"
		var first error
		for e, err := range KeyedEntries(h, data) {
			if err != nil {
				first = err
				break
			}
			counts["keyed entry"]++
			k := DecodeKeyedHeader(NewCursor(data)).Key
			if err := CheckKeyGroup(k, e, maxParallelism); err != nil {
				t.Errorf("%s: %v", where, err)
			}
			if _, ok := JavaHash(k, e.Key); ok {
				counts["keyed entry whose key group was checked"]++
			}
		}
		if first == nil {
			r, _ := NewKeyedReader(h, strings.NewReader(string(data)), int64(len(data)))
			what = fmt.Sprintf("keyed stream, tag %d, %v, compressed %v", h.Tag, r.Layout(), r.Header().Compressed)
		}
		s.count(t, where, what, first, counts)
	case *ChangelogHandle:
		counts[fmt.Sprintf("changelog with %d changes that were not read", len(h.NonMaterialized))]++
		for _, m := range h.Materialized {
			s.checkKeyed(t, where, maxParallelism, m, counts)
		}
	default:
		counts[fmt.Sprintf("keyed handle %T", h)]++
	}
}

func (s goldenSnapshot) checkOperator(t *testing.T, where string, h *OperatorHandle, counts tally) {
	if h == nil {
		return
	}
	data, ok := s.read(t, h.Data)
	if !ok {
		counts["operator stream that is not here"]++
		return
	}
	var refused error
	for _, err := range OperatorElements(h, data) {
		switch {
		case err == nil:
			counts["operator element"]++
		case refusal(err) == "":
			t.Errorf("%s: %v", where, err)
		default:
			refused = err
		}
	}
	s.count(t, where, "operator stream", refused, counts)
}

func (s goldenSnapshot) checkRaw(t *testing.T, where string, h KeyedHandle, counts tally) {
	raw, ok := h.(*KeyGroupsHandle)
	if !ok {
		return
	}
	data, ok := s.read(t, raw.Data)
	if !ok {
		counts["raw keyed stream that is not here"]++
		return
	}
	var last error
	for _, err := range RawTimers(raw, data) {
		if last = err; err == nil {
			counts["raw timer"]++
		}
	}
	s.count(t, where, "raw keyed stream", last, counts)
}

// count counts a stream by its result.
func (s goldenSnapshot) count(t *testing.T, where, what string, err error, counts tally) {
	if err == nil {
		counts["decoded: "+what]++
		return
	}
	why := refusal(err)
	if why == "" {
		t.Errorf("%s: %s: %v", where, what, err)
		return
	}
	counts[why+" ("+strings.Fields(what)[0]+")"]++
}

// TestGoldenSameJob compares snapshots of the same job that several state backends took in
// several layouts: they have the same contents.
func TestGoldenSameJob(t *testing.T) {
	type contents struct {
		of    string
		lines []string
	}
	keyed, operator := map[string][]contents{}, map[string][]contents{}
	jobs := regexp.MustCompile(`^(.*flink[0-9.]+)-.*(savepoint|checkpoint)`)
	for _, s := range goldenSnapshots(t) {
		job := jobs.FindStringSubmatch(s.name)
		if job == nil {
			continue
		}
		var k, o []string
		whole := true
		for _, op := range s.meta.Operators {
			for _, sub := range op.Subtasks {
				whole = s.keyedLines(t, op.ID, sub, &k) && whole
				s.operatorLines(t, op.ID, sub, &o)
			}
		}
		slices.Sort(k)
		slices.Sort(o)
		if whole {
			keyed[job[1]] = append(keyed[job[1]], contents{s.name, k})
		}
		operator[job[1]] = append(operator[job[1]], contents{s.name, o})
	}
	for what, jobs := range map[string]map[string][]contents{"keyed": keyed, "operator": operator} {
		for _, job := range slices.Sorted(maps.Keys(jobs)) {
			snapshots := jobs[job]
			first := snapshots[0]
			t.Logf("%s: %d snapshots with the same %d lines of %s state", job, len(snapshots), len(first.lines), what)
			for _, other := range snapshots[1:] {
				if diff := cmp.Diff(first.lines, other.lines); diff != "" {
					t.Errorf("%s state, -%s +%s:\n%s", what, first.of, other.of, diff)
				}
			}
		}
	}
}

// keyedLines appends a line for each entry of keyed state. It returns false if some of
// the state is in files that are not read here.
func (s goldenSnapshot) keyedLines(t *testing.T, op fmt.Stringer, sub SubtaskState, lines *[]string) (whole bool) {
	line := func(state string, key, namespace, userKey, value Value) {
		// Timers in processing time differ from run to run.
		if timer, ok := value.(TimerValue); ok && strings.HasPrefix(state, "_timer_state/processing_") {
			timer.Timestamp = 0
			value = timer
		}
		*lines = append(*lines, fmt.Sprintf("%v %s %s", op, state, AppendJSON(nil, []Value{key, namespace, userKey, value})))
	}
	if raw, ok := sub.RawKeyed.(*KeyGroupsHandle); ok {
		data, _ := s.read(t, raw.Data)
		for r, err := range RawTimers(raw, data) {
			if err != nil {
				t.Fatal(err)
			}
			state := "_timer_state/processing_" + r.Service
			if r.EventTime {
				state = "_timer_state/event_" + r.Service
			}
			line(state, r.Timer.Key, r.Timer.Namespace, nil, r.Timer)
		}
	}
	streams := []KeyedHandle{sub.ManagedKeyed}
	whole = true
	if log, ok := sub.ManagedKeyed.(*ChangelogHandle); ok {
		streams, whole = log.Materialized, len(log.NonMaterialized) == 0
	}
	for _, h := range streams {
		if h == nil {
			continue
		}
		groups, ok := h.(*KeyGroupsHandle)
		if !ok {
			whole = false
			continue
		}
		data, _ := s.read(t, groups.Data)
		for e, err := range KeyedEntries(groups, data) {
			if err != nil {
				return false
			}
			line(e.State.Name, e.Key, e.Namespace, e.UserKey, e.Value)
		}
	}
	return whole
}

func (s goldenSnapshot) operatorLines(t *testing.T, op fmt.Stringer, sub SubtaskState, lines *[]string) {
	if sub.ManagedOperator == nil {
		return
	}
	data, _ := s.read(t, sub.ManagedOperator.Data)
	for e, err := range OperatorElements(sub.ManagedOperator, data) {
		if err != nil {
			t.Fatal(err)
		}
		*lines = append(*lines, fmt.Sprintf("%v %s %v %s", op, e.State.Name, e.Mode, AppendJSON(nil, []Value{e.Key, e.Value})))
	}
}
