package fsynclint

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
)

// A family is generations of the same thing: what lies in the same directory and has a
// name of the same shape.
type family struct {
	parent *file
	shape  string
	units  []*unit // the last few commits, oldest first

	alone bool // it was reported that no second copy is kept
}

const unitsOfFamily = 8

type familyKey struct {
	parent *file
	shape  string
}

func (j *judge) familyOf(parent *file, name string) *family {
	key := familyKey{parent, shapeOf(name)}
	f := j.families[key]
	if f == nil {
		f = &family{parent: parent, shape: key.shape}
		if len(j.families) < maxFiles {
			j.families[key] = f
		}
	}
	return f
}

// inOrder lists all families, the same way every time.
func (j *judge) inOrder() []*family {
	return slices.SortedFunc(maps.Values(j.families), func(a, b *family) int {
		return cmp.Or(cmp.Compare(a.parent.id, b.parent.id), strings.Compare(a.shape, b.shape))
	})
}

func (f *family) newest() *unit {
	if f == nil || len(f.units) == 0 {
		return nil
	}
	return f.units[len(f.units)-1]
}

func (f *family) add(u *unit) {
	if len(f.units) == unitsOfFamily {
		f.units = append(f.units[:0], f.units[1:]...)
	}
	f.units = append(f.units, u)
}

// others counts the generations that are known to be there, beside the newest.
func (j *judge) others(f *family, without string) int {
	names := map[string]bool{}
	for name, e := range f.parent.kids {
		if shapeOf(name) == f.shape && !e.gone && !e.node.torn {
			names[name] = true
		}
	}
	dir := f.parent.path()
	for name, there := range j.p.tree.seen.there {
		if base := path.Base(name); there && strings.HasPrefix(name, dir) && path.Dir(name) == dir && shapeOf(base) == f.shape {
			names[base] = true
		}
	}
	delete(names, without)
	if u := f.newest(); u != nil && u.root.home != nil {
		delete(names, u.root.home.name)
		// Where names are numbers, those in between may be there, though the trace does not
		// show them.
		newest, ok1 := numberOf(u.root.home.name)
		removed, ok2 := numberOf(without)
		if ok1 && ok2 && newest-removed > 1 {
			return 1
		}
	}
	return len(names)
}
