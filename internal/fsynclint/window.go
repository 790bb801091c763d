package fsynclint

import (
	"fmt"
	"slices"
	"strings"
)

// windows keeps what is to be enumerated: a commit with the operations before and after
// it that have to do with it, once for all commits whose operations are the same but for
// names.
type windows struct {
	shapes  map[string]*window
	order   []*window
	tooLong int // commits with more operations than maxWindow
	lost    int // commits whose beginning is no longer in the log
	others  int // commits of shapes beyond maxWindows
}

// A window is a script for a file system in memory.
type window struct {
	unit  string // the path that commits
	times int    // commits of this shape
	setup []step
	steps []step
	ackAt int // the step before which something relies on the commit
	// want and old are the files of the commit, and those that it replaces, by path.
	want, old []goal
}

// A step is an operation by names in the script's own file system.
type step struct {
	kind     opKind
	id       int // of the file
	name, to string
	over     bool
	assumed  bool
	ref      Ref
}

// A goal is a file that has to be where it is named.
type goal struct {
	id   int
	name string
}

// close is called when no more operations can belong to a commit.
func (ws *windows) close(p *replay, u *unit) {
	if u.closed || !p.inScope(u.root) && u.root.home != nil {
		return
	}
	u.closed = true
	ops, all := p.log.since(u.from)
	if !all {
		ws.lost++
		return
	}
	w, sig := newScript(u, ops).build()
	switch {
	case w == nil:
		ws.tooLong++
	case ws.shapes[sig] != nil:
		ws.shapes[sig].times++
	case len(ws.order) >= maxWindows:
		ws.others++
	default:
		ws.shapes[sig] = w
		ws.order = append(ws.order, w)
	}
}

// A scripter turns operations on inodes into operations on names.
type scripter struct {
	u    *unit
	ops  []op
	own  map[*file]bool // files and directories of the commit, and what it replaces
	at   map[*file]spot // where a file is, in the course of the script
	ids  map[*file]int
	tops map[*file]string
	old  []*file // what the commit replaces
	// pending are directories above it whose names are not durable when it begins.
	pending []*file
	w       *window
	depth   int
	broken  bool
	sig     strings.Builder
}

type spot struct {
	dir  *file
	name string
}

func newScript(u *unit, ops []op) *scripter {
	s := &scripter{
		u: u, own: map[*file]bool{}, at: map[*file]spot{}, ids: map[*file]int{}, tops: map[*file]string{},
		w: &window{unit: u.entry.path(), times: 1},
	}
	if !u.settled {
		u.kept = u.members()
	}
	for _, f := range append(slices.Clone(u.kept), u.root, u.file, u.replaced) {
		if f != nil {
			s.own[f] = true
		}
	}
	s.ancestors()
	dirs := map[*file]bool{}
	for i := range ops {
		if o := &ops[i]; o.relies == u && o.node.unit != u {
			s.own[o.node] = true
		}
	}
	for i := range ops {
		if o := &ops[i]; s.own[o.node] && o.node != nil {
			dirs[o.dir], dirs[o.toDir] = true, true
		}
	}
	synced := map[*file]bool{} // directories of which nothing has changed since
	for _, o := range ops {
		switch {
		case o.kind == opSyncDir:
			if !synced[o.dir] && (dirs[o.dir] || s.own[o.dir]) {
				s.ops = append(s.ops, o)
				synced[o.dir] = true
			}
		case s.own[o.node] && o.node != nil || o.kind == opSyncAll:
			s.ops = append(s.ops, o)
			clear(synced)
		}
	}
	return s
}

// ancestors finds the directories above the commit whose names are not durable when its
// first operation comes.
func (s *scripter) ancestors() {
	for d := s.u.entry.dir; d.home != nil; d = d.home.dir {
		if !d.isNew() {
			continue
		}
		s.own[d] = true
		if d.made.Line < s.u.from && !d.home.durableBefore(Ref{Line: s.u.from}) {
			s.pending = append(s.pending, d)
		}
	}
	slices.Reverse(s.pending) // from the top
}

