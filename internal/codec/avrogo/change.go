package avrogo

import (
	"fmt"
	"reflect"

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
	What string // what it was and is
	Why  string // why that is in the way; empty if What says it
	Do   string // what to do
}

func (e *ChangeError) Error() string {
	text := e.Path
	for _, s := range []struct{ before, text string }{{" ", e.What}, {", ", e.Why}, {": ", e.Do}} {
		switch {
		case s.text == "":
		case text == "":
			text = s.text
		default:
			text += s.before + s.text
		}
	}
	return text
}

// keep is the way out of most changes. It loses no value.
const keep = "keep the type, add a field of the new one under another name, and let your code fill it from the old one"

func wasAndIs(at string, was fmt.Stringer, now, why string) *ChangeError {
	return &ChangeError{at, fmt.Sprintf("was %s and is %s now", was, now), why, keep}
}

func changed(at string, was *shape, now string) *ChangeError {
	if was.kind == optional && was.of.logical != nanos.logical {
		return wasAndIs(at, was, now, "which has no place for nil")
	}
	return wasAndIs(at, was, now, "and the one is not converted into the other")
}

func narrowed(at string, was *shape, now string) *ChangeError {
	return wasAndIs(at, was, now, fmt.Sprintf("which not every %s fits in", was))
}

func coarser(at string, was *shape, now string) *ChangeError {
	return wasAndIs(at, was, now, "which is coarser, so that a part of each time would be lost")
}

func unitChanged(at string, was *shape, now string) *ChangeError {
	const why = "where the same number means something else"
	if was.logical == "" {
		return wasAndIs(at, plainShape{was}, now, why)
	}
	return wasAndIs(at, was, now, why)
}

// plainShape is a number beside one with a unit.
type plainShape struct{ *shape }

func (p plainShape) String() string { return "a plain " + p.shape.String() }

func twoFields(at string, f *field, one, other string) *ChangeError {
	return &ChangeError{Path: at + "." + f.goName, What: fmt.Sprintf("can be read from two fields, %s and %s", one, other),
		Do: "remove the alias, or give one of the two a field of its own"}
}
