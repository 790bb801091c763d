package fsynclint

import "strings"

var nameCalls = map[string]func(*replay, *call){
	"mkdir":     func(p *replay, c *call) { p.mkdir(c, -1, 0) },
	"mkdirat":   func(p *replay, c *call) { p.mkdir(c, 0, 1) },
	"rename":    func(p *replay, c *call) { p.rename(c, -1, 0, -1, 1) },
	"renameat":  func(p *replay, c *call) { p.rename(c, 0, 1, 2, 3) },
	"renameat2": func(p *replay, c *call) { p.rename(c, 0, 1, 2, 3) },
	"link":      func(p *replay, c *call) { p.linkTo(c, -1, 0, -1, 1) },
	"linkat":    func(p *replay, c *call) { p.linkTo(c, 0, 1, 2, 3) },
	"unlink":    func(p *replay, c *call) { p.remove(c, -1, 0) },
	"unlinkat":  func(p *replay, c *call) { p.remove(c, 0, 1) },
	"rmdir":     func(p *replay, c *call) { p.remove(c, -1, 0) },
	"symlink":   func(p *replay, c *call) { p.symlink(c, -1, 1) },
	"symlinkat": func(p *replay, c *call) { p.symlink(c, 1, 2) },
	"mknod":     func(p *replay, c *call) { p.special(c, -1, 0) },
	"mknodat":   func(p *replay, c *call) { p.special(c, 0, 1) },
}

// pathArg returns a path that may have a directory's descriptor in front of it.
func (p *replay) pathArg(c *call, dirArg, pathArg int) (string, bool) {
	if dirArg < 0 {
		return p.pathOf(c, pathArg)
	}
	return p.pathAt(c, dirArg, pathArg)
}

func (p *replay) mkdir(c *call, dirArg, pathArg int) {
	name, ok := p.pathArg(c, dirArg, pathArg)
	if !ok {
		return
	}
	if c.err == "EEXIST" {
		p.tree.seen.note(name, true)
	}
	if c.failed() || isSpecial(name) || p.tree.full {
		return
	}
	dir, base := p.tree.place(name)
	if dir.kids[base] != nil {
		return
	}
	n := p.tree.newFile(true)
	n.made, n.excl = c.Ref, true
	p.tree.enter(dir, base, n, c.Ref)
	dir.count(n, base)
	p.tree.seen.note(name, true)
}

func (p *replay) rename(c *call, fromDir, fromArg, toDir, toArg int) {
	from, ok1 := p.pathArg(c, fromDir, fromArg)
	to, ok2 := p.pathArg(c, toDir, toArg)
	if !ok1 || !ok2 || isSpecial(from) || isSpecial(to) || p.tree.full {
		return
	}
	if c.failed() {
		if c.err == "EXDEV" {
			p.judge.crossDevice(p.tree.find(from), c.Ref)
		}
		return
	}
	n := p.tree.old(from, false)
	if n.home == nil || from == to {
		return
	}
	p.assume(n, c.Ref)
	dir, base := p.tree.place(to)
	if n == dir || dir.within(n) {
		return // the trace does not fit together
	}
	target := dir.kids[base]
	if target == nil && p.tree.seen.there[to] && !c.has(4, "RENAME_NOREPLACE") {
		p.tree.old(to, false)
		target = dir.kids[base]
	}
	src := n.home
	if c.has(4, "RENAME_EXCHANGE") {
		if target != nil && !target.node.within(n) && !n.within(target.node) {
			p.exchange(c, src, target)
		}
		return
	}
	var replaced *file
	if target != nil {
		if replaced = target.node; replaced == n {
			return
		}
	}
	away := p.judge.renaming(n, dir, base, c.Ref)
	p.tree.leave(src, c.Ref)
	if src.dir == dir { // one register: the new name stands for the end of the old one
		dir.wait = dir.wait[:len(dir.wait)-1]
	}
	if target != nil {
		delete(dir.kids, base)
		if replaced.link--; replaced.home == target {
			replaced.home = nil
		}
		p.tree.nodes--
	}
	if n.link < 0 {
		n.link = 0
	}
	p.tree.nodes++
	e := p.tree.enter(dir, base, n, c.Ref)
	p.tree.seen.note(from, false)
	p.tree.seen.note(to, true)
	p.judge.renamed(n, src, e, replaced, away, c.Ref)
}

// exchange swaps what two names name.
func (p *replay) exchange(c *call, a, b *entry) {
	n, m := a.node, b.node
	delete(a.dir.kids, a.name)
	delete(b.dir.kids, b.name)
	n.link--
	m.link--
	ea := p.tree.enter(a.dir, a.name, m, c.Ref)
	eb := p.tree.enter(b.dir, b.name, n, c.Ref)
	// Of the two, the one that the trace shows to be new is committed by it.
	if n.isNew() && !m.isNew() {
		p.judge.renamed(n, a, eb, m, nil, c.Ref)
	} else if m.isNew() && !n.isNew() {
		p.judge.renamed(m, b, ea, n, nil, c.Ref)
	}
}

func (p *replay) linkTo(c *call, fromDir, fromArg, toDir, toArg int) {
	to, ok := p.pathArg(c, toDir, toArg)
	if !ok || c.failed() || isSpecial(to) || p.tree.full {
		return
	}
	var n *file
	name, _ := c.path(fromArg)
	switch {
	case name == "": // AT_EMPTY_PATH
		n = p.nodeOf(p.descriptor(c, fromDir))
	case strings.HasPrefix(name, "/proc/") && strings.Contains(name, "/fd/"):
		_, number, _ := strings.Cut(name, "/fd/")
		if fd, _, ok := parseFD(number); ok {
			if d, ok := p.process(c).fds.fds[fd]; ok {
				n = p.nodeOf(d.open)
			}
		}
	default:
		from, ok := p.pathArg(c, fromDir, fromArg)
		if !ok || isSpecial(from) {
			return
		}
		n = p.tree.old(from, false)
	}
	dir, base := p.tree.place(to)
	if n == nil || n.dir || dir.kids[base] != nil {
		return
	}
	p.assume(n, c.Ref)
	home := n.home
	e := p.tree.enter(dir, base, n, c.Ref)
	p.tree.seen.note(to, true)
	p.judge.linked(n, home, e, c.Ref)
}

func (p *replay) remove(c *call, dirArg, pathArg int) {
	name, ok := p.pathArg(c, dirArg, pathArg)
	if !ok {
		return
	}
	if c.failed() {
		if c.err == "ENOENT" {
			p.tree.seen.note(name, false)
		}
		return
	}
	if isSpecial(name) || name == "/" || p.tree.full {
		return
	}
	isDir := c.name == "rmdir" || c.has(2, "AT_REMOVEDIR")
	n := p.tree.old(name, isDir)
	if n.home == nil {
		return
	}
	dir, base := p.tree.place(name)
	e := dir.kids[base]
	if e == nil || e.node != n {
		return
	}
	fam := p.judge.removing(n, e, c.Ref)
	p.tree.leave(e, c.Ref)
	p.tree.seen.note(name, false)
	p.judge.removed(n, e, fam, c.Ref)
}

// symlink gives a directory, perhaps, another name. What the link leads to is learned
// when something is opened by it.
func (p *replay) symlink(c *call, dirArg, pathArg int) {
	p.special(c, dirArg, pathArg)
}

// special makes a name of something that has no bytes of its own.
func (p *replay) special(c *call, dirArg, pathArg int) {
	name, ok := p.pathArg(c, dirArg, pathArg)
	if ok && !c.failed() {
		p.tree.seen.note(name, true)
	}
}
