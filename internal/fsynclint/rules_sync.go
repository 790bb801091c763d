package fsynclint

import "fmt"

// D040, D042, D051, D053: what is wrong with a sync.

// syncing is called before a sync of a file or directory counts, whatever it returned.
func (j *judge) syncing(n *file, o *open, c *call) {
	if !j.p.inScope(n) {
		return
	}
	if n.badSync.Line > 0 && !c.failed() && n.badSync.Line != c.Line {
		j.find("D040", n.path(), Finding{
			What: fmt.Sprintf("a sync of %s failed and was tried again", n.path()), First: n.badSync, Second: c.Ref, Then: "the sync that succeeds and does nothing",
			Missing: "a new file in place of " + n.path(), After: []string{n.path() + "  any mixture of what was written, zeros and what was there before"},
		})
	}
	if c.failed() {
		return
	}
	j.counts.syncs++
	if n.dirty && !n.assumed && n.closed.Line > 0 && n.closed.before(o.opened) && n.closedBy != nil && n.closedBy != j.p.process(c) {
		j.find("D042", n.path(), Finding{
			What: fmt.Sprintf("%s was closed unsynced by the process that wrote it, and opened and synced by another", n.path()), First: n.closed, Second: c.Ref, Then: "the sync",
			Missing: "fsync(" + n.path() + ") by the writer, before close", After: []string{n.path() + "  with the error of a write lost: any mixture"},
		})
	}
	clean := !n.dir && !n.dirty && n.mapDirt.Line == 0 && n.lastSync.Line > 0 && n.mapped == 0 ||
		n.dir && len(n.wait) == 0 && n.selfSyncs > 0
	if clean {
		if j.counts.repeated == 0 {
			j.counts.example = [2]Ref{n.selfSync, c.Ref}
		}
		j.counts.repeated++
	}
	if !n.dir && n.home != nil {
		n.home.dir.remember(n)
	}
}

// remember keeps the files of a directory that were synced last.
func (d *file) remember(n *file) {
	for i, k := range d.recent {
		if k == n {
			copy(d.recent[1:i+1], d.recent[:i])
			d.recent[0] = n
			return
		}
	}
	copy(d.recent[1:], d.recent[:len(d.recent)-1])
	d.recent[0] = n
}

func (j *judge) syncedAll(by Ref) {
	if j.counts.globals == 0 {
		j.counts.global = by
	}
	j.counts.globals++
}

// syncCounts is D051 and D053, at the end of the trace.
func (j *judge) syncCounts() {
	if n := j.counts.globals; n > 0 {
		j.find("D051", "", Finding{
			What:  fmt.Sprintf("sync or syncfs was called, %d times in all", n),
			First: j.counts.global,
		}).Count = n
	}
	if n := j.counts.repeated; n > 0 {
		j.find("D053", "", Finding{
			What:  fmt.Sprintf("%d of %d syncs were of a file or directory that had not changed since the one before", n, j.counts.syncs),
			First: j.counts.example[0], Second: j.counts.example[1], Then: "the sync again",
		}).Count = n
	}
}
