package inspect

import (
	"cmp"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// A Diff says how two checkpoints differ.
type Diff struct {
	A, B        *Checkpoint
	Operators   []*OperatorDiff
	HooksDiffer bool // the states of Flink's coordinator hooks
	Errors      []error

	selection Selection
}

// An OperatorDiff is an operator in either checkpoint, and how it differs.
type OperatorDiff struct {
	ID     checkpoint.OperatorID
	A, B   *Operator // nil where it is missing
	States []*StateDiff
	// Uncompared is state that could not be compared, and is not the same byte by byte.
	Uncompared []Uncompared

	a, b *side
}

// A StateDiff is a state in either checkpoint, and how it differs.
type StateDiff struct {
	Name    string
	Family  Family
	A, B    *State   // nil where it is missing
	Retyped []Retype // what of its types has changed
	Tally
}

// Uncompared is state of an operator that could not be compared.
type Uncompared struct {
	Kind flink.StreamKind
	Why  []Unread
}

// Outcome is what a comparison came to.
type Outcome uint8

const (
	Equal     Outcome = iota // the state is the same
	Different                // it differs
	Unknown                  // what could be compared is the same, and not all could be
	Failed                   // something is damaged or could not be read
)

// Outcome returns what the comparison came to. A failure counts more than a difference, and
// that counts more than what is not known.
func (d *Diff) Outcome() Outcome {
	different, unknown := d.HooksDiffer, false
	for _, op := range d.Operators {
		different = different || op.Change() != Same
		unknown = unknown || len(op.Uncompared) > 0
	}
	switch {
	case len(d.Errors) > 0:
		return Failed
	case different:
		return Different
	case unknown:
		return Unknown
	}
	return Equal
}

// Compare compares the selected state of two checkpoints. It reads all of both, and holds in
// memory what one key group has; if the numbers of key groups differ, the keyed state of an
// operator. Damage is in Diff.Errors; the error says that what is selected is in neither.
func Compare(a, b *Checkpoint, s Selection) (*Diff, error) {
	d := &Diff{A: a, B: b, selection: s}
	a.Load(s, false)
	b.Load(s, false)
	if err := s.Missing(a, b); err != nil {
		return nil, err
	}
	byID := map[checkpoint.OperatorID]*Operator{}
	for _, op := range b.Operators {
		byID[op.ID] = op
	}
	for _, op := range a.Operators {
		d.add(op, byID[op.ID])
		delete(byID, op.ID)
	}
	for _, op := range b.Operators {
		if byID[op.ID] != nil {
			d.add(nil, op)
		}
	}
	for _, op := range d.Operators {
		d.count(op)
	}
	d.HooksDiffer = !slices.EqualFunc(a.Meta.MasterStates, b.Meta.MasterStates, func(x, y flink.MasterState) bool {
		return x.Name == y.Name && x.Version == y.Version && string(x.Payload) == string(y.Payload)
	})
	return d, nil
}

// add pairs the states of an operator, which may be nil on one side.
func (d *Diff) add(a, b *Operator) {
	op := &OperatorDiff{A: a, B: b, a: newSide(d.A, a), b: newSide(d.B, b)}
	byID := map[stateID]*StateDiff{}
	gather := func(s *side, set func(*StateDiff, *State)) {
		if s.op == nil {
			return
		}
		op.ID = s.op.ID
		for _, h := range s.op.Handles {
			for _, state := range h.States {
				if d.selection.has(state) {
					set(op.state(byID, state.id()), state)
				}
			}
		}
	}
	gather(op.a, func(st *StateDiff, s *State) { st.A = cmp.Or(st.A, s) })
	gather(op.b, func(st *StateDiff, s *State) { st.B = cmp.Or(st.B, s) })
	op.States = slices.DeleteFunc(op.States, func(st *StateDiff) bool {
		st.Retyped = retyped(st.A, st.B)
		return st.A == nil && op.a.blind(st.id().kind()) || st.B == nil && op.b.blind(st.id().kind()) // it may be there
	})
	d.Operators = append(d.Operators, op)
}

func (op *OperatorDiff) state(byID map[stateID]*StateDiff, id stateID) *StateDiff {
	st := byID[id]
	if st == nil {
		st = &StateDiff{Name: id.name, Family: id.family}
		byID[id] = st
		op.States = append(op.States, st)
	}
	return st
}

func (st *StateDiff) id() stateID { return stateID{st.Family, st.Name} }

// count counts how the entries of an operator compare.
func (d *Diff) count(op *OperatorDiff) {
	byID := map[stateID]*StateDiff{}
	for _, st := range op.States {
		byID[st.id()] = st
	}
	op.match(false, func(m *matcher) bool {
		for id, t := range m.tallies {
			if st := byID[id]; st != nil {
				st.add(*t)
			}
		}
		return true
	})
	if op.A != nil && op.B != nil {
		op.undecoded(d.selection.State == "")
	}
	d.Errors = append(d.Errors, op.a.errs...)
	d.Errors = append(d.Errors, op.b.errs...)
}

// undecoded compares byte by byte what was not compared by its entries: all of it, or, where
// one state is selected, only what may have that state in it.
func (op *OperatorDiff) undecoded(all bool) {
	for kind := flink.CoordinatorStream; kind <= flink.ResultSubpartitionStream; kind++ {
		var why []Unread
		switch kind {
		case flink.ManagedOperatorStream, flink.ManagedKeyedStream, flink.RawKeyedStream:
			for _, w := range slices.Concat(op.a.unread[kind], op.b.unread[kind]) {
				if !slices.Contains(why, w) {
					why = append(why, w)
				}
			}
		default:
			if all {
				why = []Unread{unreadf("only the job knows what is in it")}
			}
		}
		if len(why) > 0 && !slices.Equal(op.a.prints(kind), op.b.prints(kind)) {
			op.Uncompared = append(op.Uncompared, Uncompared{kind, why})
		}
	}
}

// match matches the entries of an operator, a key group at a time, and yields each match that
// is complete, until that returns false.
func (op *OperatorDiff) match(keep bool, yield func(*matcher) bool) {
	defer op.a.rewind()
	defer op.b.rewind()
	more := true
	match := func(of func(*side, func(*Entry)) bool) {
		if !more {
			return
		}
		m := newMatcher(keep)
		wholeA, wholeB := of(op.a, m.old), of(op.b, m.now)
		if m.end(); wholeA && wholeB {
			more = yield(m)
		}
	}
	for _, kind := range []flink.StreamKind{flink.ManagedOperatorStream, flink.RawKeyedStream} {
		match(func(s *side, yield func(*Entry)) bool { return s.unkeyed(kind, yield) })
	}
	if op.Regrouped() {
		match((*side).groups)
		return
	}
	groups := keyGroupsOf(slices.Concat(op.a.keyed, op.b.keyed))
	for g := groups.Start; g <= groups.End && more; g++ {
		match(func(s *side, yield func(*Entry)) bool { return s.group(checkpoint.KeyGroup(g), yield) })
	}
}

// Regrouped reports whether max parallelism differs, so that a key is in different key groups
// on both sides.
func (op *OperatorDiff) Regrouped() bool {
	return op.A != nil && op.B != nil && op.A.MaxParallelism != op.B.MaxParallelism
}

// Entries reads an operator again and yields the entries that differ, a key group after the
// other: of each state up to limit, or all if that is 0. It returns how many were left out,
// by index in op.States, and the first error of yield, which ends it.
func (d *Diff) Entries(op *OperatorDiff, limit int, yield func(Difference) error) (left []int64, err error) {
	left = make([]int64, len(op.States))
	shown := make([]int, len(op.States))
	open := map[stateID]int{} // states of which more is wanted
	for i, st := range op.States {
		if n := st.Differing(); n > 0 {
			open[st.id()], left[i] = i, n
		}
	}
	if len(open) == 0 {
		return left, nil
	}
	op.match(true, func(m *matcher) bool {
		for _, x := range m.differs {
			i, isOpen := open[x.Entry().State.id()]
			if !isOpen {
				continue
			}
			if err = yield(x); err != nil {
				return false
			}
			left[i]--
			if shown[i]++; shown[i] == limit {
				delete(open, op.States[i].id())
			}
		}
		return len(open) > 0
	})
	return left, err
}
