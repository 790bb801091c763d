package fsynclint

// generationOf returns which family loses a generation, or a part of one, if an entry is removed,
// and what the root of that generation is. A file that the program made and never committed is
// no generation, and neither is a part of the newest one.
func (j *judge) generationOf(n *file, e *entry) (*family, *file) {
	if fam, root := j.committedOf(n, e); fam != nil {
		if !root.dir && n.isNew() && n.unit == nil && !n.fresh {
			return nil, nil
		}
		return fam, root
	}
	return j.implied(n, e)
}

func (j *judge) committedOf(n *file, e *entry) (*family, *file) {
	for depth := 0; e != nil && depth < 64; depth++ {
		if n.fam != nil && n.fam.newest() != nil && n.fam.newest().root != n {
			return n.fam, n
		}
		if n.fam != nil {
			return nil, nil
		}
		if f := j.families[familyKey{e.dir, shapeOf(e.name)}]; f != nil && f.newest() != nil && f.newest().root != n {
			return f, n
		}
		n, e = e.dir, e.dir.home
	}
	return nil, nil
}

// implied finds a commit that nothing but the removal of what came before it shows: the
// last file that was made in a directory of a higher number, or under a higher number.
func (j *judge) implied(n *file, e *entry) (*family, *file) {
	for depth := 0; e != nil && depth < 3; depth++ {
		number, ok := numberOf(e.name)
		next := e.dir.numbered[shapeOf(e.name)]
		if !ok || next == nil || next == n || next.home == nil || next.home.dir != e.dir || next.unit != nil || looksTemporary(e.name) {
			n, e = e.dir, e.dir.home
			continue
		}
		if higher, _ := numberOf(next.home.name); higher <= number || n.dir != next.dir {
			return nil, nil
		}
		last := next
		for _, name := range sortedNames(next.kids) {
			if kid := next.kids[name].node; !kid.dir && kid.isNew() && (last == next || kid.made.Line > last.made.Line) {
				last = kid
			}
		}
		if last.dir || last.writers > 0 || last.home == nil {
			return nil, nil
		}
		u := j.commitIn(byCreate, last, next, last.home, nil, last.made)
		return u.fam, n
	}
	return nil, nil
}

// removing is called before a name is removed. It returns the family that loses something.
func (j *judge) removing(n *file, e *entry, by Ref) *family {
	fam, root := j.generationOf(n, e)
	if fam == nil {
		j.noteNewest(n, by)
		if !n.dir && (!n.isNew() || n.unit != nil) {
			j.noteDestroyed(e.path(), by)
		}
		return nil
	}
	if !j.p.inScope(n) {
		return nil
	}
	root.torn = true
	j.destroying(fam, root, n, by)
	return fam
}

// destroying judges the commits that are the reason for the removal: it takes them for
// durable.
func (j *judge) destroying(fam *family, root, n *file, by Ref) {
	u := fam.newest()
	ns := u.needs(by)
	if len(ns) > 0 {
		j.destroyedEarly(u, ns, n, by)
	}
	for _, v := range fam.units {
		j.decide(v, by, "the removal")
	}
}

// removed is called when a name has been removed.
func (j *judge) removed(n *file, e *entry, fam *family, by Ref) {
	if fam == nil {
		return
	}
	if n.dir || n.fam != nil || shapeOf(e.name) == fam.shape && e.dir == fam.parent {
		j.generationGone(fam, e, by)
	}
}

// generationGone is called when a generation has lost its name.
func (j *judge) generationGone(fam *family, e *entry, by Ref) {
	if e.dir != fam.parent || shapeOf(e.name) != fam.shape {
		return
	}
	j.noSecondCopy(fam, e, by)
	if u := fam.newest(); u != nil && u.whole {
		removal := &entry{dir: e.dir, name: e.name, node: e.node, gone: true, changed: by}
		e.dir.await(removal)
		j.removals = append(j.removals, removal)
		if len(j.removals) > maxUnits {
			j.removals = j.removals[1:]
		}
	}
}

// noteNewest notes that something of the newest generation of a family is removed.
func (j *judge) noteNewest(n *file, by Ref) {
	for d := n; d != nil; {
		if u := d.unit; u != nil {
			if u.fam.newest() == u && u.destroyed.Line == 0 {
				u.destroyed = by
			}
			return
		}
		if d.home == nil {
			return
		}
		d = d.home.dir
	}
}

// noteDestroyed keeps the names of files that were removed, in case they are made again.
func (j *judge) noteDestroyed(name string, by Ref) {
	if len(j.destroyed) >= maxUnits {
		clear(j.destroyed)
	}
	j.destroyed[name] = by
}