// unborn is what a directory is called before the step that gives it its name: what is in
// it is there before the script begins, and its name is not durable.
const unborn = "not durable: "

// build writes the script and what tells it from others. It is nil if it is too long.
func (s *scripter) build() (*window, string) {
	if len(s.ops) == 0 || len(s.ops)+len(s.pending) > maxWindow {
		return nil, ""
	}
	for _, d := range s.pending {
		at := spot{d.home.dir, unborn + d.home.name}
		s.w.setup = append(s.w.setup, step{kind: opMkdir, id: s.number(d), name: s.path(at)})
		s.at[d] = at
	}
	for i := range s.ops {
		s.place(i)
	}
	s.standing()
	for _, d := range s.pending {
		s.step(&op{kind: opRename, node: d, dir: d.home.dir, name: unborn + d.home.name, toDir: d.home.dir, toName: d.home.name, ref: d.made})
	}
	for _, old := range s.old {
		s.w.old = append(s.w.old, goal{s.ids[old], s.path(s.at[old])})
	}
	s.w.ackAt = -1
	for i := range s.ops {
		o := &s.ops[i]
		relied := o.relies == s.u || s.u.relied.Line > 0 && o.ref.Line >= s.u.relied.Line
		if relied && s.w.ackAt < 0 && o.ref.Ended > s.u.commit.Ended {
			s.goals(i)
		}
		s.step(o)
	}
	if s.w.ackAt < 0 {
		s.goals(len(s.ops))
	}
	if s.broken {
		return nil, ""
	}
	return s.w, s.sig.String()
}

// place finds out where a file was before the script, if it was there: the first
// operation that names it says so.
func (s *scripter) place(i int) {
	o := &s.ops[i]
	if o.replaced != nil {
		s.before(o.replaced, spot{o.toDir, o.toName}, i)
	}
	switch o.kind {
	case opMkdir, opCreate, opSyncAll, opSyncDir:
		return
	case opLink:
		if o.node.temp {
			return
		}
	}
	where := spot{o.dir, o.name}
	if o.dir == nil || o.kind == opLink {
		where = spot{}
		if o.node.home != nil {
			where = spot{o.node.home.dir, o.node.home.name}
		}
		for _, later := range s.ops[i:] { // where it is now may not be where it was
			if later.node == o.node && later.dir != nil && later.name != "" {
				where = spot{later.dir, later.name}
				break
			}
		}
	}
	s.before(o.node, where, i)
}

// standing puts the directories that operations are in, and that none of them makes, into
// the setup.
func (s *scripter) standing() {
	made := map[*file]bool{}
	for i := range s.ops {
		o := &s.ops[i]
		for _, d := range []*file{o.dir, o.toDir} {
			if d != nil && !made[d] {
				s.dirPath(d)
			}
		}
		if o.kind == opMkdir {
			made[o.node] = true
		}
	}
}

// before puts a file into the setup, unless an operation of the script makes it, or one
// before the i-th has placed it.
func (s *scripter) before(f *file, where spot, i int) {
	if _, ok := s.ids[f]; ok || f.temp || where.dir == nil {
		return
	}
	for _, o := range s.ops {
		if o.node == f && (o.kind == opCreate || o.kind == opMkdir) {
			return
		}
	}
	s.number(f)
	s.at[f] = where
	name := s.path(where)
	if f.dir {
		s.w.setup = append(s.w.setup, step{kind: opMkdir, id: s.ids[f], name: name})
		return
	}
	s.w.setup = append(s.w.setup, step{kind: opCreate, id: s.ids[f], name: name})
	if s.isOld(f) {
		s.old = append(s.old, f)
	}
}

// isOld tells whether a file is of what the commit replaces.
func (s *scripter) isOld(f *file) bool {
	if f == s.u.replaced {
		return true
	}
	for i := range s.ops {
		if o := &s.ops[i]; o.node == f && o.relies == s.u {
			return true
		}
	}
	return false
}

func (s *scripter) number(f *file) int {
	if id, ok := s.ids[f]; ok {
		return id
	}
	s.ids[f] = len(s.ids)
	return s.ids[f]
}

