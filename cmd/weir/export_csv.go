package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/weirstream/weir/flink"
)

// csvEntries writes a line of comma-separated values for each entry.
type csvEntries struct {
	w     *csv.Writer
	parts []csvPart
	row   []string
}

// A csvPart is a part of an entry and the columns it has: one, or one for each field.
type csvPart struct {
	columns []string
	fields  bool
	asJSON  bool // a text, too
	of      func(*entry) flink.Value
}

// The parts of an entry.
func keyOf(e *entry) flink.Value       { return e.key }
func namespaceOf(e *entry) flink.Value { return e.namespace }
func userKeyOf(e *entry) flink.Value   { return e.userKey }
func valueOf(e *entry) flink.Value     { return e.value }

func timestampOf(e *entry) flink.Value {
	if timer, ok := e.value.(flink.TimerValue); ok {
		return timer.Timestamp
	}
	return e.value
}

// severalStates are the parts of entries of states that have nothing in common.
var severalStates = []csvPart{
	{columns: []string{"key"}, of: keyOf},
	{columns: []string{"namespace"}, of: namespaceOf},
	{columns: []string{"user_key"}, of: userKeyOf},
	{columns: []string{"value"}, of: valueOf, asJSON: true},
}

// newCSVEntries decides about the columns: those of the only state that there is, if all
// subtasks agree about them.
func newCSVEntries(w io.Writer, v *view) *csvEntries {
	type state struct {
		op         *operatorContent
		name, kind string
	}
	states := map[state]bool{}
	c := &csvEntries{w: csv.NewWriter(w)}
	agreed := true
	for _, op := range v.operators {
		for _, h := range op.handles {
			for _, s := range h.States {
				if !v.wanted(s) {
					continue
				}
				states[state{op, s.Name, s.Kind}] = true
				parts := partsOf(s)
				agreed = agreed && (c.parts == nil || slices.EqualFunc(c.parts, parts, csvPart.sameAs))
				c.parts = parts
			}
		}
	}
	if len(states) != 1 || !agreed {
		c.parts = severalStates
	}
	return c
}

// partsOf are the parts of the entries of a state.
func partsOf(s *stateInfo) []csvPart {
	if s.meta == nil || s.meta.Kind == flink.KindPriorityQueue {
		return []csvPart{part("key", s.key, keyOf), part("namespace", nil, namespaceOf), part("timestamp", nil, timestampOf)}
	}
	var parts []csvPart
	if s.key != nil {
		parts = append(parts, part("key", s.key, keyOf))
	}
	if s.Namespace != "" {
		parts = append(parts, part("namespace", s.meta.Namespace(), namespaceOf))
	}
	userKey, value := s.meta.Parts()
	if userKey != nil {
		parts = append(parts, part("user_key", userKey, userKeyOf))
	}
	return append(parts, part("value", value, valueOf))
}

// part is a part of a type, which may be nil.
func part(name string, typ flink.Serializer, of func(*entry) flink.Value) csvPart {
	p := csvPart{columns: []string{name}, of: of}
	if typ == nil {
		return p
	}
	if fields := flink.FieldNames(typ); len(fields) > 0 {
		p.columns, p.fields = nil, true
		for _, f := range fields {
			p.columns = append(p.columns, name+"."+f)
		}
	}
	return p
}

func (p csvPart) sameAs(o csvPart) bool { return slices.Equal(p.columns, o.columns) }

func (c *csvEntries) begin() error {
	row := []string{"operator", "subtask", "state", "kind", "key_group"}
	for _, p := range c.parts {
		for _, name := range p.columns {
			row = append(row, cell(name))
		}
	}
	return c.w.Write(row)
}

func (c *csvEntries) entry(h *handle, e entry) error {
	group := ""
	if e.group >= 0 {
		group = strconv.Itoa(e.group)
	}
	c.row = append(c.row[:0], h.Operator.String(), h.Subtask.String(), cell(e.state.Name), cell(e.state.Kind), group)
	for _, p := range c.parts {
		v := p.of(&e)
		switch {
		case p.fields:
			values, ok := flink.FieldValues(v, len(p.columns))
			if !ok {
				return fmt.Errorf("state %q: an entry does not have the fields of its type, as what only the job can read; "+
					"without --format csv it can be exported", e.state.Name)
			}
			for _, f := range values {
				c.row = append(c.row, cell(f))
			}
		case p.asJSON:
			c.row = append(c.row, string(escapeJSON(flink.AppendJSON(nil, v))))
		default:
			c.row = append(c.row, cell(v))
		}
	}
	return c.w.Write(c.row)
}

func (c *csvEntries) end() error {
	c.w.Flush()
	return c.w.Error()
}

// cell is a value in a column of its own: nothing for null, a text as it is, all else as
// JSON.
func cell(v flink.Value) string {
	if v == nil {
		return ""
	}
	data := flink.AppendJSON(nil, v)
	var text string
	if data[0] == '"' && json.Unmarshal(data, &text) == nil && isPlain(text) &&
		string(flink.AppendJSON(nil, text)) == string(data) { // half a surrogate pair is lost in text
		return text
	}
	return string(escapeJSON(data))
}

// isPlain tells whether a text can stand as it is: it is not taken for nothing, nor for
// JSON, nor by a terminal for something to obey.
func isPlain(s string) bool { return s != "" && s[0] != '"' && printable(s) == s }
