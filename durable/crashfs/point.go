package crashfs

import (
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
)

// A Point is an instant at which the power may fail. It stays as it is, whatever is
// done to the file system afterwards.
type Point struct {
	model Model
	trace []string
	acks  []string

	nodes  []pnode  // what some state can reach; the root is the first
	groups []pgroup // the groups of effects on those directories
	hidden uint64   // how many values all other registers have between them

	tooMany bool // a group has too many outcomes to list
}

// A pnode is a file or directory as a Point sees it.
type pnode struct {
	num      int
	dir      bool
	mayLack  bool      // may be absent
	contents []content // of a file
	entries  []pentry  // of a directory, if no effect on it is pending
	group    int       // of a directory: the group with the effects on it, -1 if none
	own      uint64    // values of the node's own registers
}

// A pentry is an entry of a directory; node is an index into Point.nodes.
type pentry struct {
	name string
	node int
}

// A pgroup is a group with what it may come to. Outcomes with the same entries are one,
// and weigh as much as there are of them. If outcomes is nil they are too many to list.
type pgroup struct {
	group
	base     []dirEntries // nothing applied
	sets     [][]pset     // of each effect: what it sets
	dirs     []int        // of each effect: in which directory, -1 if nothing reaches it
	outcomes []outcome
	size     uint64
}

type pset struct {
	name string
	node int // -1: no entry
}

// An outcome is what a group of effects comes to in the directories it has to do with.
type outcome struct {
	dirs    []dirEntries
	applied *chain // the effects that got through, last first
	weight  uint64
}

type dirEntries struct {
	dir     int // index into Point.nodes
	entries []pentry
}

// A chain is a list that shares its tails.
type chain struct {
	effect int
	rest   *chain
}

// maxOutcomes bounds how many outcomes of one group are listed.
const (
	maxOutcomesLog2 = 16
	maxOutcomes     = 1 << maxOutcomesLog2
)

// Point freezes the present instant.
func (f *FS) Point() *Point {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.freeze()
}

func (f *FS) freeze() *Point {
	p := &Point{model: f.model, trace: slices.Clip(f.trace), acks: slices.Clip(f.acks), hidden: f.forgotten}
	groups := f.model.groups(f.pending)
	groupOf := map[*inode]int{}
	for i, g := range groups {
		for _, e := range g.effects {
			groupOf[e.dir] = i
		}
	}

	// Number what can be reached: through what is durable, and through every effect that
	// may get through. In order of inode numbers, so that all is the same every time.
	index := map[*inode]int{}
	var reached []*inode
	reach := func(n *inode) {
		if _, ok := index[n]; !ok && n != nil {
			index[n] = len(reached)
			reached = append(reached, n)
		}
	}
	reach(f.root)
	for i := 0; i < len(reached); i++ {
		n := reached[i]
		if !n.dir {
			continue
		}
		var next []*inode
		next = slices.AppendSeq(next, maps.Values(n.durable))
		if g, ok := groupOf[n]; ok {
			for _, e := range groups[g].effects {
				if e.dir == n {
					for _, s := range e.sets {
						if s.node != nil {
							next = append(next, s.node)
						}
					}
				}
			}
		}
		slices.SortFunc(next, func(a, b *inode) int { return a.num - b.num })
		for _, c := range next {
			reach(c)
		}
	}

	// Registers that nothing reaches only count.
	for _, n := range f.nodes {
		if _, ok := index[n]; !ok {
			p.hidden = mul(p.hidden, f.own(n))
		}
	}
	kept := map[int]int{}
	for i, g := range groups {
		if !slices.ContainsFunc(g.effects, func(e *effect) bool { _, ok := index[e.dir]; return ok }) {
			p.hidden = mul(p.hidden, g.size())
			continue
		}
		kept[i] = len(p.groups)
		pg := pgroup{group: g, size: g.size()}
		pg.freeze(index)
		p.tooMany = p.tooMany || pg.outcomes == nil
		p.groups = append(p.groups, pg)
	}
	for _, n := range reached {
		pn := pnode{num: n.num, dir: n.dir, mayLack: f.model.absent(n), group: -1, own: f.own(n)}
		if !n.dir {
			pn.contents = f.contentsOf(n)
		} else if g, ok := groupOf[n]; ok {
			pn.group = kept[g]
		} else {
			pn.entries = entriesOf(n.durable, index)
		}
		p.nodes = append(p.nodes, pn)
	}
	return p
}

func entriesOf(entries map[string]*inode, index map[*inode]int) []pentry {
	list := make([]pentry, 0, len(entries))
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		list = append(list, pentry{name, index[entries[name]]})
	}
	return list
}

