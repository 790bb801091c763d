package fsynclint

import "strings"

var openCalls = map[string]func(*replay, *call){
	"open":    func(p *replay, c *call) { p.open(c, -1, 0, 1) },
	"creat":   func(p *replay, c *call) { p.open(c, -1, 0, -1) },
	"openat":  func(p *replay, c *call) { p.open(c, 0, 1, 2) },
	"openat2": func(p *replay, c *call) { p.open(c, 0, 1, 2) },

	"close":       (*replay).close,
	"close_range": (*replay).closeRange,
	"dup":         func(p *replay, c *call) { p.dup(c, false) },
	"dup2":        func(p *replay, c *call) { p.dup(c, false) },
	"dup3":        func(p *replay, c *call) { p.dup(c, c.has(2, "O_CLOEXEC")) },
	"fcntl":       (*replay).fcntl,
	"fcntl64":     (*replay).fcntl,

	"socket":     (*replay).newSocket,
	"accept":     (*replay).newSocket,
	"accept4":    (*replay).newSocket,
	"socketpair": func(p *replay, c *call) { p.pair(c, 3, true) },
	"pipe":       func(p *replay, c *call) { p.pair(c, 0, false) },
	"pipe2":      func(p *replay, c *call) { p.pair(c, 0, false) },
}

// open is open, creat, openat and openat2; the numbers say where the arguments are.
func (p *replay) open(c *call, dirArg, pathArg, flagArg int) {
	var name string
	var ok bool
	if dirArg < 0 {
		name, ok = p.pathOf(c, pathArg)
	} else {
		name, ok = p.pathAt(c, dirArg, pathArg)
	}
	flag := func(f string) bool {
		if flagArg < 0 {
			return f == "O_CREAT" || f == "O_TRUNC" || f == "O_WRONLY"
		}
		a := strings.TrimPrefix(c.arg(flagArg), "{flags=")
		if i := strings.IndexAny(a, ",}"); i >= 0 {
			a = a[:i]
		}
		for have := range strings.SplitSeq(a, "|") {
			if have == f {
				return true
			}
		}
		return false
	}
	if c.failed() {
		if ok && c.err == "ENOENT" {
			p.tree.seen.note(name, false)
		}
		return
	}
	fd, isNumber := c.result()
	if !isNumber {
		return
	}
	o := &open{refs: 1, offKnown: true, opened: c.Ref, appends: flag("O_APPEND"), writing: flag("O_WRONLY") || flag("O_RDWR"),
		syncing: flag("O_SYNC") || flag("O_DSYNC")}
	defer func() { p.put(p.process(c), int(fd), o, flag("O_CLOEXEC")) }()
	if !ok && !strings.HasPrefix(c.retPath, "/") {
		return
	}
	if real := strings.TrimSuffix(c.retPath, deletedMark); strings.HasPrefix(real, "/") && !flag("O_TMPFILE") {
		if ok && real != name && !strings.HasSuffix(c.retPath, deletedMark) && p.tree.find(name) == nil {
			p.tree.learn(name, real)
		}
		if !ok || p.tree.find(name) == nil {
			name = p.tree.clean("/", real)
		}
	}
	o.name = name
	if isSpecial(name) || p.tree.full {
		o.name = ""
		return
	}
	switch {
	case flag("O_TMPFILE"):
		n := p.tree.newFile(false)
		n.made, n.temp, n.excl = c.Ref, true, true
		o.node = n
	case flag("O_CREAT"):
		o.node = p.create(c, name, flag("O_EXCL"), flag("O_TRUNC"))
	case o.writing:
		o.node = p.tree.old(name, false)
		if flag("O_TRUNC") {
			p.truncate(c, o.node, 0)
		}
	case flag("O_DIRECTORY"):
		o.node = p.tree.old(name, true)
	default:
		o.node = p.tree.find(name) // a file that is only read need not be known
		p.tree.seen.note(name, true)
	}
	if o.node != nil && o.writing && !o.node.dir {
		o.node.writers++
		p.sawFiles = true
		o.node.appends = o.node.appends || o.appends
	}
}