// path is the name of a place in the script's file system. A directory that nothing
// happens to stands at the top, by its own name.
func (s *scripter) path(at spot) string { return s.dirPath(at.dir) + "/" + at.name }

const maxDepth = 256

func (s *scripter) dirPath(d *file) string {
	if s.depth++; s.depth > maxDepth {
		s.broken = true // by a trace that does not fit together, a directory lies in itself
		return "/"
	}
	defer func() { s.depth-- }()
	if at, ok := s.at[d]; ok {
		return s.path(at)
	}
	for i := range s.ops { // it moves or goes later
		if o := &s.ops[i]; o.node == d && (o.kind == opRename || o.kind == opRemove) && s.own[d] {
			if _, made := s.ids[d]; !made {
				s.before(d, spot{o.dir, o.name}, i)
				if at, ok := s.at[d]; ok {
					return s.path(at)
				}
				break
			}
		}
	}
	for up := d; up.home != nil; up = up.home.dir { // it lies in a directory that matters
		if _, ok := s.at[up.home.dir]; ok {
			s.w.setup = append(s.w.setup, step{kind: opMkdir, id: s.number(d), name: s.dirPath(d.home.dir) + "/" + d.home.name})
			s.at[d] = spot{d.home.dir, d.home.name}
			return s.path(s.at[d])
		}
	}
	if name, ok := s.tops[d]; ok {
		return name
	}
	base := "root"
	if d.home != nil {
		base = d.home.name
	}
	if base == hereName {
		base = "cwd"
	}
	name := "/" + base
	for _, taken := range s.tops {
		if taken == name {
			name = fmt.Sprintf("/%s.%d", base, len(s.tops))
		}
	}
	s.tops[d] = name
	s.w.setup = append(s.w.setup, step{kind: opMkdir, id: -1, name: name})
	return name
}

// goals notes what has to be there from here on.
func (s *scripter) goals(step int) {
	s.w.ackAt = step
	for _, f := range append(slices.Clone(s.u.kept), s.u.file) {
		if f == nil || f.dir {
			continue
		}
		if at, ok := s.at[f]; ok {
			s.w.want = append(s.w.want, goal{s.number(f), s.path(at)})
		}
	}
	slices.SortFunc(s.w.want, func(a, b goal) int { return a.id - b.id })
	for _, g := range s.w.want {
		fmt.Fprintf(&s.sig, "want %d;", g.id)
	}
	s.sig.WriteString("ack;")
}

func (s *scripter) step(o *op) {
	st := step{kind: o.kind, over: o.over, assumed: o.assumed, ref: o.ref}
	if o.node != nil {
		st.id = s.number(o.node)
	}
	switch o.kind {
	case opMkdir, opCreate:
		st.name = s.path(spot{o.dir, o.name})
		s.at[o.node] = spot{o.dir, o.name}
	case opRemove:
		st.name = s.path(spot{o.dir, o.name})
		if s.at[o.node] == (spot{o.dir, o.name}) {
			delete(s.at, o.node)
		}
	case opRename, opExchange:
		st.name, st.to = s.path(spot{o.dir, o.name}), s.path(spot{o.toDir, o.toName})
		s.at[o.node] = spot{o.toDir, o.toName}
		if o.kind == opExchange {
			s.at[o.replaced] = spot{o.dir, o.name}
		} else if o.replaced != nil {
			delete(s.at, o.replaced)
		}
	case opLink:
		st.to = s.path(spot{o.toDir, o.toName})
		s.at[o.node] = spot{o.toDir, o.toName}
	case opSyncDir:
		st.name = s.dirPath(o.dir)
	}
	s.w.steps = append(s.w.steps, st)
	fmt.Fprintf(&s.sig, "%d %d %v %v %d %d", o.kind, st.id, o.over, o.assumed, s.dirID(o.dir), s.dirID(o.toDir))
	if o.replaced != nil {
		fmt.Fprintf(&s.sig, " r%d", s.number(o.replaced))
	}
	s.sig.WriteByte(';')
}

func (s *scripter) dirID(d *file) int {
	if d == nil {
		return -1
	}
	return s.number(d)
}
