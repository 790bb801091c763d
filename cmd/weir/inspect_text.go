package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

func (in *inspection) writeText() error {
	in.textHead()
	for _, op := range in.operators {
		in.t.out.printf("\n")
		in.textOperator(op)
	}
	return nil
}

// textHead writes what is to be said of the checkpoint as a whole.
func (in *inspection) textHead() {
	out, m := in.t.out, in.c.Meta
	of := ""
	if in.job != nil {
		of = " of job " + in.job.String()
	}
	out.printf("%s\n", out.tinted(bold, fmt.Sprintf("checkpoint %v%s", in.c.ID, of)))
	line := func(what, format string, args ...any) { out.printf("  %-10s %s\n", what, fmt.Sprintf(format, args...)) }
	line("path", "%s", printable(in.shown))
	if s := in.c.Seal; s != nil {
		bytes := int64(0)
		for i := range s.Files {
			bytes += s.Files[i].Length
		}
		files := "no state files: all state is in the metadata"
		if len(s.Files) > 0 {
			files = counted(len(s.Files), "state file") + ", " + byteCount(bytes)
		}
		line("sealed", "by incarnation %v, with %s", s.Incarnation, files)
	} else {
		line("sealed", "no: nothing tells whether its bytes are those that were written")
	}
	line("metadata", "version %d: read by Weir and by %s", m.Version, readers(m))
	if n := len(m.MasterStates); n > 0 {
		line("hooks", "%s of the coordinator's hooks, not shown", counted(n, "state"))
	}
	if n := len(outsideFiles(m)); n > 0 && !in.allowOutside {
		line("outside", "%s in other directories, not opened; --allow-outside does", counted(n, "file"))
	}
	line("operators", "%d", len(m.Operators))
}

// readers says which Flinks can read the metadata.
func readers(m *flink.Metadata) string {
	if first := readableBy(m); first > 0 {
		return fmt.Sprintf("Flink %v and later", first)
	}
	return "every Flink in use"
}

// outsideFiles is all files that are not in the checkpoint's directory.
func outsideFiles(m *flink.Metadata) []string {
	seen := map[string]bool{}
	var files []string
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			files = append(files, name)
		}
	}
	for ref := range m.Streams() {
		switch h := ref.Handle.(type) {
		case *flink.FileHandle:
			add(h.Path)
		case *flink.SegmentHandle:
			add(h.Path)
		}
	}
	return files
}

func (in *inspection) textOperator(op *operatorContent) {
	out := in.t.out
	name := "(name not known)"
	if s := op.label.text(); s != "" {
		name = printable(s)
	}
	out.printf("%s  %s\n", out.tinted(bold, "operator "+op.ID.String()), name)
	out.printf("  parallelism %d, max parallelism %d%s\n", op.Parallelism, op.MaxParallelism, finished(op.OperatorState))
	if len(op.handles) == 0 {
		out.printf("  no state\n")
		return
	}
	in.textHandles(op)
	in.textStates(op)
	in.textUnread(op)
	if in.keys {
		in.textEntries(op)
	}
}

