package crashfs

import "slices"

// sample yields states at a point that has too many of them: those near one of the
// extremes, those in which one thing overtook another, and others.
func (p *Point) sample(o Options, yield func(*State) bool) {
	s := sampler{p: p, w: newWalk(p), left: o.Samples, yield: yield}
	if s.few(o.Samples/2) || s.overtaken(o.Samples/4) {
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

// A choice is one value for every register: of each group the effects that are left (of a
// sequence, how many of them), of each node its content, or -1 for absent.
type choice struct {
	applied [][]bool
	prefix  []int
	content []int
}

// extreme is the choice in which nothing is left of what is pending, or everything.
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

// A change gives one register another value; undo gives it the former one.
type change func(c *choice) (undo func())

// changes lists every change of one register.
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

// maxDeviations is how many registers differ from an extreme in what few yields.
const maxDeviations = 3

// few yields the two extremes, and states that differ from them in one register, in two
// and in three: beside the extremes no more than limit states. It reports whether the
// caller wants no more.
func (s *sampler) few(limit int) (stop bool) {
	end := s.left - limit
	changes := s.p.changes()
	bases := []choice{s.p.extreme(false), s.p.extreme(true)}
	for i := range bases {
		if s.emit(&bases[i]) {
			return true
		}
	}
	for deviations := 1; deviations <= maxDeviations; deviations++ {
		for i := range bases {
			if s.deviate(&bases[i], changes, deviations, end) {
				return true
			}
		}
	}
	return false
}

// deviate yields the states that differ from c by so many changes, until only end states of
// the sample are left.
func (s *sampler) deviate(c *choice, changes []change, deviations, end int) (stop bool) {
	if deviations == 0 {
		return s.left > end && s.emit(c)
	}
	for i, change := range changes {
		if s.left <= end {
			return false
		}
		undo := change(c)
		stop = s.deviate(c, changes[i+1:], deviations-1, end)
		undo()
		if stop {
			return true
		}
	}
	return false
}

// overtaken yields, for every two things, the state just after the second of them in
// which everything is left that came before but the first. The first is a change of a
// name, or the bytes of a file. It yields no more than limit states.
func (s *sampler) overtaken(limit int) (stop bool) {
	end := s.left - limit
	everything := s.p.extreme(true)
	for _, second := range s.p.inOrder() {
		c := s.p.upTo(second)
		for g := range s.p.groups {
			for e, first := range s.p.groups[g].effects {
				if s.p.groups[g].sequence || first.num >= second {
					continue
				}
				if s.left <= end {
					return false
				}
				c.applied[g][e] = false
				if s.emit(&c) {
					return true
				}
				c.applied[g][e] = true
			}
		}
		for n := range s.p.nodes {
			for v := range s.p.nodes[n].contents {
				if v == everything.content[n] {
					continue
				}
				if s.left <= end {
					return false
				}
				c.content[n] = v
				if s.emit(&c) {
					return true
				}
				c.content[n] = everything.content[n]
			}
		}
	}
	return false
}

// inOrder lists the numbers of all effects.
func (p *Point) inOrder() (nums []int) {
	for _, g := range p.groups {
		for _, e := range g.effects {
			nums = append(nums, e.num)
		}
	}
	slices.Sort(nums)
	return nums
}

// upTo is the choice in which every effect up to that number is left, none after it, and
// the bytes of every file.
func (p *Point) upTo(num int) choice {
	c := p.extreme(true)
	for g := range p.groups {
		c.prefix[g] = 0
		for e, effect := range p.groups[g].effects {
			c.applied[g][e] = effect.num <= num
			if c.applied[g][e] {
				c.prefix[g] = e + 1
			}
		}
	}
	return c
}

// random yields one state whose registers are drawn independently. How likely an effect is
// to be left is drawn for each group, so that nearly empty and nearly complete directories
// are as likely as half-filled ones.
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

// emit yields the state that follows from the choice.
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
