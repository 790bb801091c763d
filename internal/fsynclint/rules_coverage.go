package fsynclint

import (
	"fmt"
	"strings"
)

// blindSpots are what strace never shows.
var blindSpots = []string{
	"processes that were not traced, and what they wrote before",
	"stores to memory that is mapped from files: when they happen, and whether a later msync covers them",
	"what the kernel writes back by itself, and when: of what was not synced, any part may be on the disk",
	"threads of one process that strace showed in an order other than that of the disk, where calls overlapped",
	"whether disk and file system keep what they say is synced",
}

// coverage is D090 and the blind spots: what the trace does not show.
func (p *replay) coverage(r *Report) {
	r.BlindSpots = append(r.BlindSpots, blindSpots...)
	var gaps []string
	var first Ref
	gap := func(at Ref, format string, args ...any) {
		gaps = append(gaps, fmt.Sprintf(format, args...))
		if first.Line == 0 || at.Line > 0 && at.Line < first.Line {
			first = at
		}
	}
	if p.uring.Line > 0 {
		gap(p.uring, "io_uring or asynchronous calls are used: what is written, synced or renamed by them is not in the trace, and how much that is is unknown")
	}
	if p.socketed.Line > 0 {
		gap(p.socketed, "socketcall or ipc hide several calls behind one")
	}
	if p.writes == 0 && p.sawFiles {
		gap(Ref{}, "there are files open for writing and no writes: files are taken to be written before their first sync, or before they are closed")
	}
	in := p.in
	if in.orphans > 0 {
		gap(in.orphan, "of %s only one half is there", times(in.orphans))
	}
	if n := in.garbled; n > 0 {
		gap(Ref{}, "%d lines look like calls and cannot be read", n)
	}
	if n := in.records.lines.cut; n > 0 {
		gap(Ref{}, "%d lines were longer than %d bytes", n, maxLine)
	}
	if p.tree.full || p.procs.lost || p.stranger {
		gap(Ref{}, "there are more files, threads or descriptors than can be kept in view")
	}
	r.BlindSpots = append(r.BlindSpots, gaps...)
	if n := p.procs.merged; n > 0 {
		r.BlindSpots = append(r.BlindSpots, fmt.Sprintf("which threads are of one process: there is no clone in the trace, and %d were put together by their addresses and descriptors", n))
	}
	if in.calls == 0 || len(gaps) == 0 {
		return
	}
	p.judge.find("D090", "", Finding{What: strings.Join(gaps, "; "), First: first})
}

// times counts calls, for people.
func times(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}

// unsyncedMappings is D052 of files that belong to no commit, at the end of the trace.
func (j *judge) unsyncedMappings() {
	var walk func(d *file)
	walk = func(d *file) {
		for _, name := range sortedNames(d.kids) {
			n := d.kids[name].node
			if n.dir {
				walk(n)
				continue
			}
			if n.mapDirt.Line == 0 || n.unit != nil || n.syncs > 0 || !j.p.inScope(n) {
				continue
			}
			j.find("D052", n.path(), Finding{
				What: n.path() + " was mapped shared and writable, and never synced", First: n.mapDirt, Then: endOfTrace,
				Missing: "msync(MS_SYNC) or fsync(" + n.path() + ")", After: []string{n.path() + "  any mixture of old and new pages"},
			})
		}
	}
	walk(j.p.tree.root)
}
