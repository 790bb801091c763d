package crashfs

import "fmt"

// Lying is m on a disk that says "done" and does nothing: each sync has no effect with
// probability p. Which ones depends on the seed and on how many operations came before.
//
// No protocol keeps its promises on such a disk. It shows that damage is noticed: what
// recovery hands out must be older or absent, never torn.
func Lying(m Model, p float64, seed uint64) Model { return lying{m, p, seed} }

type lying struct {
	Model
	p    float64
	seed uint64
}

func (l lying) String() string {
	return fmt.Sprintf("%v, lying %g with seed %#x", l.Model, l.p, l.seed)
}

func (l lying) ignores(op int) bool {
	r := random(l.seed ^ uint64(op)<<32)
	return float64(r.next()>>11) < l.p*(1<<53)
}
