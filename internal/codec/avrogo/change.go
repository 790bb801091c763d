package avrogo

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/twmb/avro"
)

// Reading returns what reads values that were written with the schema was. If they cannot
// be read as they are now, the error is a *ChangeError.
//
// Names of types play no role, nor does the order of fields. A field that is new gets
// Go's zero value, or what its default= says; one that is gone is dropped; one that has
// another name is found by its alias=. A number may become a wider one, as Avro says.
func (t *Type) Reading(was *avro.Schema) (*Reader, error) {
	s, err := shapeOf(was)
	if err != nil {
		return nil, err
	}
	c := comparison{map[recordPair]*recordReader{}}
	root, change := c.reader(t.root, nil, s, t.name)
	if change != nil {
		return nil, change
	}
	return &Reader{root, t.name}, nil
}

// A comparison is of one schema with one Type. It knows the records it has compared, as
// they may contain themselves.
type comparison struct{ records map[recordPair]*recordReader }

type recordPair struct {
	was *shape
	now *recordPart
}

// reader is the part's, but for what was written as text once. t is the part's type, or
// nil at the root.
func (c *comparison) reader(p part, t reflect.Type, was *shape, at string) (reader, *ChangeError) {
	if t != nil && wasText(t, was) {
		return marshalPart{t}, nil
	}
	return p.reader(c, was, at)
}

// A ChangeError says which change of a type is in the way of reading older values.
type ChangeError struct {
	Path string // to what was changed: "Session.Clicks[].At"
	What string // what it was and is, why that is in the way, and what to do
}

func (e *ChangeError) Error() string {
	if e.Path == "" {
		return e.What
	}
	return e.Path + " " + e.What
}

// keep is the way out of most changes. It loses no value.
const keep = "keep the type, add a field of the new one under another name, and let your code fill it from the old one"

func changed(at string, was *shape, now string) *ChangeError {
	if was.kind == optional && was.of.logical != nanos.logical {
		return &ChangeError{at, fmt.Sprintf("was %s and is %s now, which has no place for nil: %s", was, now, keep)}
	}
	return &ChangeError{at, fmt.Sprintf("was %s and is %s now, and the one is not converted into the other: %s", was, now, keep)}
}

func narrowed(at string, was *shape, now string) *ChangeError {
	return &ChangeError{at, fmt.Sprintf("was %s and is %s now, which not every %s fits in: %s", was, now, was, keep)}
}

func coarser(at string, was *shape, now string) *ChangeError {
	return &ChangeError{at, fmt.Sprintf("was %s and is %s now, which is coarser, so that a part of each time would be lost: %s", was, now, keep)}
}

func unitChanged(at string, was *shape, now string) *ChangeError {
	from := was.String()
	if was.logical == "" {
		from = "a plain " + from
	}
	return &ChangeError{at, fmt.Sprintf("was %s and is %s now, where the same number means something else: %s", from, now, keep)}
}

func twoFields(at string, f *field, one, other string) *ChangeError {
	return &ChangeError{at + "." + f.goName, fmt.Sprintf("can be read from two fields, %s and %s: remove the alias, "+
		"or give one of the two a field of its own", one, other)}
}

// renamed returns an error if a field is gone and one is new that could be the same under
// another name: if it were read as a new one, its values would be lost without a word.
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
			return &ChangeError{at + "." + f.goName, fmt.Sprintf("(%s) is new, and %s is gone. If it is that field under a new name, "+
				"tag it %s, which keeps the values. If the one is really new and the other really gone, tag it %s, which drops them",
				GoName(f.typ), strings.Join(olds, " or "), strings.Join(aliases, " or "), f.tagWith(f.tag.name, "default="+zeroText(f.typ)))}
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
		if now.goKind == goMap && len(was.of.fields) == 2 {
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
