package fsynclint

import "fmt"

// listing returns what a power cut may leave of a unit: each of its files, as it was written or
// in the state that changed says.
func (u *unit) listing(changed map[*file]string) (lines []string) {
	if !u.root.dir {
		return []string{u.entry.path() + "  " + stateOf(u.entry.node, changed)}
	}
	lines = append(lines, u.root.path()+"/")
	var walk func(d *file, indent string)
	walk = func(d *file, indent string) {
		for _, name := range sortedNames(d.kids) {
			n := d.kids[name].node
			if len(lines) >= maxListing {
				lines = append(lines, indent+"…")
				return
			}
			if n.dir {
				lines = append(lines, indent+name+"/"+stateOf(n, changed))
				walk(n, indent+"  ")
				continue
			}
			lines = append(lines, indent+name+"  "+stateOf(n, changed))
		}
	}
	if state := changed[u.root]; state != "" {
		return []string{u.root.path() + "/  " + state}
	}
	walk(u.root, "  ")
	return lines
}

func stateOf(n *file, changed map[*file]string) string {
	if s := changed[n]; s != "" {
		if n.dir {
			return "  " + s
		}
		return s
	}
	switch {
	case n.dir:
		return ""
	case n.dirty:
		return "not synced"
	case n.sized && n.size > 0:
		return fmt.Sprintf("as it was written, %d bytes", n.size)
	}
	return "as it was written"
}
