package fsynclint

import (
	"strings"
)

var writeCalls = map[string]func(*replay, *call){
	"write":           func(p *replay, c *call) { p.write(c, 0, -1) },
	"writev":          func(p *replay, c *call) { p.write(c, 0, -1) },
	"pwrite64":        func(p *replay, c *call) { p.write(c, 0, 3) },
	"pwrite":          func(p *replay, c *call) { p.write(c, 0, 3) },
	"pwritev":         func(p *replay, c *call) { p.write(c, 0, 3) },
	"pwritev2":        func(p *replay, c *call) { p.write(c, 0, 3) },
	"sendfile":        func(p *replay, c *call) { p.write(c, 0, -1) },
	"sendfile64":      func(p *replay, c *call) { p.write(c, 0, -1) },
	"copy_file_range": func(p *replay, c *call) { p.write(c, 2, -1) },
	"splice":          func(p *replay, c *call) { p.write(c, 2, -1) },
	"vmsplice":        func(p *replay, c *call) { p.write(c, 0, -1) },

	"ftruncate":   (*replay).ftruncate,
	"ftruncate64": (*replay).ftruncate,
	"truncate":    (*replay).truncateName,
	"truncate64":  (*replay).truncateName,
	"fallocate":   (*replay).fallocate,
	"ioctl":       (*replay).clonedRange,
	"mmap":        (*replay).mmap,
	"mmap2":       (*replay).mmap,
	"munmap":      (*replay).munmap,
	"mremap":      (*replay).mremap,

	"sendto":   (*replay).send,
	"sendmsg":  (*replay).send,
	"sendmmsg": (*replay).send,
}

// write is every call that puts bytes at an offset; fdArg says which descriptor is written
// to, offArg where the offset stands, if not in the description.
func (p *replay) write(c *call, fdArg, offArg int) {
	o := p.descriptor(c, fdArg)
	if o == nil {
		return
	}
	n, known := c.result()
	if o.socket || o.stdout && (o.node == nil && (o.name == "" || isSpecial(o.name))) {
		if !c.failed() && n > 0 && !strings.HasPrefix(o.name, "/dev/null") { // which no process reads
			p.judge.acked(o, c.Ref)
		}
		return
	}
	f := p.nodeOf(o)
	if f == nil || f.dir {
		return
	}
	if c.failed() {
		switch c.err {
		case "EIO", "ENOSPC", "EDQUOT", "EROFS", "EFBIG":
			f.badWrite = c.Ref
		}
		return
	}
	if !known || n <= 0 {
		return
	}
	p.writes++
	off, offKnown := o.offset, o.offKnown
	if offArg >= 0 {
		off, offKnown = c.number(offArg)
	} else {
		o.offset += n
	}
	end := off + n
	appending := o.appends || !offKnown || f.sized && offKnown && off >= f.size
	if !appending && !(f.isNew() && !f.unsure && f.unit == nil) {
		p.judge.overwriting(f, off, n, c.Ref)
	}
	p.wrote(f, c.Ref, false)
	if offKnown && !o.appends {
		f.lastBytes = span{off, end}
	}
	switch {
	case o.appends:
		f.size += n
	case offKnown:
		f.size = max(f.size, end)
	}
	if c.name == "pwritev2" && (c.has(4, "RWF_DSYNC") || c.has(4, "RWF_SYNC") || c.has(5, "RWF_DSYNC") || c.has(5, "RWF_SYNC")) || o.syncing {
		p.settle(f, c.Ref)
	}
	if o.stdout {
		p.judge.acked(o, c.Ref)
	}
}

// wrote notes that a file has bytes that no sync has reached.
func (p *replay) wrote(f *file, by Ref, assumed bool) {
	if !f.dirty || f.assumed && !assumed { // a write of the trace takes the place of one that was assumed
		f.firstDirt, f.assumed = by, assumed
	}
	f.dirty, f.cut = true, false
	f.lastWrite, f.lastBytes = by, span{}
	f.ranged = Ref{}
	if !assumed {
		f.badWrite = Ref{} // it was tried again, and worked
	}
}

