package main

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/bytesize"
	"github.com/weirstream/weir/internal/inspect"
)

func (in *inspection) writeText() error {
	in.textHead()
	for _, op := range in.Operators {
		in.t.out.printf("\n")
		in.textOperator(op)
	}
	return nil
}

// textHead writes what there is to say about the checkpoint as a whole.
func (in *inspection) textHead() {
	out, m := in.t.out, in.Meta
	of := ""
	if in.Job != nil {
		of = " of " + jobInSentence(in.Names.Job, *in.Job)
	}
	out.printf("%s\n", out.tinted(bold, fmt.Sprintf("checkpoint %v%s", in.ID, of)))
	line := func(what, format string, args ...any) { out.printf("  %-10s %s\n", what, fmt.Sprintf(format, args...)) }
	line("path", "%s", printable(in.Shown))
	if s := in.Seal; s != nil {
		bytes := int64(0)
		for i := range s.Files {
			bytes += s.Files[i].Length
		}
		line("sealed", "by incarnation %v, with %s", s.Incarnation, stateFiles(len(s.Files), bytes))
	} else {
		line("sealed", "no: it cannot be known whether its bytes are those that were written")
	}
	line("metadata", "version %d: read by Weir and by %s", m.Version, readers(m))
	if n := len(m.MasterStates); n > 0 {
		line("hooks", "%s of the coordinator's hooks, not shown", counted(n, "state"))
	}
	if n := len(inspect.OutsideFiles(m)); n > 0 && !in.of.allowOutside {
		line("outside", "%s in other directories, not opened; --allow-outside opens them", counted(n, "file"))
	}
	line("operators", "%d", len(m.Operators))
}

// stateFiles says how much state there is in files.
func stateFiles(n int, bytes int64) string {
	if n == 0 {
		return "no state files: all state is in the metadata"
	}
	return counted(n, "state file") + ", " + bytesize.Format(bytes)
}

// readers says which Flinks can read the metadata.
func readers(m *flink.Metadata) string {
	if first := inspect.FlinkSince(m); first > 0 {
		return fmt.Sprintf("Flink %v and later", first)
	}
	return "every Flink in use"
}

func (in *inspection) textOperator(op *inspect.Operator) {
	out := in.t.out
	out.printf("%s\n", out.operatorHead(op.Label, op.ID))
	out.printf("  parallelism %d, max parallelism %d%s\n", op.Parallelism, op.MaxParallelism, finished(op.OperatorState))
	if len(op.Handles) == 0 {
		out.printf("  no state\n")
		return
	}
	in.textHandles(op)
	in.textStates(op)
	for _, u := range op.Unread() {
		in.t.out.para("  ", "not read: "+whose(u)+": "+printable(unreadText(u.Unread)))
	}
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

func (in *inspection) textHandles(op *inspect.Operator) {
	tb := table{columns: []column{
		{head: "SUBTASK", right: true}, {head: "STATE"}, {head: "HANDLE"}, {head: "LAYOUT", optional: true}, {head: "GROUPS", optional: true},
		{head: "WHERE", least: 9}, {head: "SIZE", right: true},
	}}
	for _, h := range op.Handles {
		groups := ""
		if h.KeyGroups != nil {
			groups = h.KeyGroups.String()
		}
		r := row{cells: []string{
			subtaskText(h.Subtask), strings.TrimPrefix(h.Kind.String(), "managed "), h.Tag, orDash(layoutText(h)), orDash(groups),
			whereText(h), bytesize.Format(h.Bytes),
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

func layoutText(h *inspect.Handle) string {
	if h.Compressed {
		return h.Layout + ", snappy"
	}
	return h.Layout
}

func whereText(h *inspect.Handle) string {
	switch h.Where {
	case inspect.InFile:
		return printable(h.File)
	case inspect.InFiles:
		return counted(h.Files, "file")
	default:
		return string(h.Where)
	}
}

// textStates writes the states of all subtasks together.
func (in *inspection) textStates(op *inspect.Operator) {
	states := in.States(op)
	if len(states) == 0 {
		return
	}
	tb := table{columns: []column{
		{head: "NAME"}, {head: "KIND"}, {head: "KEY", optional: true}, {head: "NAMESPACE", optional: true}, {head: "TYPE"}, {head: "ENTRIES", right: true},
	}}
	var weirs []string
	for _, s := range states {
		if s.WeirOnly {
			weirs = append(weirs, inspect.Name(s.Name))
		}
		tb.rows = append(tb.rows, row{cells: []string{
			inspect.Name(s.Name), orDash(s.Kind), orDash(s.KeyType), orDash(s.Namespace), orDash(s.Type), entriesText(s),
		}})
	}
	in.t.out.printf("\n")
	tb.writeTo(in.t.out, "  ")
	if len(weirs) > 0 {
		in.t.out.para("  ", "of a type of Weir's own, which Flink cannot read: "+listed(weirs, 10))
	}
}

// entriesText says how many entries there are, as far as that is known.
func entriesText(s *inspect.StateTotal) string {
	switch {
	case s.Counted:
		return bytesize.Grouped(s.Entries)
	case s.Entries > 0:
		return "≥ " + bytesize.Grouped(s.Entries)
	default:
		return "?"
	}
}

// whose says whose state was not read.
func whose(u *inspect.UnreadShare) string {
	s := fmt.Sprintf("%v state of subtask %v", u.Kind, u.Subtask)
	if u.Subtask < 0 {
		s = "the coordinator's state"
	}
	if u.Streams > 1 {
		s += fmt.Sprintf(", and %s", counted(u.Streams-1, "more stream"))
	}
	return s
}

// share says how much of a checkpoint was not read.
func share(u *inspect.UnreadShare) string {
	return counted(u.Streams, "stream") + " of " + counted(len(u.Operators), "operator")
}

func (in *inspection) textEntries(op *inspect.Operator) {
	out, any := in.t.out, false
	left := in.Entries(op, in.limit, func(_ *inspect.Handle, e *inspect.Entry) {
		if !any {
			any = true
			out.printf("\n")
		}
		out.printf("  %s\n", out.entry(e.Text()))
	})
	if !any {
		return
	}
	for _, s := range in.States(op) {
		if n := left[s.Name]; n > 0 && in.limit > 0 {
			delete(left, s.Name)
			out.printf("  %s: %s more; --limit 0 shows all\n", inspect.Name(s.Name), bytesize.Grouped(n))
		}
	}
}