// finished says which subtasks have come to the end of their input.
func finished(op *flink.OperatorState) string {
	if op.FullyFinished {
		return "; all subtasks have finished"
	}
	n := 0
	for i := range op.Subtasks {
		if op.Subtasks[i].Finished {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %s finished", counted(n, "subtask"))
}

func (in *inspection) textHandles(op *operatorContent) {
	tb := table{columns: []column{
		{head: "SUBTASK", right: true}, {head: "STATE"}, {head: "HANDLE"}, {head: "LAYOUT", optional: true}, {head: "GROUPS", optional: true},
		{head: "WHERE", shrinks: true}, {head: "SIZE", right: true},
	}}
	for _, h := range op.handles {
		groups := ""
		if h.KeyGroups != nil {
			groups = h.KeyGroups.String()
		}
		r := row{cells: []string{
			subtaskText(h.Subtask), strings.TrimPrefix(h.Kind.String(), "managed "), h.Tag, orDash(h.layoutText()), orDash(groups), h.whereText(), byteCount(h.Bytes),
		}}
		if h.Problem != nil {
			r.below = append(r.below, in.t.out.tinted(red, "damaged")+": "+printable(h.Problem.Error()))
		}
		if h.Failure != nil {
			r.below = append(r.below, in.t.out.tinted(red, "unreadable")+": "+printable(h.Failure.Error()))
		}
		tb.rows = append(tb.rows, r)
	}
	tb.writeTo(in.t.out, "  ")
}

func subtaskText(s checkpoint.Subtask) string {
	if s < 0 {
		return "-"
	}
	return s.String()
}

func (h *handle) layoutText() string {
	if h.Compressed {
		return h.Layout + ", snappy"
	}
	return h.Layout
}

func (h *handle) whereText() string {
	switch h.Where {
	case inFile:
		return printable(h.File)
	case inFiles:
		return counted(h.Files, "file")
	default:
		return string(h.Where)
	}
}

// textStates writes the states of all subtasks together.
func (in *inspection) textStates(op *operatorContent) {
	type kind struct{ name, kind, key, namespace, value string }
	var order []kind
	sums := map[kind]*stateInfo{}
	blind := map[flink.StreamKind]bool{}
	for _, h := range op.handles {
		blind[h.Kind] = blind[h.Kind] || h.blind()
	}
	for _, h := range op.handles {
		for _, s := range h.States {
			if !in.wanted(s) {
				continue
			}
			k := kind{s.Name, s.Kind, s.keyType(h), s.Namespace, s.Type}
			sum := sums[k]
			if sum == nil {
				sum = &stateInfo{Counted: true, WeirOnly: s.WeirOnly}
				sums[k] = sum
				order = append(order, k)
			}
			sum.Entries += s.Entries
			sum.Counted = sum.Counted && s.Counted && !blind[h.Kind]
		}
	}
	if len(order) == 0 {
		return
	}
	tb := table{columns: []column{
		{head: "NAME"}, {head: "KIND"}, {head: "KEY", optional: true}, {head: "NAMESPACE", optional: true}, {head: "TYPE"}, {head: "ENTRIES", right: true},
	}}
	var weirs []string
	for _, k := range order {
		if sums[k].WeirOnly {
			weirs = append(weirs, k.name)
		}
		tb.rows = append(tb.rows, row{cells: []string{
			orDash(k.name), orDash(k.kind), orDash(k.key), orDash(k.namespace), orDash(k.value), sums[k].count(),
		}})
	}
	in.t.out.printf("\n")
	tb.writeTo(in.t.out, "  ")
	if len(weirs) > 0 {
		in.t.out.para("  ", "of a type of Weir's own, which Flink cannot read: "+listed(weirs, 10))
	}
}

func (s *stateInfo) keyType(h *handle) string {
	if s.KeyType != "" {
		return s.KeyType
	}
	return h.KeyType
}

// count is how many entries there are, as far as that is known.
func (s *stateInfo) count() string {
	switch {
	case s.Counted:
		return grouped(s.Entries)
	case s.Entries > 0:
		return "≥ " + grouped(s.Entries)
	default:
		return "?"
	}
}

// textUnread writes what was not read of an operator, each reason once.
func (in *inspection) textUnread(op *operatorContent) {
	var list unreadList
	for _, h := range op.handles {
		list.add(h)
	}
	for _, u := range list {
		in.t.out.para("  ", "not read: "+u.where()+": "+printable(u.why))
	}
}

// maxShownValue is how much of an entry is shown on a terminal.
const maxShownValue = 1000

func (in *inspection) textEntries(op *operatorContent) {
	out, any := in.t.out, false
	left := in.eachEntry(op, func(_ *handle, e entry) {
		if !any {
			any = true
			out.printf("\n")
		}
		line := e.text()
		if out.live {
			line = cut(line, maxShownValue)
		}
		out.printf("  %s\n", line)
	})
	if !any {
		return
	}
	for _, h := range op.handles {
		for _, s := range h.States {
			if n := left[s.Name]; n > 0 && in.limit > 0 {
				delete(left, s.Name)
				out.printf("  %s: %s more; --limit 0 shows all\n", printable(s.Name), grouped(n))
			}
		}
	}
}

// text is an entry as name[key @ namespace][user key] = value.
func (e *entry) text() string {
	var b strings.Builder
	b.WriteString(e.state.Name)
	if e.keyed {
		b.WriteString("[")
		b.Write(flink.AppendJSON(nil, e.key))
		if e.namespace != nil {
			b.WriteString(" @ ")
			b.Write(flink.AppendJSON(nil, e.namespace))
		}
		b.WriteString("]")
	}
	if e.inMap {
		b.WriteString("[")
		b.Write(flink.AppendJSON(nil, e.userKey))
		b.WriteString("]")
	}
	b.WriteString(" = ")
	if timer, ok := e.value.(flink.TimerValue); ok {
		b.WriteString(timerText(timer.Timestamp))
	} else {
		b.Write(flink.AppendJSON(nil, e.value))
	}
	return printable(b.String())
}

// timerText is a timestamp, and what moment that is if it looks like one.
func timerText(ms int64) string {
	at := time.UnixMilli(ms).UTC()
	if ms < 0 || at.Year() > 9999 {
		return fmt.Sprintf("timer at %d", ms)
	}
	return fmt.Sprintf("timer at %d (%s)", ms, at.Format("2006-01-02 15:04:05.000 UTC"))
}
