package avrogo

import (
	"fmt"
	"strings"
)

// A namer gives Avro names to records and fixed types. Avro needs them to be different
// from each other; nothing else depends on them.
type namer struct {
	records map[*shape]string
	fixeds  map[fixedKey]string
	used    map[string]bool
}

type fixedKey struct {
	name    string
	size    int
	logical string
}

func newNamer() *namer {
	n := &namer{map[*shape]string{}, map[fixedKey]string{}, map[string]bool{}}
	for _, reserved := range []string{"null", "boolean", "int", "long", "float", "double", "string", "bytes",
		"record", "error", "enum", "array", "map", "fixed", "union"} {
		n.used[reserved] = true
	}
	return n
}

// record is the name of a record, and whether it has been used before.
func (n *namer) record(s *shape) (name string, known bool) {
	if name, known = n.records[s]; !known {
		name = n.fresh(s.name, "Struct")
		n.records[s] = name
	}
	return name, known
}

// fixed is the same for a fixed type.
func (n *namer) fixed(s *shape) (name string, known bool) {
	key := fixedKey{s.name, s.size, s.logical}
	if name, known = n.fixeds[key]; !known {
		name = n.fresh(s.name, fmt.Sprintf("fixed_%d", s.size))
		n.fixeds[key] = name
	}
	return name, known
}

// fresh makes a name that has not been used of the name of a Go type, which may be the
// instance of a generic one, or empty.
func (n *namer) fresh(goName, otherwise string) string {
	var b strings.Builder
	for _, r := range goName {
		switch {
		case r < 128 && isNameByte(byte(r), b.Len() == 0):
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	name := strings.TrimSuffix(b.String(), "_")
	if strings.Trim(name, "_") == "" {
		name = otherwise
	}
	unique := name
	for i := 2; n.used[unique]; i++ {
		unique = fmt.Sprintf("%s_%d", name, i)
	}
	n.used[unique] = true
	return unique
}

// isName reports whether Avro allows a name.
func isName(name string) bool {
	for i := range len(name) {
		if !isNameByte(name[i], i == 0) {
			return false
		}
	}
	return name != ""
}

func isNameByte(c byte, first bool) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' && !first
}
