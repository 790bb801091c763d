package fsynclint

import (
	"cmp"
	"slices"
)

// A unit is what the program commits: a file that gets its final name together with what
// was made in its directory, or a directory that does.
type unit struct {
	how      how
	root     *file   // what a generation is: the directory, or the file alone
	file     *file   // that was committed; nil if it is a directory
	entry    *entry  // the final name
	replaced *file   // what had that name before
	since    Line    // what was made in the directory up to here belongs to earlier commits
	from     Line    // where its first operation is
	commit   Ref     // the call
	fam      *family // of its root
	late     map[*file]lateness
	// empty: the file had no bytes yet when it got its name, and was open for writing: what is
	// written after that is part of the commit.
	empty     bool
	destroyed Ref // the first removal of something that belongs to it, while it was the newest

	settled bool // it was judged, or found to be durable, or is part of another one
	whole   bool // it was found to be durable
}

// how something is committed.
type how int

const (
	byRename how = iota
	byLink
	byDir    // by the rename of a directory
	byCreate // in place, by the name that it was made with
)

// A lateness says what was wrong with a file when it was committed.
type lateness struct {
	tail bool // it had been synced before, and was written again
	ref  Ref  // the first write that was not synced
}

// members are the files and directories that belong to the unit, beside the file that is
// committed: all that was made in its directory, and is closed.
func (u *unit) members() (ms []*file) {
	if !u.root.dir {
		return nil
	}
	var walk func(d *file, depth int)
	walk = func(d *file, depth int) {
		for _, name := range sortedNames(d.kids) {
			n := d.kids[name].node
			if len(ms) >= maxMembers || depth > 64 {
				return
			}
			switch {
			case n == u.file || n.special:
			case n.dir:
				if n.isNew() && n.made.Line > u.since && n.made.Line <= u.commit.Ended {
					ms = append(ms, n)
				}
				walk(n, depth+1)
			case n.isNew() && n.made.Line > u.since && n.made.Line <= u.commit.Ended && (n.writers == 0 || u.how == byDir):
				ms = append(ms, n)
			}
		}
	}
	walk(u.root, 0)
	return ms
}

func sortedNames(kids map[string]*entry) []string {
	names := make([]string, 0, len(kids))
	for name := range kids {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A need is a register that has to be durable before the unit is.
type need struct {
	kind  needKind
	node  *file
	entry *entry
	since Ref // the change that is not durable
}

type needKind int

const (
	needData   needKind = iota // the bytes of a file
	needName                   // the name that was committed
	needInner                  // the name of another file of the unit
	needParent                 // the name of a directory that it lies in
)

// needs lists what was not durable when a call began.
func (u *unit) needs(at Ref) (ns []need) {
	data := func(n *file) {
		if !n.dir && !n.settledBefore(at) {
			since := n.firstDirt
			if !n.dirty && n.mapDirt.Line > 0 {
				since = n.mapDirt
			}
			if u.how != byCreate && since.Line > u.commit.Ended && !(u.empty && n == u.file) {
				return // what is written after the commit is no part of it
			}
			ns = append(ns, need{needData, n, cmp.Or(n.home, u.entry), since})
		}
	}
	name := func(kind needKind, e *entry) {
		if e != nil && !e.durableBefore(at) {
			ns = append(ns, need{kind, e.node, e, e.changed})
		}
	}
	if u.file != nil && (u.root.home != nil || u.late != nil) {
		data(u.file)
	}
	if u.root.home == nil {
		return ns // it was removed, or something newer has its name
	}
	for _, m := range u.members() {
		data(m)
		name(needInner, m.home)
	}
	committed := u.entry
	if committed.node.home != nil && committed.node.home.dir == committed.dir && committed.node.home.name == committed.name {
		committed = committed.node.home
	}
	name(needName, committed)
	for d := u.entry.dir; d.home != nil; d = d.home.dir {
		if d.isNew() {
			name(needParent, d.home)
		}
	}
	return ns
}

// assumed reports whether all that is missing depends on writes that the trace does not show.
func assumed(ns []need) bool {
	return !slices.ContainsFunc(ns, func(n need) bool { return n.kind != needData || !n.node.assumed })
}
