package main

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

type diffOptions struct {
	of     selection
	asJSON bool
	keys   bool
	limit  int // differing entries of a state; 0 is all
}

func (t *tool) diffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare the state in two checkpoints or savepoints",
		Long: `Compare the state in two checkpoints or savepoints: of one job at two times, or
of Weir and of Flink. Told are the operators and states that were added and
removed, states whose types have changed, and how many entries of each were
added, removed and changed from A to B; with --keys the entries, too.

A and B are what PATH is for "weir inspect". Entries are compared by key and
namespace, elements of operator state as such, whatever subtask has them and
however they are laid out: the parallelism does not matter. In memory is what one
key group has; if the numbers of key groups (max parallelism) differ, which is a
difference itself, all keyed state of an operator.

State that cannot be decoded here is compared byte by byte. If it is not the same
it is not known whether it differs, and that is said.`,
		Example: `  weir diff weir-data/<job>/chk-16 weir-data/<job>/chk-17
  weir diff --keys --state count weir-data/<job>/chk-16 weir-data/<job>
  weir diff --json savepoint-7bd90b-3a2cda6957cb weir-data/<job>`,
		Annotations: map[string]string{"exit codes": `  0  the state is the same
  1  it differs
  2  wrong usage, something is damaged or could not be read; or what could be
     compared is the same, and something could not be compared`},
		Args:              twoPaths,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.settleLimit(cmd, &o.limit, o.asJSON); err != nil {
				return err
			}
			return t.diff(args[0], args[1], o)
		},
	}
	o.of.addFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.asJSON, "json", false, "write JSON, one object a line")
	f.BoolVar(&o.keys, "keys", false, "show the entries that differ, too")
	addLimitFlag(cmd, &o.limit)
	return cmd
}

// A diffing is a comparison of two checkpoints.
type diffing struct {
	diffOptions
	t         *tool
	a, b      *view
	operators []*operatorDiff
	hooks     bool // the states of Flink's coordinator hooks differ
	errs      []error
}

// An operatorDiff is an operator in either checkpoint, and how it differs.
type operatorDiff struct {
	id         checkpoint.OperatorID
	a, b       *side
	states     []*stateDiff
	uncompared []uncompared
}

// A stateDiff is a state in either checkpoint, and how it differs.
type stateDiff struct {
	id      stateID
	a, b    *stateInfo // nil where it is missing
	retyped []string   // what of its types has changed
	tally
}

// An uncompared is state of an operator that could not be compared, and is not the same
// byte by byte.
type uncompared struct {
	kind flink.StreamKind
	why  []string
}

func (t *tool) diff(givenA, givenB string, o diffOptions) error {
	d := &diffing{diffOptions: o, t: t}
	if err := d.compare(givenA, givenB); err != nil {
		return errors.New(err.Error()) // what is damaged cannot be compared, and is no difference
	}
	var err error
	if o.asJSON {
		err = d.writeJSON()
	} else {
		err = d.writeText()
	}
	return cmp.Or(err, d.verdict())
}

// compare opens both and counts what differs.
func (d *diffing) compare(givenA, givenB string) error {
	a, err := d.t.oneCheckpoint(givenA)
	if err != nil {
		return err
	}
	b, err := d.t.oneCheckpoint(givenB)
	if err != nil {
		return err
	}
	fsys, m := d.t.measure(fmt.Sprintf("comparing %s and %s", path.Base(a.name), path.Base(b.name)))
	defer m.stop()
	if d.a, err = d.open(fsys, a); err != nil {
		return err
	}
	if d.b, err = d.open(fsys, b); err != nil {
		return err
	}
	m.total.Store(stateBytes(d.a.c) + stateBytes(d.b.c))
	if err := d.pair(); err != nil {
		return err
	}
	for _, op := range d.operators {
		d.count(op)
	}
	d.hooks = !slices.EqualFunc(d.a.c.Meta.MasterStates, d.b.c.Meta.MasterStates, func(x, y flink.MasterState) bool {
		return x.Name == y.Name && x.Version == y.Version && string(x.Payload) == string(y.Payload)
	})
	return nil
}

func (d *diffing) open(fsys durable.FS, p place) (*view, error) {
	v, err := d.t.view(fsys, p, d.of)
	if err == nil {
		v.reader.headers = true
	}
	return v, err
}

// pair finds the operators of both, and makes sure that what is asked for is in either.
func (d *diffing) pair() error {
	for _, uid := range d.a.unused {
		if slices.Contains(d.b.unused, uid) {
			return fmt.Errorf("no operator has the uid %q; without --uid operators are shown by their ids", uid)
		}
	}
	statesA, statesB := d.a.list(), d.b.list()
	d.a.reader.headers, d.b.reader.headers = false, false
	switch {
	case d.of.operator != "" && len(d.a.operators)+len(d.b.operators) == 0:
		return fmt.Errorf("no operator has the id, uid or name %q; without --operator all are compared", d.of.operator)
	case d.of.state != "" && !statesA[d.of.state] && !statesB[d.of.state]:
		return fmt.Errorf("no state is called %q; without --state all are compared", d.of.state)
	}
	byID := map[checkpoint.OperatorID]*operatorContent{}
	for _, op := range d.b.operators {
		byID[op.ID] = op
	}
	for _, a := range d.a.operators {
		d.operators = append(d.operators, newOperatorDiff(d, a, byID[a.ID]))
		delete(byID, a.ID)
	}
	for _, b := range d.b.operators {
		if byID[b.ID] != nil {
			d.operators = append(d.operators, newOperatorDiff(d, nil, b))
		}
	}
	return nil
}

