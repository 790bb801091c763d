package crashfs

import (
	"maps"
	"slices"
)

// A Point is an instant at which the power may fail. It stays as it is, whatever is
// done to the file system afterwards.
type Point struct {
	model Model
	trace []string
	acks  []string
	alike func(string) string

	nodes  []pnode  // what some state can reach; the root is the first
	groups []pgroup // the groups of effects on those directories
	hidden uint64   // how many combinations of values all other registers have

	tooMany bool // a group has too many outcomes to list
}

// A pnode is a file or directory as a Point sees it.
type pnode struct {
	num      int
	dir      bool
	kin      string
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

// Point freezes the present instant.
func (f *FS) Point() *Point {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.freeze()
}

func (f *FS) freeze() *Point {
	p := &Point{model: f.model, trace: slices.Clip(f.trace), acks: slices.Clip(f.acks),
		alike: f.alike, hidden: f.forgotten}
	groups := f.model.groups(f.pending)
	groupOf := map[*inode]int{}
	for i, g := range groups {
		for _, e := range g.effects {
			groupOf[e.dir] = i
		}
	}

	// Number what can be reached: through what is durable, and through every effect that
	// a cut may leave. In order of inode numbers, so that the result is always the same.
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

	// Registers that cannot be reached only multiply the number of states.
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
		pn := pnode{num: n.num, dir: n.dir, kin: n.kin, mayLack: f.model.absent(n), group: -1, own: f.own(n)}
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
