package fsynclint

import "path"

var processCalls = map[string]func(*replay, *call){
	"clone": (*replay).clone, "clone3": (*replay).clone, "fork": (*replay).clone, "vfork": (*replay).clone, "__clone2": (*replay).clone,
	"execve": (*replay).exec, "execveat": (*replay).exec,
	"exit": (*replay).exit, "exit_group": (*replay).exit,
	"chdir": (*replay).chdir, "fchdir": (*replay).fchdir, "getcwd": (*replay).getcwd,
	"unshare":        (*replay).unshare,
	"io_uring_setup": (*replay).ring, "io_uring_enter": (*replay).ring, "io_uring_register": (*replay).ring, "io_submit": (*replay).ring,
	"socketcall": (*replay).multiplexed, "ipc": (*replay).multiplexed,
}

func (p *replay) clone(c *call) { p.procs.cloned(c) }

// exec closes what is to be closed and ends the sharing of descriptors.
func (p *replay) exec(c *call) {
	if c.failed() {
		return
	}
	pr := p.process(c)
	if pr.fds.users > 1 {
		pr.fds.users--
		pr.fds = pr.fds.copied()
	}
	pr.maps = map[int64]mapping{}
	for _, fd := range pr.fds.numbers() {
		if d := pr.fds.fds[fd]; d.cloexec {
			delete(pr.fds.fds, fd)
			p.procs.open--
			p.release(d.open, c.Ref, pr)
		}
	}
}

// exit is noted when the thread is gone; a trace that does not show that ends soon.
func (p *replay) exit(*call) {}

func (p *replay) chdir(c *call) {
	if name, ok := p.pathOf(c, 0); ok && !c.failed() {
		p.process(c).cwd.name = name
	}
}

func (p *replay) fchdir(c *call) {
	if o := p.descriptor(c, 0); o != nil && o.name != "" && !c.failed() {
		p.process(c).cwd.name = p.nameOf(o)
	}
}

func (p *replay) getcwd(c *call) {
	if name, ok := c.path(0); ok && !c.failed() && path.IsAbs(name) {
		p.setHere(p.process(c), name)
	}
}

func (p *replay) unshare(c *call) {
	pr := p.process(c)
	if !c.failed() && c.has(0, "CLONE_FILES") && pr.fds.users > 1 {
		pr.fds.users--
		pr.fds = pr.fds.copied()
	}
}

// ring is io_uring and Linux's older asynchronous calls: what they do is not in the trace.
func (p *replay) ring(c *call) {
	if p.uring.Line == 0 {
		p.uring = c.Ref
	}
}

func (p *replay) multiplexed(c *call) {
	if p.socketed.Line == 0 {
		p.socketed = c.Ref
	}
}
