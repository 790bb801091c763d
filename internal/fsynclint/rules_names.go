package fsynclint

import (
	"fmt"
	"strings"
)

// D010 to D013, D032: names that were not synced when something relied on them.

func (j *judge) nameRules(u *unit, ns []need, by Ref, reliance string) {
	var inner []need
	for _, n := range ns {
		if n.kind == needData {
			continue
		}
		dir := n.entry.dir.path()
		f := Finding{First: n.since, Second: by, Then: reliance, Missing: "fsync(" + dir + ")"}
		switch {
		case n.kind == needInner && n.node != nil && !n.node.dir && j.commits.MatchString(n.entry.path()):
			f.What = fmt.Sprintf("the name %s commits, and %s was not synced after it was made", n.entry.path(), dir)
			f.After = u.listing(map[*file]string{n.node: missing})
			j.find("D010", n.entry.path(), f)
		case n.kind == needInner && n.node.dir, n.kind == needParent:
			f.What = fmt.Sprintf("%s was made and %s was not synced after that", n.entry.path(), dir)
			f.After = []string{dir + "/", "  " + n.entry.name + "/  " + missing + ", with all that is in it"}
			f.Cure = "fsync " + dir + " after mkdir, before anything relies on what is in it"
			j.find("D011", n.entry.path(), f)
		case n.kind == needInner:
			inner = append(inner, n)
		case n.kind == needName:
			f.What = fmt.Sprintf("%s got its name, and %s was not synced after that", n.entry.path(), dir)
			f.After = u.listing(map[*file]string{n.node: u.nameless()})
			if u.how == byCreate {
				f.Cure = "fsync " + dir + " after the file was made"
			} else {
				f.Cure = "fsync " + dir + " after " + u.verb()
			}
			j.find("D010", n.entry.path(), f)
		}
	}
	j.innerNames(u, inner, by, reliance)
	j.childless(u, by)
}

const missing = "missing"

// verb names the kind of call that commits.
func (u *unit) verb() string {
	if u.how == byLink {
		return "the link"
	}
	return "the rename"
}

// nameless says what stands in place of a name that was lost.
func (u *unit) nameless() string {
	switch {
	case u.replaced != nil:
		return "as it was before"
	case u.how == byRename || u.how == byDir:
		return missing + "; it has its old name"
	}
	return missing
}

// innerNames is D012, one for all files of a directory.
func (j *judge) innerNames(u *unit, inner []need, by Ref, reliance string) {
	if len(inner) == 0 {
		return
	}
	lost := map[*file]string{}
	var names []string
	for _, n := range inner {
		lost[n.node] = missing
		if len(names) < 3 {
			names = append(names, n.entry.name)
		}
	}
	if more := len(inner) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	dir := inner[0].entry.dir.path()
	j.find("D012", dir, Finding{
		What:    fmt.Sprintf("%s was not synced after %s had been made in it", dir, strings.Join(names, ", ")),
		First:   inner[0].since,
		Second:  by,
		Then:    reliance,
		Missing: "fsync(" + dir + ")",
		After:   u.listing(lost),
	})
}

// childless is D013: new directories of which only the parent was synced.
func (j *judge) childless(u *unit, by Ref) {
	for d := u.entry.dir; d.home != nil; d = d.home.dir {
		j.unborn(u, d, by)
	}
	if u.how == byDir {
		j.unborn(u, u.root, by)
	}
	for _, m := range u.members() {
		if m.dir {
			j.unborn(u, m, by)
		}
	}
}

func (j *judge) unborn(u *unit, d *file, by Ref) {
	if !d.isNew() || d.home == nil || !d.home.durableBefore(by) || d.selfSync.Line > 0 {
		return
	}
	for _, e := range d.kids {
		if e.node.selfSync.Line > 0 {
			return
		}
	}
	j.find("D013", d.path(), Finding{
		What:    fmt.Sprintf("%s was synced after %s was made, and %s was not", d.home.dir.path(), d.path(), d.path()),
		First:   d.made,
		Second:  d.home.synced,
		Then:    "the sync of the parent",
		Missing: "fsync(" + d.path() + ")",
		After:   []string{d.home.dir.path() + "/", "  " + d.home.name + "/  " + missing + ", on a file system without a journal"},
	})
}

// acrossDirectories is D032.
func (j *judge) acrossDirectories(u *unit, from *entry, by Ref) {
	j.find("D032", u.entry.path(), Finding{
		What:    fmt.Sprintf("%s was made in %s", u.entry.path(), from.dir.path()),
		First:   u.entry.node.made,
		Second:  by,
		Then:    "the move",
		Missing: "fsync(" + from.dir.path() + ") as well as fsync(" + u.entry.dir.path() + ")",
		After: []string{from.dir.path() + "/", "  " + from.name + "  still there, or not",
			u.entry.dir.path() + "/", "  " + u.entry.name + "  there, or not"},
	})
}

// crossDevice is D032 for a rename that did not work.
func (j *judge) crossDevice(n *file, by Ref) {
	if n == nil || !j.p.inScope(n) {
		return
	}
	j.find("D032", n.path(), Finding{
		What:  n.path() + " cannot be renamed to where it belongs: that is another file system, and copying is not atomic",
		First: n.made, Second: by, Then: "the rename that fails",
		After: []string{n.path() + "  in the wrong place, and a copy of it, whole or in part"},
	})
}
