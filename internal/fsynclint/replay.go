package fsynclint

import (
	"errors"
	"io"
	"path"
	"strings"
)

// A replay turns system calls into operations on files, and asks the rules at each.
type replay struct {
	options Options
	in      *reader
	tree    *tree
	procs   *processes
	judge   judge

	writes   int  // write-class calls on files
	sawFiles bool // some file was opened for writing
	uring    Ref
	socketed Ref // socketcall
	last     Line
	stranger bool // descriptors beyond a limit
}

// Lint reads a trace to its end. The error is that of reading it.
func Lint(r io.Reader, o Options) (*Report, error) {
	p := &replay{options: o, in: newReader(r), tree: newTree(), procs: newProcesses()}
	p.judge.init(p)
	for {
		ev, err := p.in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		p.step(ev)
	}
	return p.finish(), nil
}

func (p *replay) step(ev event) {
	switch ev.kind {
	case started:
		if isClone(ev.call.name) {
			p.procs.started(&ev.call)
		}
		return
	case exited:
		for _, o := range p.procs.exited(ev.thread) {
			p.closed(o, Ref{Line: p.last, Ended: p.last, Thread: ev.thread}, nil)
		}
		return
	}
	c := &ev.call
	p.last = c.Ended
	p.procs.guess(c)
	if do := handlers[c.name]; do != nil {
		do(p, c)
	}
}

// handlers say what each system call does. Calls that are not here do nothing that matters.
var handlers map[string]func(*replay, *call)

// changesFiles are the calls that change files: the report says if one of them is in the trace
// by half.
var changesFiles = map[string]bool{}

func init() {
	handlers = map[string]func(*replay, *call){}
	for _, family := range []map[string]func(*replay, *call){openCalls, nameCalls, writeCalls, syncCalls, lookCalls, processCalls} {
		for name, do := range family {
			handlers[name] = do
		}
	}
	for _, family := range []map[string]func(*replay, *call){nameCalls, writeCalls, syncCalls} {
		for name := range family {
			changesFiles[name] = true
		}
	}
}

// process returns the process of the thread that made a call.
func (p *replay) process(c *call) *process { return p.procs.get(c.Thread) }

// where returns the absolute path of the working directory, or a name for it.
func (p *replay) where(pr *process) string {
	if pr.cwd.name == "" {
		return "/" + hereName
	}
	return pr.cwd.name
}

// setHere notes which directory a process works in that had not been known: what is known
// of it by another name is moved there.
func (p *replay) setHere(pr *process, name string) {
	if pr.cwd.name != "" || !strings.HasPrefix(name, "/") {
		return
	}
	pr.cwd.name = path.Clean(name)
	here := p.tree.here
	if len(here.kids) == 0 {
		return
	}
	dir := p.tree.old(pr.cwd.name, true)
	for base, e := range here.kids {
		if dir.kids[base] == nil {
			e.dir = dir
			dir.kids[base] = e
		}
	}
	for _, e := range here.wait {
		e.dir = dir
	}
	dir.wait = append(dir.wait, here.wait...)
	here.kids, here.wait = map[string]*entry{}, nil
}

// pathAt returns the clean absolute path of two arguments: a directory's descriptor and a path.
func (p *replay) pathAt(c *call, fdArg, pathArg int) (string, bool) {
	name, ok := c.path(pathArg)
	if !ok {
		return "", false
	}
	if strings.HasPrefix(name, "/") {
		return p.tree.clean("/", name), true
	}
	fd, shown, ok := c.fd(fdArg)
	if !ok {
		return "", false
	}
	pr := p.process(c)
	if fd == cwdFD {
		p.setHere(pr, shown)
		return p.tree.clean(p.where(pr), name), true
	}
	if o := p.descriptor(c, fdArg); o != nil && o.name != "" {
		return p.tree.clean(p.nameOf(o), name), true
	}
	return "", false
}

// pathOf returns the clean absolute path of an argument.
func (p *replay) pathOf(c *call, arg int) (string, bool) {
	name, ok := c.path(arg)
	if !ok || name == "" {
		return "", false
	}
	return p.tree.clean(p.where(p.process(c)), name), true
}

// descriptor returns what an argument has open, nil if it is no descriptor.
func (p *replay) descriptor(c *call, arg int) *open {
	fd, shown, ok := c.fd(arg)
	if !ok || fd < 0 {
		return nil
	}
	return p.descriptorOf(c, fd, shown)
}

func (p *replay) descriptorOf(c *call, fd int, shown string) *open {
	pr := p.process(c)
	if d, ok := pr.fds.fds[fd]; ok && !p.isOther(d.open, shown) {
		return d.open
	}
	if other := p.procs.elsewhere(c.Thread, fd, strings.TrimSuffix(shown, deletedMark)); other != nil {
		p.procs.merge(c.Thread, other)
		return other.fds.fds[fd].open
	}
	o := inherited(fd, shown)
	if o.name != "" {
		o.name = p.tree.clean("/", o.name)
	}
	p.put(pr, fd, o, false)
	return o
}

// isOther reports whether -y shows that a descriptor is something else than it was taken for: it
// was closed and opened in a way that the trace does not show. Names change: while there is a
// file, another name is no sign.
func (p *replay) isOther(o *open, shown string) bool {
	if shown == "" || o.node != nil {
		return false
	}
	return strings.HasPrefix(shown, "/") != (o.name != "")
}

// put sets a descriptor, in place of what it was.
func (p *replay) put(pr *process, fd int, o *open, cloexec bool) {
	if old, ok := pr.fds.fds[fd]; ok {
		p.release(old.open, o.opened, pr)
		p.procs.open--
	}
	if p.procs.open >= maxFDs {
		p.stranger = true
		delete(pr.fds.fds, fd)
		return
	}
	p.procs.open++
	pr.fds.fds[fd] = descriptor{o, cloexec}
}

// release drops one use of a description.
func (p *replay) release(o *open, by Ref, pr *process) {
	if o.refs--; o.refs == 0 {
		p.closed(o, by, pr)
	}
}

// nameOf returns the path that an open file has now.
func (p *replay) nameOf(o *open) string {
	if o.node != nil && o.node.home != nil {
		return p.tree.clean("/"+hereName, o.node.path())
	}
	return o.name
}

// nodeOf returns the file that is open, and puts it into the tree if it is not there. It is nil
// for what is no file.
func (p *replay) nodeOf(o *open) *file {
	if o == nil || o.socket || o.name == "" && o.node == nil {
		return nil
	}
	if o.node == nil {
		if isSpecial(o.name) || p.tree.full {
			return nil
		}
		o.node = p.tree.old(o.name, false)
		if o.writing {
			o.node.writers++
		}
	}
	if o.node.special {
		return nil
	}
	return o.node
}

// inScope reports whether a file is to be judged.
func (p *replay) inScope(f *file) bool {
	if f == nil || f.special {
		return false
	}
	below := p.options.Below
	if below == "" {
		return true
	}
	if f.home == nil {
		return true
	}
	name := f.path()
	return name == below || strings.HasPrefix(name, strings.TrimSuffix(below, "/")+"/")
}
