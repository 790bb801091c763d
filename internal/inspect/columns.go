package inspect

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/weirstream/weir/flink"
)

// Columns are the columns of a table that has a row for each exported entry.
type Columns struct {
	parts []part
	row   []string
}

// A part is a part of an entry and the columns that it has: one, or one for each field.
type part struct {
	columns  []string
	byFields bool
	of       func(*Entry) flink.Value
}

// The parts of an entry.
func keyOf(e *Entry) flink.Value       { return e.Key }
func namespaceOf(e *Entry) flink.Value { return e.Namespace }
func userKeyOf(e *Entry) flink.Value   { return e.UserKey }
func valueOf(e *Entry) flink.Value     { return e.Value }

func timestampOf(e *Entry) flink.Value {
	if timer, ok := e.Value.(flink.TimerValue); ok {
		return timer.Timestamp
	}
	return e.Value
}

// severalStates are the parts of entries of states that have nothing in common.
var severalStates = []part{
	{columns: []string{"key"}, of: keyOf},
	{columns: []string{"namespace"}, of: namespaceOf},
	{columns: []string{"user_key"}, of: userKeyOf},
	{columns: []string{"value"}, of: valueOf},
}

// Columns decides which columns there are: for a single state those of its fields, if all
// subtasks agree about them; for several states one for each part of an entry.
func (c *Checkpoint) Columns() *Columns {
	type identity struct {
		op         *Operator
		name, kind string
	}
	states := map[identity]bool{}
	cols := &Columns{}
	agreed := true
	for _, op := range c.Operators {
		for _, h := range op.Handles {
			for _, s := range h.States {
				if !c.Selected(s) {
					continue
				}
				states[identity{op, s.Name, s.Kind}] = true
				parts := partsOf(s)
				agreed = agreed && (cols.parts == nil || slices.EqualFunc(cols.parts, parts, part.sameAs))
				cols.parts = parts
			}
		}
	}
	if len(states) != 1 || !agreed {
		cols.parts = severalStates
	}
	return cols
}

// partsOf returns the parts of the entries of a state.
func partsOf(s *State) []part {
	if s.meta == nil || s.meta.Kind == flink.KindPriorityQueue {
		return []part{newPart("key", s.key, keyOf), newPart("namespace", nil, namespaceOf), newPart("timestamp", nil, timestampOf)}
	}
	var parts []part
	if s.key != nil {
		parts = append(parts, newPart("key", s.key, keyOf))
	}
	if s.Namespace != "" {
		parts = append(parts, newPart("namespace", s.meta.Namespace(), namespaceOf))
	}
	userKey, value := s.meta.Parts()
	if userKey != nil {
		parts = append(parts, newPart("user_key", userKey, userKeyOf))
	}
	return append(parts, newPart("value", value, valueOf))
}

// newPart returns a part of a type, which may be nil.
func newPart(name string, typ flink.Serializer, of func(*Entry) flink.Value) part {
	p := part{columns: []string{name}, of: of}
	if typ == nil {
		return p
	}
	if fields := flink.FieldNames(typ); len(fields) > 0 {
		p.columns, p.byFields = nil, true
		for _, f := range fields {
			p.columns = append(p.columns, name+"."+f)
		}
	}
	return p
}

func (p part) sameAs(o part) bool { return slices.Equal(p.columns, o.columns) }

// Heads returns the names of the columns, as cells.
func (cols *Columns) Heads() []string {
	row := []string{"operator", "subtask", "state", "kind", "key_group"}
	for _, p := range cols.parts {
		for _, name := range p.columns {
			row = append(row, Cell(name))
		}
	}
	return row
}

// Row returns the cells of an entry, as Cell writes them. They are good until the next call.
func (cols *Columns) Row(h *Handle, e *Entry) ([]string, error) {
	group := ""
	if e.KeyGroup >= 0 {
		group = strconv.Itoa(e.KeyGroup)
	}
	row := append(cols.row[:0], h.Operator.String(), h.Subtask.String(), Cell(e.State.Name), Cell(e.State.Kind), group)
	for _, p := range cols.parts {
		v := p.of(e)
		if !p.byFields {
			row = append(row, Cell(v))
			continue
		}
		values, ok := flink.FieldValues(v, len(p.columns))
		if !ok {
			return nil, fmt.Errorf("state %q: an entry does not have the fields of its type, as one that only the job can read; "+
				"it can be exported as JSON", e.State.Name)
		}
		for _, f := range values {
			row = append(row, Cell(f))
		}
	}
	cols.row = row
	return row, nil
}
