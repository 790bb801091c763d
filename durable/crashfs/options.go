package crashfs

import "iter"

// Options bound the work at one crash point.
type Options struct {
	// Limit: points with more states than this are sampled. 0 means 1<<20.
	Limit int
	// Samples is how many states are drawn at such a point. 0 means 1<<12.
	Samples int
	// Seed of the sampling. The same seed draws the same states.
	Seed uint64
	// Enough, if it is set, ends a [Sweep] early when it returns true: the scenario runs
	// on, and no further state is looked at. The report is of those that were.
	Enough func() bool
}

const (
	defaultLimit   = 1 << 20
	defaultSamples = 1 << 12
)

// Exhaustive reports whether [Point.States] yields every state.
func (p *Point) Exhaustive(o Options) bool {
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	return p.estimate() <= float64(o.Limit)
}

// States yields every state that a cut at this instant may leave: once each, except
// that states which differ in inodes only may come more than once. If there are more
// than o.Limit it yields a sample: first those in which at most three registers differ
// from "nothing is left" or from "everything is left", up to half of the sample; then, up
// to a quarter of it, for any two changes the state just after the second in which only
// the first is missing; then a random draw. The order is always the same.
//
// A State may be used until the next one is asked for.
func (p *Point) States(o Options) iter.Seq[*State] {
	if p.Exhaustive(o) {
		return func(yield func(*State) bool) {
			w := newWalk(p)
			w.push(0)
			w.all(yield)
		}
	}
	if o.Samples == 0 {
		o.Samples = defaultSamples
	}
	return func(yield func(*State) bool) { p.sample(o, yield) }
}
