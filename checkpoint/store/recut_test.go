package store

import (
	"fmt"

	"github.com/weirstream/weir/durable/crashfs"
)

// A tally counts what was looked at.
type tally struct {
	states   uint64 // one by one
	distinct uint64 // of them, those that were not known yet, and were judged
	recut    uint64 // recoveries in which the power was cut again
	sampled  uint64 // points with too many states to look at all of them
}

func (t *tally) add(o tally) {
	t.states += o.states
	t.distinct += o.distinct
	t.recut += o.recut
	t.sampled += o.sampled
}

func (t tally) minus(o tally) tally {
	return tally{t.states - o.states, t.distinct - o.distinct, t.recut - o.recut, t.sampled - o.sampled}
}

// A recutter judges states, and lets the power fail again in the recovery from each, at
// every operation of it, as often as depth says. What a second cut leaves is often what
// another one has left: the verdicts are shared.
type recutter struct {
	*world
	options crashfs.Options // of the scenario
	again   crashfs.Options // of recoveries
	share   int             // of the states, one in so many has its recovery cut; 0 is all
	tell    func(tally)     // is told from time to time what was looked at since; nil is not told

	known []map[crashfs.Fingerprint]error // by how many more cuts there are to come
	found bool                            // something that is bad
	tally tally
	told  tally
}

func newRecutter(w *world, depth int, o crashfs.Options) *recutter {
	r := &recutter{world: w, options: o, again: o}
	for range depth + 1 {
		r.known = append(r.known, map[crashfs.Fingerprint]error{})
	}
	w.verdicts = r.known[0]
	return r
}

// sweep looks at every state of a scenario.
func (r *recutter) sweep(scenario func() error) (*crashfs.Report, error) {
	return r.sweepOn(r.disk, r.options, len(r.known)-1, scenario)
}

func (r *recutter) sweepOn(disk *crashfs.FS, o crashfs.Options, depth int, scenario func() error) (*crashfs.Report, error) {
	report, err := crashfs.Sweep(disk, o, scenario, func(s *crashfs.State) error { return r.judge(s, depth) })
	r.tally.states += report.Visited
	r.tally.sampled += uint64(report.Sampled)
	return report, err
}

func (r *recutter) judge(state *crashfs.State, depth int) error {
	id := state.Fingerprint()
	err, known := r.known[depth][id]
	if known {
		return err
	}
	if depth == 0 {
		err = r.oracle(state)
		r.tally.distinct++
		if r.tally.distinct%1000 == 0 {
			r.flush()
		}
	} else {
		err = r.recut(state, depth-1)
	}
	r.known[depth][id] = err
	r.found = r.found || err != nil
	return err
}

func (r *recutter) flush() {
	if r.tell != nil {
		r.tell(r.tally.minus(r.told))
		r.told = r.tally
	}
}

// recut judges the state, and the states after a cut in the recovery from it.
func (r *recutter) recut(state *crashfs.State, depth int) error {
	if err := r.judge(state, 0); err != nil {
		return err
	}
	if id := state.Fingerprint(); r.share > 0 && (int(id[0])<<8|int(id[1]))%r.share != 0 {
		return nil
	}
	r.tally.recut++
	again := *r.world
	again.disk = state.FS()
	again.fs = again.disk
	report, err := r.sweepOn(again.disk, r.again, depth, func() error { _, err := again.restart(); return err })
	if err == nil && report.Bad > 0 {
		err = fmt.Errorf("after a second cut: %w", report.Err())
	}
	return err
}
