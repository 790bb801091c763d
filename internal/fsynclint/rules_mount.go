package fsynclint

import (
	"strings"

	"github.com/weirstream/weir/durable/probe"
)

// mounts is D070: what file systems the commits are on, if that is known. On one that may
// lose what was synced, warnings about names become errors.
func (p *replay) mounts(*Report) {
	if p.options.Mountinfo == "" {
		return
	}
	told := map[string]bool{}
	for _, fam := range p.judge.inOrder() {
		dir := fam.parent.path()
		if !strings.HasPrefix(dir, "/") || fam.newest() == nil {
			continue
		}
		m, err := probe.MountIn(p.options.Mountinfo, dir)
		if err != nil || told[m.Point] {
			continue
		}
		told[m.Point] = true
		broken := false
		for _, l := range m.Limits() {
			if l.Severity == probe.Note {
				continue
			}
			broken = broken || l.Severity == probe.Broken
			f := p.judge.find("D070", m.Point, Finding{What: l.Sentence, First: fam.newest().commit, After: []string{m.String()}})
			if l.Severity == probe.Broken {
				f.Severity = Warning
			}
		}
		if broken {
			p.judge.raise()
		}
	}
}

// raise makes errors of warnings about what only the usual file systems keep.
func (j *judge) raise() {
	for _, f := range j.findings {
		switch f.Rule.ID {
		case "D012", "D013":
			f.Severity = Error
		}
	}
}
