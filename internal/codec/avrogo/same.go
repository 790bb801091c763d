package avrogo

import (
	"fmt"
	"strings"

	"github.com/twmb/avro"
)

// SameBytes returns nil if equal values have equal bytes by both schemas: if they differ
// in the names of types at most. It is what a key needs, which is found by its bytes. The
// error is a *ChangeError; the path in it begins with root.
func SameBytes(was, now *avro.Schema, root string) error {
	from, err := shapeOf(was)
	if err != nil {
		return err
	}
	to, err := shapeOf(now)
	if err != nil {
		return err
	}
	if what := sameBytes(from, to, root); what != "" {
		return &ChangeError{What: what}
	}
	return nil
}

// sameBytes returns in which way two shapes differ, or nothing.
func sameBytes(was, now *shape, at string) string {
	d := differ{map[[2]*shape]bool{}}
	return d.differ(was, now, at)
}

type differ struct{ seen map[[2]*shape]bool }

func (d differ) differ(was, now *shape, at string) string {
	if d.seen[[2]*shape{was, now}] {
		return ""
	}
	d.seen[[2]*shape{was, now}] = true
	unmarked := was.kind == "int" && was.goKind == "" && strings.HasPrefix(now.goKind, "int")
	if was.kind != now.kind || was.logical != now.logical || was.goKind != now.goKind && !unmarked ||
		was.size != now.size || was.digits != now.digits || was.scale != now.scale || was.nullAt != now.nullAt {
		return fmt.Sprintf("%s was %s and is %s now", at, was, now)
	}
	if was.kind != "record" {
		if was.of == nil {
			return ""
		}
		return d.differ(was.of, now.of, at+"[]")
	}
	for i := range max(len(was.fields), len(now.fields)) {
		switch {
		case i >= len(now.fields) || i < len(was.fields) && !now.has(was.fields[i].name):
			return fmt.Sprintf("%s.%s is gone", at, was.fields[i].name)
		case i >= len(was.fields) || !was.has(now.fields[i].name):
			return fmt.Sprintf("%s.%s is new", at, now.fields[i].name)
		case was.fields[i].name != now.fields[i].name:
			return fmt.Sprintf("%s.%s stood before %s", at, was.fields[i].name, now.fields[i].name)
		}
		if what := d.differ(was.fields[i].shape, now.fields[i].shape, at+"."+now.fields[i].name); what != "" {
			return what
		}
	}
	return ""
}

func (s *shape) has(name string) bool {
	for _, f := range s.fields {
		if f.name == name {
			return true
		}
	}
	return false
}
