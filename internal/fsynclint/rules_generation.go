package fsynclint

import (
	"fmt"
	"slices"
	"strings"
)

// D020 to D022: when the generation before may be removed.

func (j *judge) destroyedEarly(u *unit, ns []need, n *file, by Ref) {
	var barriers []string
	lost := map[*file]string{}
	for _, need := range ns {
		barrier := "fsync(" + need.entry.dirPath() + ")"
		state := missing
		if need.kind == needData {
			barrier, state = "fsync("+need.node.path()+")", u.torn()
		}
		lost[need.node] = state
		if len(barriers) < 4 && !slices.Contains(barriers, barrier) {
			barriers = append(barriers, barrier)
		}
	}
	j.find("D020", joinTwo(u.fam.parent.path(), u.fam.shape), Finding{
		What:  fmt.Sprintf("%s was removed before %s and what belongs to it was durable", n.path(), u.entry.path()),
		First: u.commit, Second: by, Then: "the removal", Missing: strings.Join(barriers, ", "),
		After:   append(u.listing(lost), n.path()+"  "+missing+": it was removed"),
		assumed: assumed(ns),
	})
}

func (e *entry) dirPath() string {
	if e == nil {
		return ""
	}
	return e.dir.path()
}

// replacedLate is D020 for a file whose old version was removed before the new one was there.
func (j *judge) replacedLate(u *unit) {
	at, ok := j.destroyed[u.entry.path()]
	if !ok {
		return
	}
	delete(j.destroyed, u.entry.path())
	j.find("D020", u.entry.path(), Finding{
		What:  fmt.Sprintf("%s was removed, and only then came the new one", u.entry.path()),
		First: at, Second: u.commit, Then: u.what(), Missing: "nothing: rename replaces, and the removal is not needed",
		After: []string{u.entry.dir.path() + "/", "  " + u.entry.name + "  " + missing},
		Cure:  "leave the removal out",
	})
}

// removedFirst is D020 for a generation that was removed when the next had begun, and before
// that was committed.
func (j *judge) removedFirst(u *unit) {
	before := u.fam.newest()
	if before == nil || before.destroyed.Line < u.from || before.destroyed.Line > u.commit.Line || j.others(u.fam, u.root.home.name) > 0 {
		return
	}
	j.find("D020", joinTwo(u.fam.parent.path(), u.fam.shape), Finding{
		What:  fmt.Sprintf("%s was removed, and only then came %s", before.entry.path(), u.entry.path()),
		First: before.destroyed, Second: u.commit, Then: u.what(), Missing: "the commit of " + u.entry.path() + " before the removal",
		After: []string{u.fam.parent.path() + "/", "  " + u.root.home.name + "  not whole", before.entry.path() + "  " + missing + ": it was removed"},
		Cure:  "remove the old one after the new one is durable",
	})
}

// noSecondCopy is D021.
func (j *judge) noSecondCopy(fam *family, e *entry, by Ref) {
	u := fam.newest()
	if u == nil || u.root.home == nil {
		return
	}
	if !fam.alone && j.others(fam, e.name) > 0 {
		return
	}
	fam.alone = true
	j.find("D021", e.path(), Finding{
		What:  fmt.Sprintf("after the removal of %s there is only %s", e.path(), u.root.path()),
		First: u.commit, Second: by, Then: "the removal",
		After: []string{e.dir.path() + "/", "  " + u.root.home.name + "  the only one"},
	})
}

// unsyncedRemovals is D022, at the end of the trace.
func (j *judge) unsyncedRemovals() {
	for _, e := range j.removals {
		if e.changed.Line == 0 || e.synced.Line > 0 {
			continue
		}
		j.find("D022", e.path(), Finding{
			What:  fmt.Sprintf("%s was removed, and %s was not synced after that", e.path(), e.dir.path()),
			First: e.changed, Then: endOfTrace,
			After: []string{e.dir.path() + "/", "  " + e.name + "  back again, whole or in part"},
		})
	}
}
