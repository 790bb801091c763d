package fsynclint

import (
	"path"
	"strings"
)

var syncCalls = map[string]func(*replay, *call){
	"fsync":            (*replay).fsync,
	"fdatasync":        (*replay).fsync,
	"msync":            (*replay).msync,
	"sync_file_range":  (*replay).syncRange,
	"sync_file_range2": (*replay).syncRange,
	"syncfs":           (*replay).syncAll,
	"sync":             (*replay).syncAll,
}

func (p *replay) fsync(c *call) {
	o := p.descriptor(c, 0)
	if o == nil || o.node == nil && o.name == "" {
		return
	}
	f := p.nodeOf(o)
	if f == nil {
		return
	}
	if o.name != "" && f.kids == nil && f.lastWrite.Line == 0 && !f.isNew() && path.Ext(o.name) == "" && !o.writing {
		// A directory of which only a sync is known looks like a file.
		f.selfSync = c.Ref
	}
	p.assume(f, c.Ref)
	p.judge.syncing(f, o, c)
	if c.failed() {
		if c.err != "EINVAL" && c.err != "EBADF" && c.err != "?" && !strings.HasPrefix(c.err, "ERESTART") && c.err != "EINTR" {
			f.badSync = c.Ref
		}
		return
	}
	if f.dir {
		f.sync(c.Ref)
		f.selfSync = c.Ref
		f.selfSyncs++
		return
	}
	f.selfSync = c.Ref
	p.settle(f, c.Ref)
}

// settle notes that a sync has reached the bytes of a file, as far as they had been
// written when it began.
func (p *replay) settle(f *file, by Ref) {
	f.syncs++
	f.lastSync = by
	if f.mapDirt.Line > 0 && f.mapDirt.before(by) {
		f.mapDirt = Ref{}
		f.cleaned = by
	}
	if !f.dirty {
		return
	}
	if f.lastWrite.before(by) || f.lastWrite.Line == by.Line {
		f.dirty, f.cleaned = false, by
	} else {
		f.firstDirt = f.lastWrite
	}
}

func (p *replay) msync(c *call) {
	at, ok := c.number(0)
	if !ok || c.failed() || !c.has(2, "MS_SYNC") {
		return
	}
	for from, m := range p.process(c).maps {
		if at >= from && at < from+m.length {
			p.settle(m.node, c.Ref)
			return
		}
	}
}

func (p *replay) syncRange(c *call) {
	if f := p.nodeOf(p.descriptor(c, 0)); f != nil && !c.failed() && !f.dir {
		f.ranged = c.Ref
	}
}

// syncAll is sync and syncfs: all that is known becomes durable. The trace does not show which
// file system a syncfs is about; it is taken to be the one that is judged.
func (p *replay) syncAll(c *call) {
	if c.failed() && c.name == "syncfs" {
		return
	}
	p.judge.syncedAll(c.Ref)
	var walk func(f *file)
	walk = func(f *file) {
		f.sync(c.Ref)
		for _, e := range f.kids {
			if e.node.dir {
				walk(e.node)
			} else {
				p.settle(e.node, c.Ref)
				e.node.selfSync = c.Ref
			}
		}
		f.selfSync = c.Ref
	}
	walk(p.tree.root)
}