func newOperatorDiff(d *diffing, a, b *operatorContent) *operatorDiff {
	op := &operatorDiff{a: newSide(d.a, a), b: newSide(d.b, b)}
	byID := map[stateID]*stateDiff{}
	gather := func(s *side, set func(*stateDiff, *stateInfo)) {
		if s.op == nil {
			return
		}
		op.id = s.op.ID
		for _, h := range s.op.handles {
			for _, info := range h.States {
				if s.wanted(info) {
					set(op.state(byID, info.id()), info)
				}
			}
		}
	}
	gather(op.a, func(st *stateDiff, info *stateInfo) { st.a = cmp.Or(st.a, info) })
	gather(op.b, func(st *stateDiff, info *stateInfo) { st.b = cmp.Or(st.b, info) })
	op.states = slices.DeleteFunc(op.states, func(st *stateDiff) bool {
		st.retyped = retyped(st.a, st.b)
		return st.a == nil && op.a.blind(st.id.kind()) || st.b == nil && op.b.blind(st.id.kind()) // it may be there
	})
	return op
}

func (op *operatorDiff) state(byID map[stateID]*stateDiff, id stateID) *stateDiff {
	st := byID[id]
	if st == nil {
		st = &stateDiff{id: id}
		byID[id] = st
		op.states = append(op.states, st)
	}
	return st
}

// count counts how the entries of an operator compare.
func (d *diffing) count(op *operatorDiff) {
	byID := map[stateID]*stateDiff{}
	for _, st := range op.states {
		byID[st.id] = st
	}
	op.each(false, func(m *matcher) bool {
		for id, t := range m.tallies {
			if st := byID[id]; st != nil {
				st.add(*t)
			}
		}
		return true
	})
	if op.a.op != nil && op.b.op != nil {
		op.undecoded(d.of.state == "")
	}
	d.errs = append(d.errs, op.a.errs...)
	d.errs = append(d.errs, op.b.errs...)
}

// undecoded compares byte by byte what was not compared by its entries; all of it or,
// where somebody asks for a state, only what might have that.
func (op *operatorDiff) undecoded(all bool) {
	for kind := flink.CoordinatorStream; kind <= flink.ResultSubpartitionStream; kind++ {
		var why []string
		switch kind {
		case flink.ManagedOperatorStream, flink.ManagedKeyedStream, flink.RawKeyedStream:
			for _, w := range slices.Concat(op.a.unread[kind], op.b.unread[kind]) {
				if !slices.Contains(why, w) {
					why = append(why, w)
				}
			}
		default:
			if all {
				why = []string{"only the job knows what is in it"}
			}
		}
		if len(why) > 0 && !slices.Equal(op.a.prints(kind), op.b.prints(kind)) {
			op.uncompared = append(op.uncompared, uncompared{kind, why})
		}
	}
}

// each matches the entries of an operator, a key group at a time, and yields each match
// that is complete, until that returns false.
func (op *operatorDiff) each(keep bool, yield func(*matcher) bool) {
	defer op.a.rewind()
	defer op.b.rewind()
	more := true
	match := func(of func(*side, func(entry)) bool) {
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
		match(func(s *side, yield func(entry)) bool { return s.unkeyed(kind, yield) })
	}
	if op.regrouped() {
		match((*side).groups)
		return
	}
	from, to := keyGroupsOf(slices.Concat(op.a.keyed, op.b.keyed))
	for g := from; g <= to && more; g++ {
		match(func(s *side, yield func(entry)) bool { return s.group(checkpoint.KeyGroup(g), yield) })
	}
}

// regrouped tells that a key is in different key groups on both sides.
func (op *operatorDiff) regrouped() bool {
	return op.a.op != nil && op.b.op != nil && op.a.op.MaxParallelism != op.b.op.MaxParallelism
}

// verdict ends the verb by what was found.
func (d *diffing) verdict() error {
	if err := d.t.sayAll(d.asJSON, d.plainErrors()); err != nil {
		return err
	}
	switch d.exitCode() {
	case exitDifferent:
		return errDifferent
	case exitFailed:
		return errSaid
	}
	return nil
}

// plainErrors are the errors without what would make them damage, which has an exit code
// of its own elsewhere.
func (d *diffing) plainErrors() []error {
	errs := make([]error, len(d.errs))
	for i, err := range d.errs {
		errs[i] = errors.New(err.Error())
	}
	return errs
}

// exitCode is what the comparison ends with.
func (d *diffing) exitCode() int {
	different, unknown := d.hooks, false
	for _, op := range d.operators {
		different = different || op.differs()
		unknown = unknown || len(op.uncompared) > 0
	}
	switch {
	case len(d.errs) > 0:
		return exitFailed
	case different:
		return exitDifferent
	case unknown:
		return exitFailed
	}
	return exitGood
}
