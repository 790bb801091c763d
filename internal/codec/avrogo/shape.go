package avrogo

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/twmb/avro"
)

// A shape is how the values of a type look in Avro: a schema whose references to named
// types are resolved, so that a type that contains itself is a cycle. There is one for a
// Go type, and one for what a checkpoint says; how the one is read as the other is decided
// by comparing them.
type shape struct {
	kind    string // Avro's, and optional for a union of null and one other
	logical string // Avro's logical type, or empty
	goKind  string // the attribute "go", or empty
	name    string // of a record or fixed: for people, and never compared
	fields  []shapeField
	of      *shape // what an array, map or optional is of
	nullAt  int    // of an optional: which branch is null
	size    int    // of a fixed
	digits  int    // of a decimal: its precision
	scale   int    // of a decimal

	// Of a shape that a schema says:
	minSize int // what a value takes at least, or less
	nothing int // of how many values it consists if it takes no bytes, otherwise 0
}

type shapeField struct {
	name  string
	shape *shape
}

const (
	optional = "optional"
	unknown  = "union" // of a kind that no Go type is written as
)

// The attribute "go" is the kind of an integer, or one of these, or "[n]" for an array of
// n elements.
const goMap = "map" // of an array of records of key and value

func goArray(n int) string { return "[" + strconv.Itoa(n) + "]" }

