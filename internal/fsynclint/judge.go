package fsynclint

import (
	"regexp"
	"slices"
)

// Options say what is to be judged.
type Options struct {
	// Commit matches the final paths of files that commit the directory they are in, by
	// being made there or renamed. Nil means DefaultCommit.
	Commit *regexp.Regexp
	// AckSocket and AckStdout: what a thread sends on a socket, or writes to standard output,
	// acknowledges its commits.
	AckSocket, AckStdout bool
	// Below is a directory; what is not below it is not judged. Empty means all.
	Below string
	// Mountinfo is the text of /proc/self/mountinfo of the machine of the trace. Empty
	// means that it is not known.
	Mountinfo string
}

// DefaultCommit is the name by which Flink and Weir commit a checkpoint.
var DefaultCommit = regexp.MustCompile(`_metadata$`)

// A judge finds commits, and asks the rules about them. Its methods are called by the
// replay, in the order of the trace.
type judge struct {
	p        *replay
	commits  *regexp.Regexp
	families map[familyKey]*family
	byThread map[ThreadID][]*unit // commits that were not judged, by the thread that made them
	waiting  []*unit              // the same, oldest first
	removals []*entry             // that were in order and may lack a sync
	// destroyed are files that were removed: a new one under that name comes too late.
	destroyed map[string]Ref

	findings []*Finding
	index    map[string]*Finding
	dropped  int // findings beyond the limit
	counts   counts
}

// counts are numbers for the report.
type counts struct {
	commits  int
	syncs    int
	repeated int // syncs of a file or directory that had not changed
	example  [2]Ref
	global   Ref // the first sync or syncfs
	globals  int
}

func (j *judge) init(p *replay) {
	j.p = p
	j.commits = p.options.Commit
	if j.commits == nil {
		j.commits = DefaultCommit
	}
	j.families = map[familyKey]*family{}
	j.byThread = map[ThreadID][]*unit{}
	j.destroyed = map[string]Ref{}
	j.index = map[string]*Finding{}
}

// renaming is called before a rename. It returns the family that loses a generation by
// it, if it is one that moves something out of the way.
func (j *judge) renaming(n *file, toDir *file, base string, by Ref) *family {
	if n.home == nil || n.isNew() && n.fam == nil || !j.p.inScope(n) {
		return nil
	}
	fam, root := j.committedOf(n, n.home)
	if fam == nil || root != n {
		return nil
	}
	j.destroying(fam, root, n, by)
	return fam
}

// renamed is called when something has got another name.
func (j *judge) renamed(n *file, from, to *entry, replaced *file, away *family, by Ref) {
	if away != nil {
		n.fam = away
		j.generationGone(away, from, by)
		return
	}
	if !j.p.inScope(n) {
		return
	}
	named := !n.dir && j.commits.MatchString(to.path())
	switch {
	case n.dir && (!n.isNew() || len(n.kids) == 0):
		return
	case !n.dir && !named && (!n.isNew() && !n.fresh || n.appends):
		return // a file is moved, or a log is rotated
	}
	how := byRename
	if n.dir {
		how = byDir
	}
	u := j.commit(how, n, to, replaced, by)
	if from.dir != to.dir {
		j.acrossDirectories(u, from, by)
	}
}

// linked is called when a file has got one more name.
func (j *judge) linked(n *file, home, e *entry, by Ref) {
	if !j.p.inScope(n) || n.unit != nil || !n.isNew() && !j.commits.MatchString(e.path()) || n.appends {
		return
	}
	u := j.commit(byLink, n, e, nil, by)
	if home != nil && home.dir != e.dir {
		j.acrossDirectories(u, home, by)
	}
}

// closed is called when the last descriptor for writing a file is closed.
func (j *judge) closed(n *file, by Ref) {
	if n.home != nil && n.unit == nil && (n.isNew() || n.fresh) && j.p.inScope(n) && j.commits.MatchString(n.home.path()) {
		j.commit(byCreate, n, n.home, nil, by)
	}
}

// commit notes that something has its final name.
func (j *judge) commit(how how, n *file, e *entry, replaced *file, by Ref) *unit {
	root := n
	if how != byDir && (e.dir.isNew() && e.dir.commits == 0 || j.commits.MatchString(e.path())) && e.dir.home != nil {
		root = e.dir
	}
	return j.commitIn(how, n, root, e, replaced, by)
}

func (j *judge) commitIn(how how, n, root *file, e *entry, replaced *file, by Ref) *unit {
	u := &unit{how: how, root: root, file: n, entry: e, replaced: replaced, since: e.dir.lastCommit, commit: by}
	if how == byDir {
		u.file, u.since = nil, 0
	}
	if !root.dir {
		u.since = by.Line
	}
	e.dir.commits++
	e.dir.lastCommit = by.Ended
	u.from = by.Line
	for _, f := range []*file{root, n} {
		if f.isNew() {
			u.from = min(u.from, f.made.Line)
		} else if f.fresh && f.dirty {
			u.from = min(u.from, f.firstDirt.Line)
		}
	}
	j.absorb(u)
	u.fam = j.familyOf(root.home.dir, root.home.name)
	j.removedFirst(u)
	u.fam.add(u)
	root.unit, n.unit, root.fam = u, u, u.fam
	j.counts.commits++
	j.waiting = append(j.waiting, u)
	j.byThread[by.Thread] = append(j.byThread[by.Thread], u)
	j.replacedLate(u)
	j.atCommit(u)
	for len(j.waiting) > maxUnits {
		j.decide(j.waiting[0], by, "many more commits")
	}
	return u
}

// absorb makes commits that the new one consists of parts of it: a staging directory with its
// metadata, or a file that is moved again.
func (j *judge) absorb(u *unit) {
	if u.root.unit == nil && (u.file == nil || u.file.unit == nil) && u.how != byDir {
		return
	}
	for _, v := range slices.Clone(j.waiting) {
		if v == u.root.unit || u.file != nil && v == u.file.unit || u.how == byDir && v.root.within(u.root) {
			j.settle(v)
			if v.fam != nil {
				v.fam.units = slices.DeleteFunc(v.fam.units, func(w *unit) bool { return w == v })
			}
		}
	}
}

func (j *judge) settle(u *unit) {
	u.settled = true
	j.waiting = slices.DeleteFunc(j.waiting, func(v *unit) bool { return v == u })
	t := u.commit.Thread
	j.byThread[t] = slices.DeleteFunc(j.byThread[t], func(v *unit) bool { return v == u })
	if len(j.byThread[t]) == 0 {
		delete(j.byThread, t)
	}
}

// decide judges a commit at the moment at which the program relies on it.
func (j *judge) decide(u *unit, by Ref, reliance string) {
	if u.settled {
		return
	}
	j.settle(u)
	ns := u.needs(by)
	u.whole = len(ns) == 0
	j.dataRules(u, ns, by, reliance)
	j.nameRules(u, ns, by, reliance)
	j.memberRules(u, by)
}

// acked is called when something is sent or written that acknowledges commits.
func (j *judge) acked(o *open, by Ref) {
	if o.socket && !j.p.options.AckSocket || !o.socket && !j.p.options.AckStdout {
		return
	}
	for _, u := range slices.Clone(j.byThread[by.Thread]) {
		if by.Line > u.commit.Ended {
			j.ackRule(u, o, by)
			j.decide(u, by, "the acknowledgement")
		}
	}
}
