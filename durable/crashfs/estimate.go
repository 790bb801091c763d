package crashfs

import (
	"math"
	"slices"
)

// estimate is about how many states the walk over all of them visits: combinations of
// registers that can be reached and that differ. It is exact as long as no file or
// directory can be reached in two ways.
func (p *Point) estimate() float64 {
	if p.tooMany {
		return math.Inf(1)
	}
	c := counter{p: p, memo: make([]float64, len(p.nodes)), chosen: make([]*outcome, len(p.groups))}
	return c.node(0)
}

type counter struct {
	p      *Point
	memo   []float64 // 0 for not known, -1 for being counted
	chosen []*outcome
}

func (c *counter) node(i int) float64 {
	n := &c.p.nodes[i]
	switch {
	case c.memo[i] < 0:
		return 1 // a directory within itself, after two renames: it is left out
	case c.memo[i] > 0:
		return c.memo[i]
	}
	c.memo[i] = -1
	total := 0.0
	switch {
	case !n.dir:
		total = float64(len(n.contents))
	case n.group < 0:
		total = c.entries(n.entries)
	case c.chosen[n.group] != nil:
		total = c.entries(c.chosen[n.group].entriesOf(i))
	default:
		g := &c.p.groups[n.group]
		shared := len(g.base) > 1
		for j := range g.outcomes {
			c.chosen[n.group] = &g.outcomes[j]
			if shared { // what was counted with another outcome is no longer right
				saved := slices.Clone(c.memo)
				total += c.entries(g.outcomes[j].entriesOf(i))
				copy(c.memo, saved)
			} else {
				total += c.entries(g.outcomes[j].entriesOf(i))
			}
		}
		c.chosen[n.group] = nil
	}
	if n.mayLack {
		total++
	}
	c.memo[i] = total
	return total
}

func (c *counter) entries(entries []pentry) float64 {
	product := 1.0
	for _, e := range entries {
		product *= c.node(e.node)
	}
	return product
}
