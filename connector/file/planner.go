package file

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir"
)

// A planner finds out which files belong to which splits. What it remembers saves it from
// asking again; a restart may lose it.
type planner struct {
	*files

	mu      sync.Mutex
	trusted map[string]trust
	issued  map[ident]string
	watched map[ident]*watched
	last    lastPlan
}

// A lastPlan is a plan, and what it rests on.
type lastPlan struct {
	listing *listing // nil: it rests on more than these
	known   []weir.Split
	plan    weir.SplitPlan
}

// stands reports whether the plan is still right.
func (p *lastPlan) stands(l *listing, known []weir.Split) bool {
	return p.listing == l && slices.EqualFunc(p.known, known, func(a, b weir.Split) bool {
		return a.ID == b.ID && bytes.Equal(a.Position, b.Position)
	})
}

// plan plans.
func (p *planner) plan(ctx context.Context, splits []weir.Split) (weir.SplitPlan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say.flush()
	l, err := p.folder.list()
	if err != nil {
		return weir.SplitPlan{}, err
	}
	if p.last.stands(l, splits) {
		return p.last.plan, nil
	}
	known, err := p.decode(splits)
	if err != nil {
		return weir.SplitPlan{}, err
	}
	for _, k := range known {
		k.excluded = !p.folder.wants(l, k.name)
	}
	probe := &probe{ctx: ctx, dir: l.dir, planner: p, seen: make(map[ident]*watched)}
	asked := &plan{
		oracle: probe, follow: p.options.follow, now: time.Now(), known: known,
		files:   p.candidates(l, l.entries),
		others:  func() []*candidate { return p.candidates(l, p.folder.all(l)[len(l.entries):]) },
		trusted: p.trusted, issued: p.issued,
	}
	d := asked.decide()
	if err := ctx.Err(); err != nil {
		return weir.SplitPlan{}, err // what could not be asked is not known
	}
	p.watched = probe.seen
	for _, k := range asked.known {
		if err := p.refuses(asked, l, k); err != nil {
			return weir.SplitPlan{}, err
		}
	}
	r := p.result(asked, d)
	p.last = lastPlan{known: slices.Clone(splits), plan: r}
	if len(probe.seen) == 0 && len(d.fresh) == 0 && !slices.ContainsFunc(known, unmatched) {
		p.last.listing = l
	}
	return r, nil
}

// unmatched reports whether what becomes of a split is a matter of time.
func unmatched(k *known) bool { return k.file == nil }

// decode makes known splits of what the job knows.
func (p *planner) decode(splits []weir.Split) ([]*known, error) {
	all := make([]known, len(splits))
	known := make([]*known, len(splits))
	for i, s := range splits {
		id, err := parseSplitID(s.ID)
		if err != nil {
			return nil, err
		}
		at, err := decodePosition(s.Position)
		if err != nil {
			return nil, weir.Permanent(fmt.Errorf("%s: %w", s.ID, err))
		}
		all[i].splitID, all[i].text, all[i].at, all[i].raw = id, s.ID, at, s.Position
		known[i] = &all[i]
	}
	return known, nil
}

// candidates are the files of a listing, each once: a file may have several names, and
// links may lead to it. Its own names come before links.
func (p *planner) candidates(l *listing, entries []entry) []*candidate {
	all := make([]candidate, 0, len(entries))
	files := make([]*candidate, 0, len(entries))
	seen := make(map[ident]*candidate, len(entries))
	add := func(e entry) {
		if f := seen[e.ident]; f != nil && e.ident != (ident{}) {
			f.names = append(f.names, e.name)
			return
		}
		all = append(all, candidate{status: e.status, names: []string{e.name}, wanted: p.folder.wants(l, e.name)})
		f := &all[len(all)-1]
		seen[e.ident] = f
		files = append(files, f)
	}
	links := false
	for _, e := range entries {
		if links = links || e.link; !e.link {
			add(e)
		}
	}
	if links {
		for _, e := range entries {
			if e.link {
				add(e)
			}
		}
		slices.SortFunc(files, func(a, b *candidate) int { return bytes.Compare([]byte(a.names[0]), []byte(b.names[0])) })
	}
	return files
}

// result puts a decision into words.
func (p *planner) result(asked *plan, d decision) weir.SplitPlan {
	r := weir.SplitPlan{Forget: d.forget, Read: make([]weir.Split, 0, len(asked.known)+len(d.fresh))}
	p.trusted = make(map[string]trust, len(asked.known)+len(d.fresh))
	p.issued = make(map[ident]string, len(d.fresh))
	for _, k := range asked.known {
		switch {
		case k.file != nil && (!k.excluded || k.file.wanted):
			p.trusted[k.text] = trust{k.file.ident, k.raw, k.at.copied}
			r.Read = append(r.Read, weir.Split{ID: k.text, Position: k.found()})
		case k.file == nil && !k.waits && k.at.gone.Equal(asked.now):
			if asked.names[k.fileName()] == nil {
				p.say.warn("a file that was read is gone", "split", k.text, "lines", k.at.lines, "to its end", k.atEnd())
			}
			r.Read = append(r.Read, weir.Split{ID: k.text, Position: k.at.encode()}) // its reader only says so
		}
	}
	for _, n := range d.fresh {
		at := position{file: n.file.ident}
		if id, _ := parseSplitID(n.id); id.name != n.file.names[0] {
			at.name = n.file.names[0]
		}
		p.issued[n.file.ident] = n.id
		p.trusted[n.id] = trust{file: n.file.ident}
		r.Read = append(r.Read, weir.Split{ID: n.id, Position: at.encode()})
	}
	slices.SortFunc(r.Read, func(a, b weir.Split) int { return strings.Compare(a.ID, b.ID) })
	return r
}

// found is the position at which the reader of a split goes on in its file.
func (k *known) found() []byte {
	at := k.at
	at.fate, at.gone = alive, time.Time{}
	at.file = k.file.ident
	if at.name = k.file.nameFor(k); at.name == k.name {
		at.name = ""
	}
	if at.old {
		return k.raw
	}
	if k.checked {
		at.seen, at.end = k.file.stamp.settled(), false
	}
	if b := at.encode(); !bytes.Equal(b, k.raw) {
		return b
	}
	return k.raw
}

// nameFor is the name under which a split reads the file: the one that it had, if it still
// has it.
func (f *candidate) nameFor(k *known) string {
	for _, name := range []string{k.fileName(), k.name} {
		if slices.Contains(f.names, name) {
			return name
		}
	}
	return f.names[0]
}

// refuses says why a bounded source does not go on: some of a file that it has begun to
// read is gone, or what it has read of it is not what is there now.
func (p *planner) refuses(asked *plan, l *listing, k *known) error {
	if asked.follow || k.file != nil || k.excluded || k.at.n == 0 || !k.at.gone.Equal(asked.now) {
		return nil
	}
	there := asked.names[k.fileName()] != nil
	path := filepath.Join(l.dir, k.fileName())
	what := "is gone"
	switch {
	case k.edited:
		what = "was truncated or rewritten, and begins as it did"
	case k.atEnd() && there:
		p.say.warn("another file has the name of one that was read, and is read from its beginning", "file", path, "lines of the old one", k.at.lines)
		return nil
	case k.atEnd():
		return nil
	case there:
		what = "was replaced by another file"
	}
	return weir.Permanent(fmt.Errorf("%s: has been read up to line %d, byte %d, and since then it %s; put the old file back, or leave it out with file.Exclude, or start the job without a checkpoint", path, k.at.lines, k.at.n, what))
}
