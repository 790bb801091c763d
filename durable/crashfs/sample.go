package crashfs

// sample yields states at a point that has too many of them.
func (p *Point) sample(o Options, yield func(*State) bool) {
	s := sampler{p: p, w: newWalk(p), left: o.Samples, yield: yield}
	if s.few(o.Samples / 2) {
		return
	}
	r := random(o.Seed ^ uint64(p.Op())<<32)
	for s.left > 0 {
		if s.random(&r) {
			return
		}
	}
}

type sampler struct {
	p     *Point
	w     *walk
	left  int
	yield func(*State) bool
}

// A choice is one value for every register: of each group the effects that got through
// (of a sequence, how many), of each node its content, or -1 for absent.
type choice struct {
	applied [][]bool
	prefix  []int
	content []int
}

// extreme is the choice in which nothing got through, or everything.
func (p *Point) extreme(everything bool) choice {
	var c choice
	for _, g := range p.groups {
		applied := make([]bool, len(g.effects))
		prefix := 0
		if everything {
			for i := range applied {
				applied[i] = true
			}
			prefix = len(g.effects)
		}
		c.applied = append(c.applied, applied)
		c.prefix = append(c.prefix, prefix)
	}
	for _, n := range p.nodes {
		content := 0
		switch {
		case everything:
			for i, x := range n.contents {
				if x.class == whole {
					content = i
				}
			}
		case n.mayLack:
			content = -1
		}
		c.content = append(c.content, content)
	}
	return c
}

// A change makes one register deviate; undo takes it back.
type change func(c *choice) (undo func())

// changes lists every deviation of one register.
func (p *Point) changes() []change {
	var list []change
	for g := range p.groups {
		for e := range p.groups[g].effects {
			if p.groups[g].sequence {
				list = append(list, func(c *choice) func() {
					before := c.prefix[g]
					if c.prefix[g] = e; e >= before {
						c.prefix[g] = e + 1
					}
					return func() { c.prefix[g] = before }
				})
				continue
			}
			list = append(list, func(c *choice) func() {
				c.applied[g][e] = !c.applied[g][e]
				return func() { c.applied[g][e] = !c.applied[g][e] }
			})
		}
	}
	for n := range p.nodes {
		first := 0
		if p.nodes[n].mayLack {
			first = -1
		}
		last := len(p.nodes[n].contents)
		if p.nodes[n].dir {
			last = 1
		}
		if last-first < 2 {
			continue
		}
		for v := first; v < last; v++ {
			list = append(list, func(c *choice) func() {
				before := c.content[n]
				c.content[n] = v
				return func() { c.content[n] = before }
			})
		}
	}
	return list
}

// few yields the two extremes, what deviates from them in one register, and what
// deviates in two, but no more than limit states. It says whether no more is wanted.
func (s *sampler) few(limit int) (stop bool) {
	changes := s.p.changes()
	limit = s.left - limit
	bases := []choice{s.p.extreme(false), s.p.extreme(true)}
	for i := range bases {
		if s.emit(&bases[i]) {
			return true
		}
	}
	for i := range bases {
		for _, change := range changes {
			if s.left <= limit {
				return false
			}
			undo := change(&bases[i])
			if s.emit(&bases[i]) {
				return true
			}
			undo()
		}
	}
	for i := range bases {
		for j, first := range changes {
			undoFirst := first(&bases[i])
			for _, second := range changes[j+1:] {
				if s.left <= limit {
					return false
				}
				undo := second(&bases[i])
				if s.emit(&bases[i]) {
					return true
				}
				undo()
			}
			undoFirst()
		}
	}
	return false
}

// random yields one state of registers drawn independently; how likely an effect is to
// get through is drawn for each group, so that nearly empty and nearly complete
// directories are as likely as half-filled ones.
func (s *sampler) random(r *random) (stop bool) {
	const steps = 16
	c := s.p.extreme(false)
	for g := range s.p.groups {
		n := len(s.p.groups[g].effects)
		c.prefix[g] = r.below(n + 1)
		bias := r.below(steps + 1)
		for e := range c.applied[g] {
			c.applied[g][e] = r.below(steps) < bias
		}
	}
	for n := range s.p.nodes {
		first := 0
		if s.p.nodes[n].mayLack {
			first = -1
		}
		c.content[n] = first + r.below(max(1, len(s.p.nodes[n].contents))-first)
	}
	return s.emit(&c)
}

// emit yields the state that the choice comes to.
func (s *sampler) emit(c *choice) (stop bool) {
	w := s.w
	w.unlist(0)
	w.push(0)
	clear(w.outcome)
	for w.next = 0; w.next < len(w.todo); w.next++ {
		i := w.todo[w.next]
		n := &s.p.nodes[i]
		w.lacking[i] = n.mayLack && c.content[i] < 0
		switch {
		case w.lacking[i]:
		case !n.dir:
			w.content[i] = max(0, c.content[i])
		case n.group < 0:
			w.list(i, n.entries)
		default:
			if w.outcome[n.group] == nil {
				w.drawn[n.group] = s.p.groups[n.group].outcomeOf(c.applied[n.group], c.prefix[n.group])
				w.outcome[n.group] = &w.drawn[n.group]
			}
			w.list(i, w.outcome[n.group].entriesOf(i))
		}
	}
	s.left--
	w.state.reset()
	return !s.yield(&w.state)
}

// outcomeOf computes one outcome of a group, listed or not.
func (g *pgroup) outcomeOf(applied []bool, prefix int) outcome {
	o := outcome{dirs: g.base, weight: 1}
	for e := range g.effects {
		if g.sequence && e < prefix || !g.sequence && applied[e] {
			o = g.apply(o, e)
		}
	}
	return o
}