// freeze lists the outcomes of the group, one effect after the other, and keeps those
// apart that differ.
func (g *pgroup) freeze(index map[*inode]int) {
	seen := map[*inode]bool{}
	for _, e := range g.effects {
		if i, ok := index[e.dir]; ok && !seen[e.dir] {
			seen[e.dir] = true
			g.base = append(g.base, dirEntries{i, entriesOf(e.dir.durable, index)})
		}
		var sets []pset
		for _, s := range e.sets {
			node := -1
			if s.node != nil {
				if i, ok := index[s.node]; ok {
					node = i
				}
			}
			sets = append(sets, pset{s.name, node})
		}
		g.sets = append(g.sets, sets)
		dir, ok := index[e.dir]
		if !ok {
			dir = -1
		}
		g.dirs = append(g.dirs, dir)
	}
	g.outcomes = []outcome{{dirs: g.base, weight: 1}}
	if g.sequence {
		for i := range g.effects {
			last := g.outcomes[len(g.outcomes)-1]
			g.outcomes = append(g.outcomes, g.apply(last, i))
		}
		return
	}
	if g.loners() > maxOutcomesLog2 {
		g.outcomes = nil
		return
	}
	known := map[string]int{keyOf(g.base): 0}
	for i := range g.effects {
		for _, o := range slices.Clone(g.outcomes) { // as they are without this effect
			o = g.apply(o, i)
			key := keyOf(o.dirs)
			if j, ok := known[key]; ok {
				g.outcomes[j].weight = add(g.outcomes[j].weight, o.weight)
				continue
			}
			known[key] = len(g.outcomes)
			g.outcomes = append(g.outcomes, o)
			if len(g.outcomes) > maxOutcomes {
				g.outcomes = nil
				return
			}
		}
	}
}

// loners counts effects on a single name that no other effect touches. Each of them
// doubles the number of outcomes, so that there is no need to list them to know that
// they are too many.
func (g *pgroup) loners() int {
	touched := map[place]int{}
	for e, sets := range g.sets {
		for _, s := range sets {
			touched[place{g.dirs[e], s.name}]++
		}
	}
	n := 0
	for e, sets := range g.sets {
		if len(sets) == 1 && touched[place{g.dirs[e], sets[0].name}] == 1 {
			n++
		}
	}
	return n
}

// apply is the outcome with one more effect.
func (g *pgroup) apply(o outcome, effect int) outcome {
	applied := outcome{applied: &chain{effect, o.applied}, weight: o.weight}
	for _, d := range o.dirs {
		if d.dir == g.dirs[effect] {
			d.entries = slices.Clone(d.entries)
			for _, s := range g.sets[effect] {
				d.entries = setEntry(d.entries, s)
			}
		}
		applied.dirs = append(applied.dirs, d)
	}
	return applied
}

func setEntry(entries []pentry, s pset) []pentry {
	i, found := slices.BinarySearchFunc(entries, s.name, func(e pentry, name string) int {
		return strings.Compare(e.name, name)
	})
	switch {
	case s.node < 0 && found:
		return slices.Delete(entries, i, i+1)
	case s.node < 0:
		return entries
	case found:
		entries[i].node = s.node
		return entries
	}
	return slices.Insert(entries, i, pentry{s.name, s.node})
}

func keyOf(dirs []dirEntries) string {
	var b []byte
	for _, d := range dirs {
		for _, e := range d.entries {
			b = append(b, e.name...)
			b = append(b, 0, byte(e.node), byte(e.node>>8), byte(e.node>>16), byte(e.node>>24))
		}
		b = append(b, '/')
	}
	return string(b)
}

// Op is how many operations came before this instant.
func (p *Point) Op() int { return len(p.trace) }

// Trace lists those operations.
func (p *Point) Trace() []string { return p.trace }

// Size is how many combinations of register values a cut at this instant may leave,
// whether they can be told apart or not. It stops at the largest uint64.
func (p *Point) Size() uint64 {
	size := p.hidden
	for _, g := range p.groups {
		size = mul(size, g.size)
	}
	for _, n := range p.nodes {
		size = mul(size, n.own)
	}
	return size
}

// estimate is about how many states the walk over all of them visits: combinations
// of registers that are reachable and differ. It is exact as long as no file or
// directory can be reached by two ways.
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
		return 1 // a directory within itself, by two renames: it is left out
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
			if shared { // what was counted under another outcome is no longer right
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

func (o *outcome) entriesOf(dir int) []pentry {
	for _, d := range o.dirs {
		if d.dir == dir {
			return d.entries
		}
	}
	return nil
}

// Options bound the work at one crash point.
type Options struct {
	// Limit: points with more states than this are sampled. 0 means 1<<20.
	Limit int
	// Samples is how many states are drawn at such a point. 0 means 1<<12.
	Samples int
	// Seed of the sampling. The same seed draws the same states.
	Seed uint64
}

const (
	defaultLimit   = 1 << 20
	defaultSamples = 1 << 12
)

// Exhaustive tells whether [Point.States] yields every state.
func (p *Point) Exhaustive(o Options) bool {
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	return p.estimate() <= float64(o.Limit)
}

// States yields every state that a cut at this instant may leave: once each, except
// that states which differ in inodes only may come more than once. If there are more
// than o.Limit it yields a sample: first those in which at most two registers differ
// from "nothing got through" or from "everything got through", as far as they are not
// more than half of the sample, then a random draw.
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
