package fsynclint

import "strings"

// These calls change nothing; they show what is there.
var lookCalls = map[string]func(*replay, *call){
	"stat":       func(p *replay, c *call) { p.look(c, -1, 0, 1) },
	"stat64":     func(p *replay, c *call) { p.look(c, -1, 0, 1) },
	"lstat":      func(p *replay, c *call) { p.look(c, -1, 0, 1) },
	"newfstatat": func(p *replay, c *call) { p.look(c, 0, 1, 2) },
	"fstatat64":  func(p *replay, c *call) { p.look(c, 0, 1, 2) },
	"statx":      func(p *replay, c *call) { p.look(c, 0, 1, 4) },
	"access":     func(p *replay, c *call) { p.look(c, -1, 0, -1) },
	"faccessat":  func(p *replay, c *call) { p.look(c, 0, 1, -1) },
	"faccessat2": func(p *replay, c *call) { p.look(c, 0, 1, -1) },
	"readlink":   func(p *replay, c *call) { p.look(c, -1, 0, -1) },
	"readlinkat": func(p *replay, c *call) { p.look(c, 0, 1, -1) },
	"fstat":      func(p *replay, c *call) { p.lookFD(c, 1) },
	"fstat64":    func(p *replay, c *call) { p.lookFD(c, 1) },
	"lseek":      (*replay).seek,
	"_llseek":    (*replay).seek,
}

func (p *replay) look(c *call, dirArg, pathArg, statArg int) {
	if name, ok := c.path(pathArg); ok && name == "" && dirArg >= 0 {
		p.lookFD(c, statArg)
		return
	}
	name, ok := "", false
	if dirArg < 0 {
		name, ok = p.pathOf(c, pathArg)
	} else {
		name, ok = p.pathAt(c, dirArg, pathArg)
	}
	if !ok {
		return
	}
	if c.failed() {
		if c.err == "ENOENT" {
			p.tree.seen.note(name, false)
		}
		return
	}
	p.tree.seen.note(name, true)
	if n := p.tree.find(name); n != nil {
		p.measured(n, c, statArg)
	}
}

func (p *replay) lookFD(c *call, statArg int) {
	if c.failed() {
		return
	}
	if o := p.descriptor(c, 0); o != nil && o.node != nil {
		p.measured(o.node, c, statArg)
	}
}

// measured notes the size of a file. If it has bytes whose writing the trace does not show, it
// was written all the same.
func (p *replay) measured(n *file, c *call, statArg int) {
	if strings.Contains(c.arg(statArg), "S_IFDIR") {
		if n.kids == nil {
			n.dir, n.kids = true, map[string]*entry{}
		}
		return
	}
	size, ok := c.field(statArg, "st_size")
	if !ok {
		size, ok = c.field(statArg, "stx_size")
	}
	if ok && !n.dir {
		n.size, n.sized = size, true
	}
}

func (p *replay) seek(c *call) {
	o := p.descriptor(c, 0)
	at, ok := c.result()
	if o == nil || c.failed() {
		return
	}
	o.offset, o.offKnown = at, ok && c.name == "lseek"
}
