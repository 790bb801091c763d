package avrogo

import (
	"fmt"
	"strings"
)

// A field that is gone and one that is new may be one field that was given another name.
// If it were read as two, its values would be lost without a word: so the program must say
// which it is. An alias= says that they are one, and a default= that they are two.

// renamed returns an error if a field is gone and one is new that could be the same under
// another name.
func renamed(at string, gone []shapeField, fresh []*field) *ChangeError {
	for _, f := range fresh {
		var olds, aliases []string
		for _, old := range gone {
			if alike(old.shape, f.part.shape()) {
				olds = append(olds, fmt.Sprintf("%s.%s (%s)", at, old.name, old.shape))
				aliases = append(aliases, f.tagWith(f.name, "alias="+old.name))
			}
		}
		if len(olds) > 0 {
			return &ChangeError{
				Path: at + "." + f.goName,
				What: fmt.Sprintf("(%s) is new, and %s is gone", GoName(f.typ), strings.Join(olds, " or ")),
				Do: fmt.Sprintf("if it is that field under a new name, tag it %s, which keeps the values; if the one is really new and "+
					"the other really gone, tag it %s, which drops them", strings.Join(aliases, " or "), f.tagWith(f.tag.name, "default="+zeroText(f.typ))),
			}
		}
	}
	return nil
}

// alike reports whether values of a shape could be meant by another, if only the name of
// their field were changed, or that and a number widened.
func alike(was, now *shape) bool {
	if was.kind == optional {
		was = was.of
	}
	if now.kind == optional {
		now = now.of
	}
	from, _ := unitOf(was.logical)
	to, _ := unitOf(now.logical)
	if was.logical != now.logical && !(from.instant && to.instant) {
		return false
	}
	switch now.kind {
	case "array":
		if was.kind != now.kind || was.goKind != now.goKind {
			return false
		}
		if now.goKind == goMap {
			return alike(was.of.fields[0].shape, now.of.fields[0].shape) && alike(was.of.fields[1].shape, now.of.fields[1].shape)
		}
		return alike(was.of, now.of)
	case "map":
		return was.kind == now.kind && alike(was.of, now.of)
	case "fixed":
		return was.kind == now.kind && was.size == now.size
	case "record":
		return was.kind == now.kind && shareField(was, now)
	case "long":
		return was.isInteger()
	case "float":
		return was.kind == "float" || was.isInteger()
	case "double":
		return was.kind == "float" || was.kind == "double" || was.isInteger()
	case "string", "bytes":
		return was.kind == "string" || was.kind == "bytes"
	default:
		return was.kind == now.kind
	}
}

// shareField reports whether two records have a field in common, or none at all.
func shareField(was, now *shape) bool {
	for _, f := range now.fields {
		for _, old := range was.fields {
			if f.name == old.name {
				return true
			}
		}
	}
	return len(was.fields) == 0 && len(now.fields) == 0
}
