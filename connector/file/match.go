package file

import (
	"bytes"
	"slices"
)

func (k *known) claim(f *candidate) { k.file, f.owner, k.waits = f, k, false }

// free reports whether a file is no split's yet.
func (f *candidate) free() bool { return f.owner == nil && f.reserved == "" }

// byTrust finds the file that was found to be the split's the last time, as long as a reader
// watches it and has not given it up.
func (p *plan) byTrust(k *known) {
	was, ok := p.trusted[k.text]
	if !ok || !p.follow || !p.read(k.text) || k.at.fate != alive && !bytes.Equal(was.raw, k.raw) {
		return
	}
	f := p.numbers[was.file]
	if was.file == (ident{}) && k.at.fate == alive {
		f = p.names[k.fileName()]
	}
	if f != nil && f.free() {
		k.claim(f)
		k.at.copied = k.at.copied || was.copied
	}
}

// byNumber finds a file by its number, which stays when it is renamed. Once a file was
// removed, another one gets its number, so the content has the last word.
func (p *plan) byNumber(k *known) {
	if k.at.file == (ident{}) {
		return
	}
	if p.numbers[k.at.file] == nil {
		p.more()
	}
	f := p.numbers[k.at.file]
	if f == nil || !f.free() {
		return
	}
	named := slices.Contains(f.names, k.fileName())
	if k.at.n == 0 {
		return // nothing says that it is the same
	}
	if named && k.at.seen.proves(f.stamp) {
		k.claim(f)
		return
	}
	a := p.begins(f, k.at)
	short := a == ends && k.at.copied && k.at.seen.size == f.size // as it was
	if a == yes && !named || short {
		a = p.holds(f, k.at)
		k.checked = a == yes
	}
	switch {
	case a == unsure && p.follow && !named:
		k.waits, f.waits = true, true
	case a == yes, a == unsure, a == ends && short: // if it is not what it seems, its reader sees it
		k.claim(f)
	case named:
		k.lost = true
		k.edited = a == ends
	}
}

// byName finds a file by its name, if it begins with all that was read: it was rewritten with
// more at its end, or copied back, or its device has another number now.
func (p *plan) byName(k *known) {
	if k.lost || k.at.fate == truncated || k.at.n == 0 && k.at.file != (ident{}) {
		return
	}
	for _, name := range []string{k.fileName(), k.name} {
		f := p.names[name]
		if f == nil || !f.free() || f.waits {
			continue
		}
		if k.at.n == 0 || k.at.old {
			k.claim(f)
			return
		}
		a := p.begins(f, k.at)
		if a == yes {
			a = p.holds(f, k.at)
			k.checked = a == yes
			k.edited = a == no || a == ends
		}
		if a == yes || a == unsure {
			k.claim(f)
			return
		}
	}
}

// byContent finds a copy of a file that is gone: rotation may copy a file, or pack it, and
// remove or truncate it then. A copy is named after the file and begins with all that was
// read or, if more was read after it was made, is all of it.
func (p *plan) byContent(k *known) {
	if k.at.n == 0 || k.at.old || k.at.fate != alive && p.now.Sub(k.at.gone) >= copyWindow {
		return
	}
	p.more()
	var shorter *candidate
	for _, f := range p.namedAfter(k) {
		if !f.free() {
			continue
		}
		a := p.begins(f, k.at)
		if a != no && p.follow && !p.settled(f) {
			k.waits, f.waits = true, true
			continue
		}
		if a == yes || a == ends {
			a = p.holds(f, k.at)
			k.checked = a == yes
		}
		switch {
		case a == yes:
			k.claim(f)
			k.at.copied = true
			return
		case a == ends && shorter == nil:
			shorter = f
		}
	}
	if shorter != nil && !k.waits {
		k.claim(shorter)
		k.at.copied = true
	}
}

// byNothing gives a file back to a split that has read nothing of it yet, if that may be a
// new one for all that is known.
func (p *plan) byNothing(k *known) {
	f := p.numbers[k.at.file]
	if k.at.n > 0 || k.at.fate != alive || f == nil || !f.free() || f.waits || !slices.Contains(f.names, k.fileName()) {
		return
	}
	if k.waits = p.repeated(f); !k.waits {
		k.claim(f)
	}
}

// repeated reports whether a file that no split owns is a copy of what one reads, or may
// become one: rotation copies or packs a file before it removes or truncates it.
func (p *plan) repeated(f *candidate) bool {
	if !p.follow {
		return false
	}
	for _, k := range p.originals(f) {
		if k.file == nil || k.at.old || k.at.n > 0 && p.begins(f, k.at) == no {
			continue
		}
		if p.repeats(f, k.file) != no {
			return true
		}
		if k.at.n > 0 && p.holds(f, k.at) == yes && p.holds(k.file, k.at) != yes {
			return true // what was read is here and not there: its reader is about to see that
		}
	}
	return false
}
