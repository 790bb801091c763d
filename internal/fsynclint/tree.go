package fsynclint

import (
	"path"
	"slices"
	"strings"
)

// A tree is the files and directories by name. What the trace does not show to be made is put
// into it when it is first named, as something that was there before.
type tree struct {
	root  *file
	here  *file // the working directory, where the trace does not say which it is
	nodes int
	next  int
	full  bool // maxFiles was reached

	// aliases are directories that -y has shown to have another name, through a symbolic
	// link.
	aliases map[string]string
	seen    seen
}

// hereName is the first part of paths relative to a directory that is not known.
const hereName = "."

func newTree() *tree {
	t := &tree{aliases: map[string]string{}, seen: seen{there: map[string]bool{}}}
	t.root = &file{dir: true, kids: map[string]*entry{}}
	t.here = &file{id: 1, dir: true, kids: map[string]*entry{}}
	t.here.home = &entry{dir: t.root, name: hereName, node: t.here}
	t.root.kids[hereName] = t.here.home
	t.next = 2
	return t
}

func joinPath(parts []string) string {
	if len(parts) > 0 && parts[0] == hereName {
		if len(parts) == 1 {
			return hereName
		}
		return strings.Join(parts[1:], "/")
	}
	return "/" + strings.Join(parts, "/")
}

func joinTwo(dir, name string) string {
	switch dir {
	case "/":
		return "/" + name
	case hereName:
		return name
	}
	return dir + "/" + name
}

// clean makes a path absolute, by the directory that it is relative to.
func (t *tree) clean(dir, name string) string {
	if !strings.HasPrefix(name, "/") {
		name = dir + "/" + name
	}
	name = path.Clean("/" + name)
	for range 4 { // links to links
		to, ok := t.unalias(name)
		if !ok {
			break
		}
		name = to
	}
	return name
}

func (t *tree) unalias(name string) (string, bool) {
	if len(t.aliases) == 0 {
		return "", false
	}
	for dir := name; dir != "/"; dir = path.Dir(dir) {
		if to, ok := t.aliases[dir]; ok && to != dir {
			return path.Clean(to + name[len(dir):]), true
		}
	}
	return "", false
}

// learn notes that a directory has another name than that by which it was found.
func (t *tree) learn(name, real string) {
	for path.Base(name) == path.Base(real) && name != real {
		name, real = path.Dir(name), path.Dir(real)
	}
	if name != real && name != "/" && real != "/" && len(t.aliases) < maxThreads && !strings.HasPrefix(name, "/"+hereName) {
		t.aliases[name] = real
	}
}

// parts returns the elements of a clean absolute path.
func parts(name string) []string {
	if len(name) < 2 {
		return nil
	}
	return strings.Split(name[1:], "/")
}

// find returns what a clean absolute path names, nil if the tree does not have it.
func (t *tree) find(name string) *file {
	n := t.root
	for _, part := range parts(name) {
		e := n.kids[part]
		if e == nil {
			return nil
		}
		n = e.node
	}
	return n
}

// place returns the directory that a clean absolute path lies in, made to be there if the
// tree does not have it, and the last element.
func (t *tree) place(name string) (dir *file, base string) {
	n := t.root
	ps := parts(name)
	if len(ps) == 0 {
		return t.root, hereName
	}
	for _, part := range ps[:len(ps)-1] {
		e := n.kids[part]
		if e == nil {
			e = t.enter(n, part, t.newFile(true), Ref{})
		}
		n = e.node
		if n.kids == nil { // taken for a file so far
			n.dir, n.kids = true, map[string]*entry{}
		}
	}
	return n, ps[len(ps)-1]
}

// old returns what a path names, and makes it something that was there before the trace.
func (t *tree) old(name string, dir bool) *file {
	in, base := t.place(name)
	if base == hereName {
		return in
	}
	if e := in.kids[base]; e != nil {
		if dir && e.node.kids == nil {
			e.node.dir, e.node.kids = true, map[string]*entry{}
		}
		return e.node
	}
	return t.enter(in, base, t.newFile(dir), Ref{}).node
}

func (t *tree) newFile(dir bool) *file {
	f := &file{id: t.next, dir: dir}
	t.next++
	t.nodes++
	t.full = t.full || t.nodes > maxFiles
	if dir {
		f.kids = map[string]*entry{}
	}
	return f
}

// enter gives a file a name, which nothing has.
func (t *tree) enter(dir *file, name string, node *file, by Ref) *entry {
	e := &entry{dir: dir, name: name, node: node, changed: by}
	dir.kids[name] = e
	node.home = e
	node.link++
	if by.Line > 0 {
		dir.await(e)
	}
	return e
}

// leave takes a name away.
func (t *tree) leave(e *entry, by Ref) {
	delete(e.dir.kids, e.name)
	gone := &entry{dir: e.dir, name: e.name, node: e.node, gone: true, changed: by}
	e.dir.await(gone)
	n := e.node
	n.link--
	if n.home == e {
		n.home = nil
	}
	if n.link <= 0 {
		t.nodes--
	}
}

// await puts an entry among those that no sync has covered. Of a directory that is never
// synced only those are kept that are still there; the others are taken for durable.
func (d *file) await(e *entry) {
	if len(d.wait) >= maxMembers && len(d.wait) >= 2*d.kept {
		d.wait = slices.DeleteFunc(d.wait, func(old *entry) bool {
			if d.kids[old.name] == old {
				return false
			}
			old.changed = Ref{}
			return true
		})
		d.kept = len(d.wait)
	}
	d.wait = append(d.wait, e)
}

// sync makes the entries of a directory durable that had changed before the sync began.
func (d *file) sync(by Ref) {
	kept := d.wait[:0]
	for _, e := range d.wait {
		if e.changed.before(by) {
			e.synced = by
		} else {
			kept = append(kept, e)
		}
	}
	clear(d.wait[len(kept):])
	d.wait = kept
}

// seen is what the trace shows about names that are not in the tree: whether they are there. It
// keeps the last maxSeen of them.
type seen struct {
	there map[string]bool
	order []string
	at    int
}

func (s *seen) note(name string, there bool) {
	if _, ok := s.there[name]; !ok {
		if len(s.order) < maxSeen {
			s.order = append(s.order, name)
		} else {
			delete(s.there, s.order[s.at])
			s.order[s.at] = name
			s.at = (s.at + 1) % maxSeen
		}
	}
	s.there[name] = there
}
