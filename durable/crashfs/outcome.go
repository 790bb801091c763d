package crashfs

import (
	"slices"
	"strings"
)

// A pgroup is a group with its outcomes. Outcomes with the same entries are one, with the
// number of them as its weight. If outcomes is nil they are too many to list.
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

// An outcome is what a cut leaves of a group of effects, in the directories that they
// change.
type outcome struct {
	dirs    []dirEntries
	applied *chain // the effects that are left, last first
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

func (o *outcome) entriesOf(dir int) []pentry {
	for _, d := range o.dirs {
		if d.dir == dir {
			return d.entries
		}
	}
	return nil
}

// freeze lists the outcomes of the group, effect by effect, and merges those that do not
// differ.
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

// loners counts effects on a single name that no other effect changes. Each of them
// doubles the number of outcomes, so that it need not be listed to know that there are too
// many.
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
	return slices.Insert(entries, i, pentry(s))
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
