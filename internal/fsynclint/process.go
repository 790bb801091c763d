package fsynclint

import (
	"slices"
	"strconv"
	"strings"
)

// A process is a thread group: what threads share.
type process struct {
	fds     *table
	cwd     *cwd
	threads int
	guessed bool // no clone shows where it came from
	region  int64
	maps    map[int64]mapping
}

// A cwd is a working directory, shared by processes that were cloned with CLONE_FS.
type cwd struct{ name string }

type mapping struct {
	node   *file
	length int64
}

// processes knows which thread belongs to which process.
type processes struct {
	of     map[ThreadID]*process
	births []birth // clones that have begun, whose child is not known
	clones bool    // the trace has clones
	merged int     // threads that were put together without a clone that shows it
	open   int     // descriptors in all tables, about
	lost   bool    // beyond a limit
	born   int     // processes that there were in all
}

// A birth is a clone that has begun.
type birth struct {
	parent ThreadID
	flags  string
	child  ThreadID // 0 until it is seen
}

func newProcesses() *processes { return &processes{of: map[ThreadID]*process{}} }

// isClone reports whether a call makes a thread or a process.
func isClone(name string) bool {
	switch name {
	case "clone", "clone3", "fork", "vfork", "__clone2":
		return true
	}
	return false
}

// started notes a clone that has begun: its child may run before it returns.
func (ps *processes) started(c *call) {
	ps.clones = true
	if len(ps.births) < maxThreads {
		ps.births = append(ps.births, birth{parent: c.Thread, flags: strings.Join(c.args, ",") + c.name})
	}
}

// cloned notes that a clone has returned.
func (ps *processes) cloned(c *call) {
	ps.clones = true
	i := slices.IndexFunc(ps.births, func(b birth) bool { return b.parent == c.Thread })
	b := birth{parent: c.Thread, flags: strings.Join(c.args, ",") + c.name}
	if i >= 0 {
		b.child = ps.births[i].child
		ps.births = slices.Delete(ps.births, i, i+1)
	}
	n, err := strconv.Atoi(c.ret)
	if c.failed() || err != nil || n <= 0 {
		return
	}
	child := ThreadID(n)
	if ps.of[child] == nil || b.child != 0 && b.child != child {
		ps.give(child, b)
	}
}

// give makes a child of its parent.
func (ps *processes) give(child ThreadID, b birth) {
	if len(ps.of) >= maxThreads {
		ps.lost = true
		return
	}
	parent := ps.get(b.parent)
	if strings.Contains(b.flags, "CLONE_THREAD") {
		parent.threads++
		ps.of[child] = parent
		return
	}
	p := &process{threads: 1, fds: parent.fds, cwd: parent.cwd, maps: map[int64]mapping{}}
	ps.born++
	if strings.Contains(b.flags, "CLONE_FILES") {
		p.fds.users++
	} else {
		p.fds = parent.fds.copied()
	}
	if !strings.Contains(b.flags, "CLONE_FS") {
		p.cwd = &cwd{parent.cwd.name}
	}
	ps.of[child] = p
}

// get returns the process of a thread. A new one is the child of the clone that has waited
// longest for its child, or else its parent is not known.
func (ps *processes) get(t ThreadID) *process {
	if p := ps.of[t]; p != nil {
		return p
	}
	for i := range ps.births {
		if ps.births[i].child == 0 && ps.births[i].parent != t {
			ps.births[i].child = t
			ps.give(t, ps.births[i])
			if p := ps.of[t]; p != nil {
				return p
			}
		}
	}
	p := &process{fds: newTable(), cwd: &cwd{}, threads: 1, guessed: true, maps: map[int64]mapping{}}
	if len(ps.of) >= maxThreads {
		ps.lost = true
		return p
	}
	ps.of[t] = p
	ps.born++
	return p
}

// exited drops a thread; it returns the descriptions that nothing has open any more.
func (ps *processes) exited(t ThreadID) (closed []*open) {
	p := ps.of[t]
	if p == nil {
		return nil
	}
	delete(ps.of, t)
	if p.threads--; p.threads > 0 {
		return nil
	}
	if p.fds.users--; p.fds.users > 0 {
		return nil
	}
	for _, fd := range p.fds.numbers() {
		d := p.fds.fds[fd]
		if d.refs--; d.refs == 0 {
			closed = append(closed, d.open)
		}
	}
	return closed
}

// region returns where in memory a process keeps its stacks and buffers: the upper bits of an
// address. Threads with the same region are nearly always of the same process.
func regionOf(c *call) int64 {
	for _, a := range c.args {
		if rest, ok := strings.CutPrefix(a, "0x7f"); ok && len(rest) == 10 {
			if n, err := strconv.ParseInt(a, 0, 64); err == nil {
				return n >> 32
			}
		}
	}
	return 0
}

// guess puts threads together whose clone the trace does not show, by the addresses that they
// pass.
func (ps *processes) guess(c *call) {
	p := ps.get(c.Thread)
	if ps.clones || !p.guessed || p.region != 0 {
		return
	}
	region := regionOf(c)
	if region == 0 {
		return
	}
	p.region = region
	for _, other := range ps.of {
		if other != p && other.region == region {
			ps.merge(c.Thread, other)
			return
		}
	}
}

// merge makes a thread part of another process.
func (ps *processes) merge(t ThreadID, into *process) {
	p := ps.of[t]
	for fd, d := range p.fds.fds {
		if _, taken := into.fds.fds[fd]; !taken {
			into.fds.fds[fd] = d
		}
	}
	for other, q := range ps.of {
		if q == p {
			ps.of[other] = into
			into.threads++
		}
	}
	ps.merged++
	ps.born--
}

// elsewhere finds the process that has a descriptor open which a thread uses and does not have:
// where no clone shows otherwise, they are of the same process.
func (ps *processes) elsewhere(t ThreadID, fd int, name string) *process {
	p := ps.of[t]
	if ps.clones || p == nil || !p.guessed {
		return nil
	}
	var found *process
	for _, q := range ps.of {
		if d, ok := q.fds.fds[fd]; ok && q != p && q.guessed && (name == "" || d.name == name) {
			if found != nil && found != q {
				return nil // it could be either
			}
			found = q
		}
	}
	return found
}
