package file

import (
	"slices"
	"strings"
)

// stem is what the names of copies of a file begin with: its name without its extension.
func stem(file string) string {
	if i := strings.LastIndexByte(file, '.'); i > 0 {
		return file[:i]
	}
	return file
}

// separators stand between a name and what rotation adds to it.
const separators = ".-_~@ "

// namedAfter reports whether a name is that of another file with something added, as
// app.log.1, app.log-20240131.gz, app-2024.log and app.log~ are named after app.log.
func namedAfter(name, file string) bool {
	more, ok := strings.CutPrefix(name, stem(file))
	return ok && more != "" && name != file && strings.ContainsAny(more[:1], separators)
}

// namedAfter returns the files that are named after a split's, by the name that it had last
// or the one that it had first.
func (p *plan) namedAfter(k *known) (files []*candidate) {
	if p.sorted == nil {
		p.sorted = make([]string, 0, len(p.names))
		for name := range p.names {
			p.sorted = append(p.sorted, name)
		}
		slices.Sort(p.sorted)
	}
	for _, file := range slices.Compact([]string{k.name, k.fileName()}) {
		begin := stem(file)
		at, _ := slices.BinarySearch(p.sorted, begin)
		for ; at < len(p.sorted) && strings.HasPrefix(p.sorted[at], begin); at++ {
			if f := p.names[p.sorted[at]]; namedAfter(p.sorted[at], file) && !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files
}

// originals returns the splits whose files a file is named after.
func (p *plan) originals(f *candidate) (all []*known) {
	if p.stems == nil {
		p.stems = make(map[string][]*known, len(p.known))
		for _, k := range p.known {
			for _, s := range slices.Compact([]string{stem(k.name), stem(k.fileName())}) {
				p.stems[s] = append(p.stems[s], k)
			}
		}
	}
	for _, name := range f.names {
		for i := 1; i < len(name); i++ {
			if !strings.ContainsRune(separators, rune(name[i])) {
				continue
			}
			for _, k := range p.stems[name[:i]] {
				if (namedAfter(name, k.name) || namedAfter(name, k.fileName())) && !slices.Contains(all, k) {
					all = append(all, k)
				}
			}
		}
	}
	return all
}
