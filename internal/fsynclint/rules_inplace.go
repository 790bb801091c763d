package fsynclint

import "fmt"

// D030: a file that is in use changes in place.

// sector is how many bytes disks write whole or not at all.
const sector = 512

// truncated is called when a file that may have had bytes is cut.
func (j *judge) truncated(n *file, by Ref) {
	switch {
	case !j.p.inScope(n), n.dirty:
		return // nothing of it is durable yet, or it was reported
	case n.isNew() && !n.unsure && n.unit == nil && n.syncs == 0:
		return // a temporary file, written again from the beginning
	case j.journaled(n, by):
		return
	}
	f := Finding{
		What:  fmt.Sprintf("%s was truncated in place", n.path()),
		First: by, Then: "what is written next", Missing: "a synced copy of what was there",
		After: []string{n.path() + "  0 bytes"},
	}
	if n.unsure {
		f.What = fmt.Sprintf("%s was opened with O_TRUNC: what it held, if it was there before, is gone", n.path())
		j.find("D030", n.path(), f).lower(Warning)
		return
	}
	j.find("D030", n.path(), f)
}

// overwriting is called before bytes are written before the end of a file.
func (j *judge) overwriting(n *file, off, length int64, by Ref) {
	switch {
	case !j.p.inScope(n), n.dirty, n.sized && n.size == 0:
		return // nothing is in use, or it was reported
	case length <= sector && off/sector == (off+length-1)/sector:
		return // a disk writes it whole or not at all
	case n.inTurn(span{off, off + length}):
		return
	case j.journaled(n, by):
		return
	}
	f := Finding{
		What:  fmt.Sprintf("%s was overwritten in place", n.path()),
		First: by, Then: "what is written next", Missing: "a synced journal or copy of what was there",
		After: []string{n.path() + "  old and new bytes, and zeros, in any mixture"},
	}
	if !n.sized {
		f.What = fmt.Sprintf("%s was written in place, over what it held there, if anything", n.path())
		j.find("D030", n.path(), f).lower(Warning)
		return
	}
	j.find("D030", n.path(), f)
}

// inTurn reports whether a file has two halves that are written in turn: the one that is not
// overwritten was written last, and is durable.
func (f *file) inTurn(s span) bool {
	other := f.lastBytes
	return !f.dirty && f.sized && other.to > other.from && other.to-other.from == s.to-s.from &&
		f.size == 2*(s.to-s.from) && (other.to == s.from || s.to == other.from)
}

// journaled reports whether another file in the directory was written since this one was last
// synced, and is durable with its name: a journal, or a copy.
func (j *judge) journaled(n *file, by Ref) bool {
	if n.home == nil {
		return false
	}
	dir := n.home.dir
	for _, k := range dir.recent {
		if k == nil || k == n || k.home == nil || k.home.dir != dir || k.dirty || k.lastWrite.Line <= n.lastSync.Line {
			continue
		}
		if k.cleaned.before(by) && k.home.durableBefore(by) {
			return true
		}
	}
	return false
}