// assume assumes that a file that was opened for writing was written: in a trace that has no
// writes, such as one of the calls on paths only. Whether it is such a trace is known at its end;
// if it is not, what depends on the assumption is not reported.
func (p *replay) assume(f *file, by Ref) {
	if p.writes > 0 || f.dir || f.special || f.lastWrite.Line > 0 || f.writers == 0 || !f.isNew() || f.mapped > 0 {
		return
	}
	at := f.made
	at.Ended = min(at.Ended, by.Line-1)
	p.wrote(f, Ref{Line: at.Line, Ended: at.Ended, Thread: at.Thread, Call: at.Call}, true)
}

// truncate cuts a file to nothing, or to a size.
func (p *replay) truncate(c *call, f *file, size int64) {
	if f.dir || f.special || f.sized && f.size <= size {
		f.size, f.sized = max(size, f.size), true
		return
	}
	p.judge.truncated(f, c.Ref)
	if !f.dirty {
		f.firstDirt, f.assumed = c.Ref, false
	}
	f.dirty, f.cut, f.fresh = true, true, f.fresh || size == 0
	f.lastWrite = c.Ref
	f.size, f.sized = size, true
}

func (p *replay) ftruncate(c *call) {
	f := p.nodeOf(p.descriptor(c, 0))
	size, ok := c.number(1)
	if f == nil || c.failed() || !ok {
		return
	}
	p.resize(c, f, size)
}

func (p *replay) truncateName(c *call) {
	name, ok := p.pathOf(c, 0)
	size, isNumber := c.number(1)
	if !ok || !isNumber || c.failed() || isSpecial(name) || p.tree.full {
		return
	}
	p.resize(c, p.tree.old(name, false), size)
}

// resize cuts a file or makes it longer.
func (p *replay) resize(c *call, f *file, size int64) {
	p.writes++
	if f.isNew() && !f.unsure && f.unit == nil || f.sized && size >= f.size {
		if !f.sized || size != f.size {
			p.wrote(f, c.Ref, false)
		}
		f.size, f.sized = size, true
		return
	}
	p.truncate(c, f, size)
}

func (p *replay) fallocate(c *call) {
	f := p.nodeOf(p.descriptor(c, 0))
	if f == nil || c.failed() {
		return
	}
	p.writes++
	p.wrote(f, c.Ref, false)
	off, ok1 := c.number(2)
	n, ok2 := c.number(3)
	if ok1 && ok2 && !strings.Contains(c.arg(1), "KEEP_SIZE") {
		f.size = max(f.size, off+n)
	}
}

// clonedRange is the ioctl that shares the blocks of another file.
func (p *replay) clonedRange(c *call) {
	if !strings.Contains(c.arg(1), "FICLONE") || c.failed() {
		return
	}
	if f := p.nodeOf(p.descriptor(c, 0)); f != nil {
		p.writes++
		p.wrote(f, c.Ref, false)
	}
}

// mmap of a file, shared and writable: from now on it may be written at any time, and
// the trace does not show when.
func (p *replay) mmap(c *call) {
	if c.failed() || !strings.Contains(c.arg(2), "PROT_WRITE") || !strings.Contains(c.arg(3), "MAP_SHARED") || strings.Contains(c.arg(3), "MAP_ANONYMOUS") {
		return
	}
	f := p.nodeOf(p.descriptor(c, 4))
	at, ok1 := c.result()
	length, ok2 := c.number(1)
	pr := p.process(c)
	if f == nil || f.dir || !ok1 || !ok2 || len(pr.maps) >= maxMappings {
		return
	}
	pr.maps[at] = mapping{f, length}
	f.mapped++
	if f.mapDirt.Line == 0 {
		f.mapDirt = c.Ref
	}
}

func (p *replay) munmap(c *call) {
	at, ok := c.number(0)
	pr := p.process(c)
	if m, found := pr.maps[at]; ok && found && !c.failed() {
		m.node.mapped--
		delete(pr.maps, at)
	}
}

func (p *replay) mremap(c *call) {
	at, ok1 := c.number(0)
	to, ok2 := c.result()
	pr := p.process(c)
	if m, found := pr.maps[at]; ok1 && ok2 && found && !c.failed() {
		delete(pr.maps, at)
		pr.maps[to] = m
	}
}

func (p *replay) send(c *call) {
	o := p.descriptor(c, 0)
	if n, ok := c.result(); o != nil && !c.failed() && ok && n > 0 {
		o.socket = true
		p.judge.acked(o, c.Ref)
	}
}
