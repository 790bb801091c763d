package file

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// This file and match.go decide which file is whose; they touch none. planner.go asks
// the files, and probe.go looks into them.

const (
	// forgetAfter is how long the position of a file that is gone is kept.
	forgetAfter = 24 * time.Hour
	// copyWindow is how long after a file is gone a copy of it is searched for.
	copyWindow = 30 * time.Second
)

// A known split is one that the job has a position of.
type known struct {
	splitID
	text     string // of its id
	at       position
	raw      []byte // the position as it came
	excluded bool   // its name is not taken

	file    *candidate
	checked bool // its file was read, and holds all that was read before
	lost    bool // what was read is no longer in the file that has its name and number
	edited  bool // the file begins with what was read, but does not go on with it
	waits   bool // a file may be a copy of its, and is not whole yet
}

// fileName is the name that its file had last.
func (k *known) fileName() string {
	if k.at.name != "" {
		return k.at.name
	}
	return k.name
}

// atEnd reports whether all that was in the file when it was seen last has been read. A
// position of version 1 does not say.
func (k *known) atEnd() bool { return k.at.end || k.at.old || k.at.seen.size == k.at.n }

// A candidate is a file that is there, under all the names that it has in the folder.
type candidate struct {
	status
	names  []string // the first is the one that it is read under as a new file
	wanted bool     // the first name is taken for new files

	owner    *known
	reserved string // the id of the split that it became the last time, and that is not known yet
	waits    bool   // it may be a copy of what was read, and is not whole yet
}

// An answer is what a look into a file says.
type answer byte

const (
	no     answer = iota
	yes           // it holds what was read, or seems to
	ends          // it seems to hold a part of what was read, and nothing else
	unsure        // it cannot be told now
)

// An oracle looks into files.
type oracle interface {
	// begins reports whether a file begins as what was read before a position.
	begins(f *candidate, at position) answer
	// holds reports whether a file begins with all that was read before a position.
	holds(f *candidate, at position) answer
	// repeats reports whether a file is nothing but the beginning of another one or, as long
	// as it is not settled, may become that.
	repeats(f, of *candidate) answer
	// settled reports whether a file has not changed for a while.
	settled(f *candidate) bool
	// read reports whether a split is being read now.
	read(id string) bool
}

// A plan is what there is to decide about.
type plan struct {
	oracle
	follow bool
	now    time.Time
	known  []*known
	files  []*candidate
	others func() []*candidate // that are not taken as new files; nil once they are among files

	trusted map[string]trust // what each split's file was when this was decided last
	issued  map[ident]string // ids that new files got then, which may not be known yet

	numbers map[ident]*candidate
	names   map[string]*candidate
	sorted  []string            // names, once they were asked for
	stems   map[string][]*known // by what names of copies begin with, once they were asked for
}

// A trust is what was decided about a split the last time.
type trust struct {
	file   ident
	raw    []byte // the position that the split had
	copied bool
}

// A decision says what became of every split that is known, and which files are new.
type decision struct {
	fresh  []newSplit
	forget []string
}

// A newSplit is a file that was not read before.
type newSplit struct {
	id   string
	file *candidate
}

// decide goes from what is certain to what is not. The splits get their files; one without
// a file gets its fate.
func (p *plan) decide() decision {
	// A split without a file comes after those that had one, and an earlier file of a
	// name after a later one.
	slices.SortFunc(p.known, func(a, b *known) int {
		return cmp.Or(cmp.Compare(min(a.at.fate, moved), min(b.at.fate, moved)), cmp.Compare(b.nth, a.nth), strings.Compare(a.text, b.text))
	})
	p.numbers, p.names = make(map[ident]*candidate, len(p.files)), make(map[string]*candidate, len(p.files))
	p.index(p.files)
	p.reserve()
	for _, match := range []func(*known){p.byTrust, p.byNumber, p.byName, p.byContent, p.byNothing} {
		for _, k := range p.known {
			if k.file == nil {
				match(k)
			}
		}
	}
	var d decision
	for _, k := range p.known {
		switch {
		case k.file != nil, k.waits, k.at.old:
		case k.at.n == 0: // there is nothing to know the file by
			if !p.read(k.text) {
				d.forget = append(d.forget, k.text)
			}
		case k.at.fate == alive:
			k.give(p.now)
		case p.now.Sub(k.at.gone) >= forgetAfter:
			d.forget = append(d.forget, k.text)
		}
	}
	d.fresh = p.fresh()
	return d
}

// give gives up a split whose file is gone.
func (k *known) give(now time.Time) {
	k.at.fate, k.at.gone = moved, now
	if k.lost {
		k.at.fate, k.at.file = truncated, ident{}
	}
}

func (p *plan) index(files []*candidate) {
	for _, f := range files {
		if f.ident != (ident{}) {
			p.numbers[f.ident] = f
		}
		for _, name := range f.names {
			p.names[name] = f
		}
	}
}

// reserve keeps the files that became splits the last time for these: they are being read,
// or will be, though nothing has come of it yet.
func (p *plan) reserve() {
	if len(p.issued) == 0 {
		return
	}
	ids := make(map[string]bool, len(p.known))
	for _, k := range p.known {
		ids[k.text] = true
	}
	for file, id := range p.issued {
		if f := p.numbers[file]; f != nil && !ids[id] {
			f.reserved = id
		}
	}
}

// more asks for the files that are not taken as new ones.
func (p *plan) more() {
	if p.others == nil {
		return
	}
	for _, g := range p.others() {
		f := p.numbers[g.ident]
		if f == nil {
			f = g
			p.files = append(p.files, f)
		} else { // another name of a file that is taken
			f.names = append(f.names, g.names...)
		}
		p.index([]*candidate{f})
	}
	p.others, p.sorted = nil, nil
}

// fresh are the files that belong to no split.
func (p *plan) fresh() (fresh []newSplit) {
	last := make(map[string]int) // the highest number of a file of that name
	for _, k := range p.known {
		last[k.name] = max(last[k.name], k.nth)
	}
	for _, id := range p.issued {
		if s, err := parseSplitID(id); err == nil {
			last[s.name] = max(last[s.name], s.nth)
		}
	}
	for _, f := range p.files {
		switch {
		case f.reserved != "":
			fresh = append(fresh, newSplit{f.reserved, f})
		case f.owner == nil && f.wanted && !f.waits && !p.repeated(f):
			name := f.names[0]
			last[name]++
			fresh = append(fresh, newSplit{splitID{name, last[name]}.String(), f})
		}
	}
	return fresh
}
