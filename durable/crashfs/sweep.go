package crashfs

import (
	"errors"
	"fmt"
	"strings"
)

// Sweep runs scenario on f and looks at every state that a power cut may leave: before
// the first operation and after every operation until scenario returns. For each state
// it calls check, which runs recovery on [State.FS] and returns an error if the
// contract is broken.
//
// check is called once for each distinct state and must give the same verdict for the same
// state. It must not use f, which is locked meanwhile; nor may anything that check waits
// for. Recovery can be swept in turn, on the file system of the state.
//
// The error is that of scenario. What check found is in the report.
func Sweep(f *FS, o Options, scenario func() error, check func(*State) error) (*Report, error) {
	s := sweeper{options: o, check: check, verdicts: map[Fingerprint]error{}, report: &Report{Model: f.model, Seed: o.Seed}}
	f.mu.Lock()
	f.atPoint = s.point
	f.mu.Unlock()
	err := scenario()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.atPoint = nil
	s.point(f.freeze())
	s.report.Ops = len(f.trace)
	return s.report, err
}

// A Report counts what a [Sweep] saw.
type Report struct {
	Model  Model
	Ops    int // operations
	Points int // instants at which the power was cut

	// States is how many combinations of register values there were at all points.
	// Visited is how many of them were looked at one by one: those that differ only in
	// what cannot be reached look the same and are looked at once.
	States  uint64
	Visited uint64

	Distinct int    // states that can be told apart, over all points
	Bad      uint64 // of States, those for which check returned an error; at sampled points, of Visited

	// Sampled is how many points had too many states to look at all of them, and Seed
	// what the sample was drawn with. If Sampled is 0 the sweep saw everything.
	Sampled int
	Seed    uint64

	Failures []Failure // the first few distinct bad states
}

// A Failure is a state for which check returned an error.
type Failure struct {
	Err   error
	State string   // as State.String shows it
	Trace []string // the operations before the cut
	FS    *FS      // for a look at it, or for running recovery on it again
}

const maxFailures = 3

// Err is nil if check returned no error; otherwise it has the first few.
func (r *Report) Err() error {
	if r.Bad == 0 {
		return nil
	}
	errs := []error{fmt.Errorf("%s", r)}
	for _, f := range r.Failures {
		errs = append(errs, fmt.Errorf("%w\n%s  after\n    %s", f.Err, f.State, strings.Join(f.Trace, "\n    ")))
	}
	return errors.Join(errs...)
}

func (r *Report) String() string {
	s := fmt.Sprintf("%s: %d operations, %d states, %d visited, %d distinct, %d bad",
		r.Model, r.Ops, r.States, r.Visited, r.Distinct, r.Bad)
	if r.Sampled > 0 {
		s += fmt.Sprintf("; %d of %d points sampled with seed %#x", r.Sampled, r.Points, r.Seed)
	}
	return s
}

type sweeper struct {
	options  Options
	check    func(*State) error
	verdicts map[Fingerprint]error
	report   *Report
}

func (s *sweeper) point(p *Point) {
	enough := s.options.Enough
	if enough == nil {
		enough = func() bool { return false }
	}
	if enough() {
		return
	}
	r := s.report
	r.Points++
	r.States = add(r.States, p.Size())
	exhaustive := p.Exhaustive(s.options)
	if !exhaustive {
		r.Sampled++
	}
	for state := range p.States(s.options) {
		if enough() {
			break
		}
		r.Visited++
		if s.verdict(state) == nil {
			continue
		}
		weight := uint64(1)
		if exhaustive {
			weight = state.Weight()
		}
		r.Bad = add(r.Bad, weight)
	}
	r.Distinct = len(s.verdicts)
}

func (s *sweeper) verdict(state *State) error {
	id := state.Fingerprint()
	err, known := s.verdicts[id]
	if known {
		return err
	}
	err = s.check(state)
	s.verdicts[id] = err
	if err != nil && len(s.report.Failures) < maxFailures {
		s.report.Failures = append(s.report.Failures,
			Failure{Err: err, State: state.String(), Trace: state.Point().Trace(), FS: state.FS()})
	}
	return err
}
