package fsynclint

import (
	"maps"
	"slices"
	"strings"
)

// An open is an open file description: what descriptors that were duplicated share.
type open struct {
	name     string // clean absolute path; empty for what has none
	node     *file  // nil until it matters
	writing  bool
	appends  bool
	syncing  bool // O_SYNC or O_DSYNC: every write is durable when it returns
	offset   int64
	offKnown bool
	socket   bool
	stdout   bool // the standard output that the program was given
	refs     int
	opened   Ref
}

// A table is the descriptors of a process, or of several that share it.
type table struct {
	fds   map[int]descriptor
	users int
}

type descriptor struct {
	*open
	cloexec bool
}

func newTable() *table { return &table{fds: map[int]descriptor{}, users: 1} }

// copied returns the table of a child.
func (t *table) copied() *table {
	c := newTable()
	for fd, d := range t.fds {
		d.refs++
		c.fds[fd] = d
	}
	return c
}

// numbers lists the descriptors, so that all is done in the same order every time.
func (t *table) numbers() []int { return slices.Sorted(maps.Keys(t.fds)) }

// inherited makes a description of a descriptor that the trace does not show to be
// opened, from what -y says of it.
func inherited(fd int, shown string) *open {
	o := &open{refs: 1, stdout: fd == 1}
	if strings.HasPrefix(shown, "/") {
		o.name = strings.TrimSuffix(shown, deletedMark)
		o.writing = true
	}
	o.socket = isSocket(shown)
	return o
}

// isSocket reports whether -y or -yy shows a socket.
func isSocket(shown string) bool {
	for _, kind := range []string{"socket:", "TCP", "UDP", "UNIX", "SCTP", "NETLINK"} {
		if strings.HasPrefix(shown, kind) {
			return !strings.HasPrefix(shown, "NETLINK")
		}
	}
	return false
}

// isSpecial reports whether nothing at a path is ever durable.
func isSpecial(name string) bool {
	for _, dir := range []string{"/proc", "/sys", "/dev"} {
		if name == dir || strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}