// bounds are the least and the largest number that an integer may be.
func (s *shape) bounds() (least, most int64) {
	switch s.goKind {
	case "int8":
		return math.MinInt8, math.MaxInt8
	case "int16":
		return math.MinInt16, math.MaxInt16
	case "uint8":
		return 0, math.MaxUint8
	case "uint16":
		return 0, math.MaxUint16
	case "uint32":
		return 0, math.MaxUint32
	}
	if s.kind == "int" {
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

func (s *shape) isInteger() bool { return s.kind == "int" || s.kind == "long" }

func (s *shape) isUint64() bool {
	return s.kind == "bytes" && s.logical == "decimal" && s.digits == uint64Digits && s.scale == 0
}

// String is the type as a Go programmer would write it.
func (s *shape) String() string {
	switch s.logical {
	case "":
	case "decimal":
		if s.isUint64() {
			return "uint64"
		}
		return "a decimal"
	case "timestamp-nanos":
		return "time.Time"
	default:
		if u, ok := unitOf(s.logical); ok && u.instant {
			return "time.Time in " + s.logical
		}
		return s.logical
	}
	switch s.kind {
	case "boolean":
		return "bool"
	case "int", "long":
		switch {
		case s.goKind != "":
			return s.goKind
		case s.kind == "int":
			return "int32"
		}
		return "int64"
	case "float":
		return "float32"
	case "double":
		return "float64"
	case "bytes":
		return "[]byte"
	case "fixed":
		return fmt.Sprintf("[%d]byte", s.size)
	case "array":
		switch {
		case s.goKind == goMap:
			return "map[" + s.of.fields[0].shape.String() + "]" + s.of.fields[1].shape.String()
		case s.goKind != "":
			return s.goKind + s.of.String()
		}
		return "[]" + s.of.String()
	case "map":
		return "map[string]" + s.of.String()
	case optional:
		if s.of.logical == "timestamp-nanos" {
			return "time.Time"
		}
		return "*" + s.of.String()
	case "record":
		return "struct " + s.name
	default:
		return s.kind
	}
}

// node is the schema of the shape.
func (s *shape) node(n *namer) avro.SchemaNode {
	node := avro.SchemaNode{Type: s.kind, LogicalType: s.logical, Precision: s.digits, Scale: s.scale}
	if s.goKind != "" {
		node.Props = map[string]any{"go": s.goKind}
	}
	switch s.kind {
	case "array":
		of := s.of.node(n)
		node.Items = &of
	case "map":
		of := s.of.node(n)
		node.Values = &of
	case optional:
		node.Type = "union"
		node.Branches = []avro.SchemaNode{{Type: "null"}, s.of.node(n)}
	case "fixed":
		name, known := n.fixed(s)
		if known {
			return avro.SchemaNode{Type: name}
		}
		node.Name, node.Size = name, s.size
	case "record":
		name, known := n.record(s)
		if known {
			return avro.SchemaNode{Type: name}
		}
		node.Name, node.Fields = name, make([]avro.SchemaField, len(s.fields))
		for i, f := range s.fields {
			node.Fields[i] = avro.SchemaField{Name: f.name, Type: f.shape.node(n)}
		}
	}
	return node
}

// shapeOf is the shape that a schema says.
func shapeOf(schema *avro.Schema) (*shape, error) {
	p := shapeParser{map[string]*shape{}}
	return p.parse(schema.Root(), "", 0)
}

// A shapeParser knows the types that have been defined so far, by their names with the
// namespace.
type shapeParser struct{ named map[string]*shape }

func (p *shapeParser) parse(n *avro.SchemaNode, namespace string, depth int) (*shape, error) {
	if n == nil {
		return nil, errors.New("a type is missing in the schema")
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("the types of the schema are nested more than %d deep", maxDepth)
	}
	s := &shape{kind: n.Type, logical: n.LogicalType, size: n.Size, digits: n.Precision, scale: n.Scale}
	s.goKind, _ = n.Props["go"].(string)
	if n.Name != "" {
		full := fullName(n.Namespace, n.Name)
		namespace = full[:max(0, strings.LastIndexByte(full, '.'))]
		s.name = n.Name
		p.named[full] = s
	}
	var err error
	switch n.Type {
	case "null":
		s.nothing = 1
	case "boolean", "int", "long", "string", "bytes", "enum":
		s.minSize = 1
	case "float":
		s.minSize = 4
	case "double":
		s.minSize = 8
	case "fixed":
		if s.minSize = n.Size; n.Size == 0 {
			s.nothing = 1
		}
	case "array":
		s.minSize = 1
		switch s.of, err = p.parse(n.Items, namespace, depth+1); {
		case err != nil:
		case s.of.nothing > 0:
			err = errors.New("the schema has an array of values that take no bytes, which could be any number")
		case s.goKind == goMap && len(s.of.fields) != 2:
			s.goKind = "" // not one of Weir's
		}
	case "map":
		s.minSize = 1
		s.of, err = p.parse(n.Values, namespace, depth+1)
	case "union":
		s.kind, s.minSize = unknown, 1
		for i := range n.Branches {
			if len(n.Branches) == 2 && n.Branches[1-i].Type == "null" && n.Branches[i].Type != "null" {
				s.kind, s.nullAt = optional, 1-i
				s.of, err = p.parse(&n.Branches[i], namespace, depth+1)
			}
		}
	case "record":
		err = p.fields(s, n, namespace, depth)
	default:
		for _, name := range []string{fullName(namespace, n.Type), n.Type} {
			if known := p.named[name]; known != nil {
				return known, nil
			}
		}
		err = fmt.Errorf("the schema has no type %q", n.Type)
	}
	return s, err
}

// maxNothing is how many values that take no bytes a record may consist of. Without a
// limit a short schema could make any amount of work of no data.
const maxNothing = 16

func (p *shapeParser) fields(s *shape, n *avro.SchemaNode, namespace string, depth int) error {
	minSize, nothing := 0, 0
	for i := range n.Fields {
		f, err := p.parse(&n.Fields[i].Type, namespace, depth+1)
		if err != nil {
			return err
		}
		s.fields = append(s.fields, shapeField{n.Fields[i].Name, f})
		minSize = min(minSize+f.minSize, 1<<20) // more than enough
		nothing += f.nothing
	}
	if nothing > maxNothing {
		return fmt.Errorf("in the schema record %s consists of %d values that take no bytes, more than %d", n.Name, nothing, maxNothing)
	}
	if s.minSize = minSize; minSize == 0 {
		s.nothing = 1 + nothing
	}
	return nil
}

// fullName is a name with its namespace.
func fullName(namespace, name string) string {
	if namespace == "" || strings.Contains(name, ".") {
		return name
	}
	return namespace + "." + name
}