// create is an open with O_CREAT.
func (p *replay) create(c *call, name string, excl, trunc bool) *file {
	dir, base := p.tree.place(name)
	if e := dir.kids[base]; e != nil {
		if trunc {
			p.truncate(c, e.node, 0)
		}
		return e.node
	}
	there, known := p.tree.seen.there[name]
	if known && there && !excl {
		n := p.tree.old(name, false)
		if trunc {
			p.truncate(c, n, 0)
		}
		return n
	}
	n := p.tree.newFile(false)
	n.made, n.excl, n.sized = c.Ref, excl, true
	n.unsure = !known && !excl
	p.tree.enter(dir, base, n, c.Ref)
	dir.count(n, base)
	p.tree.seen.note(name, true)
	if n.unsure && trunc {
		p.judge.truncated(n, c.Ref)
	}
	return n
}

func (p *replay) close(c *call) {
	fd, shown, ok := c.fd(0)
	if !ok {
		return
	}
	pr := p.process(c)
	d, ok := pr.fds.fds[fd]
	if !ok {
		if c.err == "" {
			return
		}
		d = descriptor{open: p.descriptorOf(c, fd, shown)}
	}
	if c.err != "" && c.err != "EBADF" && c.err != "EINTR" {
		if n := p.nodeOf(d.open); n != nil {
			n.badSync = c.Ref
		}
	}
	if c.err == "EBADF" {
		return
	}
	delete(pr.fds.fds, fd)
	p.procs.open--
	p.release(d.open, c.Ref, pr)
}

func (p *replay) closeRange(c *call) {
	first, ok1 := c.number(0)
	last, ok2 := c.number(1)
	if !ok1 || c.failed() {
		return
	}
	if !ok2 {
		last = 1 << 31
	}
	pr := p.process(c)
	for _, fd := range pr.fds.numbers() {
		d := pr.fds.fds[fd]
		if int64(fd) < first || int64(fd) > last {
			continue
		}
		if c.has(2, "CLOSE_RANGE_CLOEXEC") {
			d.cloexec = true
			pr.fds.fds[fd] = d
			continue
		}
		delete(pr.fds.fds, fd)
		p.procs.open--
		p.release(d.open, c.Ref, pr)
	}
}

// closed is called when no descriptor has a description open any more.
func (p *replay) closed(o *open, by Ref, pr *process) {
	n := o.node
	if n == nil || !o.writing || n.dir {
		return
	}
	p.assume(n, by)
	if n.writers--; n.writers <= 0 {
		n.writers = 0
		if n.dirty {
			n.closed, n.closedBy = by, pr
		}
		if by.Line > 0 {
			p.judge.closed(n, by)
		}
	}
}

func (p *replay) dup(c *call, cloexec bool) {
	to, ok := c.result()
	o := p.descriptor(c, 0)
	if c.failed() || !ok || o == nil {
		return
	}
	pr := p.process(c)
	if old, ok := pr.fds.fds[int(to)]; ok && old.open == o {
		return
	}
	o.refs++
	p.put(pr, int(to), o, cloexec)
}

func (p *replay) fcntl(c *call) {
	switch {
	case c.failed():
	case c.arg(1) == "F_DUPFD":
		p.dup(c, false)
	case c.arg(1) == "F_DUPFD_CLOEXEC":
		p.dup(c, true)
	case c.arg(1) == "F_SETFD":
		fd, _, _ := c.fd(0)
		if d, ok := p.process(c).fds.fds[fd]; ok {
			d.cloexec = c.has(2, "FD_CLOEXEC")
			p.process(c).fds.fds[fd] = d
		}
	case c.arg(1) == "F_SETFL" && c.has(2, "O_APPEND"):
		if o := p.descriptor(c, 0); o != nil {
			o.appends = true
		}
	}
}

func (p *replay) newSocket(c *call) {
	if fd, ok := c.result(); ok && !c.failed() {
		p.put(p.process(c), int(fd), &open{refs: 1, socket: !c.has(0, "AF_NETLINK"), opened: c.Ref}, false)
	}
}

// pair is a call that returns two descriptors.
func (p *replay) pair(c *call, arg int, socket bool) {
	if c.failed() {
		return
	}
	for a := range strings.SplitSeq(strings.Trim(c.arg(arg), "[]"), ", ") {
		if fd, _, ok := parseFD(a); ok && fd >= 0 {
			p.put(p.process(c), fd, &open{refs: 1, socket: socket, opened: c.Ref}, false)
		}
	}
}
