package fsynclint

import "fmt"

// D001 to D004, D050, D052: bytes that were not synced when something relied on them.

// atCommit notes what is not synced when it gets its final name.
func (j *judge) atCommit(u *unit) {
	vouched := []*file{u.file}
	switch u.how {
	case byCreate:
		return // it had its name from the beginning
	case byDir:
		vouched = u.members()
	default:
		u.empty = (u.file.isNew() || u.file.fresh) && u.file.writers > 0 && u.file.size == 0 && (u.file.lastWrite.Line == 0 || u.file.assumed)
	}
	for _, n := range vouched {
		if n.dir || n.settledBefore(u.commit) {
			continue
		}
		if u.late == nil {
			u.late = map[*file]lateness{}
		}
		u.late[n] = lateness{n.syncs > 0 && n.dirty, n.firstDirt}
	}
}

func (j *judge) dataRules(u *unit, ns []need, by Ref, reliance string) {
	if n := u.file; u.empty && n.lastWrite.Line > u.commit.Ended {
		u.late = map[*file]lateness{n: {ref: n.lastWrite}}
	}
	missing := map[*file]bool{}
	for _, n := range ns {
		if n.kind != needData {
			continue
		}
		missing[n.node] = true
		j.unsynced(u, n, by, reliance)
	}
	for _, n := range u.lateFiles() {
		if !missing[n] { // it was synced in the meantime
			j.find("D003", n.path(), Finding{
				What:    fmt.Sprintf("%s was committed by %s before it was synced", n.path(), u.what()),
				First:   u.commit,
				Second:  n.cleaned,
				Then:    "the sync that comes too late",
				Missing: "fsync(" + n.path() + ") before the commit",
				After:   u.listing(map[*file]string{n: u.torn()}),
				assumed: n.assumed,
			})
		}
	}
}

func (u *unit) lateFiles() (files []*file) {
	for _, m := range append(u.members(), u.file) {
		if _, ok := u.late[m]; ok && m != nil {
			files = append(files, m)
		}
	}
	return files
}

func (j *judge) unsynced(u *unit, need need, by Ref, reliance string) {
	n := need.node
	late, wasLate := u.late[n]
	f := Finding{
		First:   need.since,
		Second:  u.commit,
		Then:    u.what(),
		Missing: "fsync(" + n.path() + ")",
		After:   u.listing(map[*file]string{n: u.torn()}),
		assumed: n.assumed,
	}
	if u.commit.Line <= need.since.Line {
		f.Second, f.Then = by, reliance
	}
	if n.ranged.Line > 0 {
		j.find("D050", n.path(), Finding{
			What: n.path() + " was written out by sync_file_range and not synced", First: n.ranged,
			Second: f.Second, Then: f.Then, Missing: f.Missing, After: f.After,
		})
	}
	switch {
	case !n.dirty:
		f.What = n.path() + " was mapped shared and writable, and not synced after that"
		j.find("D052", n.path(), f)
	case n == u.file && wasLate && !late.tail:
		f.What = fmt.Sprintf("%s got its name, and its bytes were not synced before or after", n.path())
		if u.replaced != nil {
			f.What += "; what had the name before is gone by then"
		}
		j.find("D002", n.path(), f)
	case n.syncs > 0:
		f.What = n.path() + " was written again after its last sync"
		j.find("D004", n.path(), f)
	default:
		f.What = fmt.Sprintf("%s was written and closed, and never synced, before %s", n.path(), u.what())
		j.find("D001", n.path(), f)
	}
}

// torn says what becomes of a file that was not synced.
func (u *unit) torn() string {
	if u.replaced != nil {
		return "the right length, full of zeros; or 0 bytes"
	}
	return "0 bytes; or cut short; or full of zeros"
}

// what names the call that commits.
func (u *unit) what() string {
	switch u.how {
	case byLink:
		return "the link to " + u.entry.path()
	case byCreate:
		return "the commit of " + u.entry.path()
	}
	return "the rename to " + u.entry.path()
}
