package crashfs

// A walk makes states: it goes through the tree from the root and decides one register
// after the other, but only registers that can be reached by what is decided so far. All
// values of the others lead to the same tree; they count in the state's weight.
type walk struct {
	p *Point

	todo []int // nodes that are part of the state, in the order in which they were found
	next int   // the first of them that is not decided

	seen    []bool     // node is in todo
	home    []place    // of a directory: where it was found first
	lacking []bool     // node is absent
	content []int      // of a decided file: which content
	entries [][]pentry // of a decided directory
	outcome []*outcome // of a decided group
	drawn   []outcome  // room for outcomes that are not listed

	state State
	buf   []byte
}

// A place is an entry of a directory: the only one through which a directory can be
// reached. If a cut has left it two names the second is dropped, as the check of a file
// system does.
type place struct {
	dir  int
	name string
}

func newWalk(p *Point) *walk {
	w := &walk{
		p:       p,
		seen:    make([]bool, len(p.nodes)),
		home:    make([]place, len(p.nodes)),
		lacking: make([]bool, len(p.nodes)),
		content: make([]int, len(p.nodes)),
		entries: make([][]pentry, len(p.nodes)),
		outcome: make([]*outcome, len(p.groups)),
		drawn:   make([]outcome, len(p.groups)),
	}
	w.state.w = w
	w.home[0] = place{dir: -1}
	return w
}

func (w *walk) push(node int) {
	w.seen[node] = true
	w.todo = append(w.todo, node)
}

// list sets the entries of directory dir and adds what they name to the nodes to decide. It
// returns how many of these there were before.
func (w *walk) list(dir int, entries []pentry) (mark int) {
	mark = len(w.todo)
	w.entries[dir] = entries
	for _, e := range entries {
		if !w.seen[e.node] {
			w.home[e.node] = place{dir, e.name}
			w.push(e.node)
		}
	}
	return mark
}

func (w *walk) unlist(mark int) {
	for _, n := range w.todo[mark:] {
		w.seen[n] = false
	}
	w.todo = w.todo[:mark]
}

// all yields every state that agrees with what is decided. It reports whether the caller
// wants more.
func (w *walk) all(yield func(*State) bool) bool {
	if w.next == len(w.todo) {
		w.state.reset()
		return yield(&w.state)
	}
	i := w.todo[w.next]
	n := &w.p.nodes[i]
	w.next++
	defer func() { w.next-- }()

	if n.mayLack {
		w.lacking[i] = true
		more := w.all(yield)
		w.lacking[i] = false
		if !more {
			return false
		}
	}
	if !n.dir {
		for c := range n.contents {
			w.content[i] = c
			if !w.all(yield) {
				return false
			}
		}
		return true
	}
	if n.group < 0 {
		return w.below(i, n.entries, yield)
	}
	if o := w.outcome[n.group]; o != nil {
		return w.below(i, o.entriesOf(i), yield)
	}
	g := &w.p.groups[n.group]
	defer func() { w.outcome[n.group] = nil }()
	for j := range g.outcomes {
		w.outcome[n.group] = &g.outcomes[j]
		if !w.below(i, g.outcomes[j].entriesOf(i), yield) {
			return false
		}
	}
	return true
}

func (w *walk) below(dir int, entries []pentry, yield func(*State) bool) bool {
	mark := w.list(dir, entries)
	more := w.all(yield)
	w.unlist(mark)
	return more
}

// weight is how many combinations of register values lead to the present state.
func (w *walk) weight() uint64 {
	weight := w.p.hidden
	for i := range w.p.groups {
		if o := w.outcome[i]; o != nil {
			weight = mul(weight, o.weight)
		} else {
			weight = mul(weight, w.p.groups[i].size)
		}
	}
	for i := range w.p.nodes {
		n := &w.p.nodes[i]
		switch {
		case !w.seen[i]:
			weight = mul(weight, n.own)
		case w.lacking[i]:
			// one value of its own registers
		case !n.dir:
			weight = mul(weight, n.contents[w.content[i]].weight)
		}
	}
	return weight
}
