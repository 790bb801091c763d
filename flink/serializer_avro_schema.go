package flink

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/twmb/avro"
)

// An avroType is a node of an Avro schema, with references to named types resolved;
// a type that contains itself is a cycle.
type avroType struct {
	kind     string // as in the schema: "record", "int", …
	name     string // of a record, enum or fixed, with its namespace
	fields   []avroField
	items    *avroType // of an array or a map
	branches []*avroType
	symbols  []string
	size     int // of a fixed
	nothing  int // of how many values it consists if it takes no bytes, otherwise 0
}

type avroField struct {
	name string
	typ  *avroType
}

// avroMaxNothing is how many values that take no bytes a record may consist of. Without a
// limit a short schema could ask for any number of them per byte of data.
const avroMaxNothing = 16

// avroMaxDepth is how deep the types of a schema, and values, may be nested.
const avroMaxDepth = 64

// parseAvro parses a schema that was found in a snapshot.
func parseAvro(text string) (*avro.Schema, *avroType, error) {
	schema, err := avro.Parse(text)
	if err != nil {
		return nil, nil, fmt.Errorf("avro schema: %w", err)
	}
	t, err := avroTypeOf(schema)
	return schema, t, err
}

// avroTypeOf resolves the references in a schema.
func avroTypeOf(schema *avro.Schema) (*avroType, error) {
	r := avroResolver{named: map[string]*avroType{}}
	t, err := r.resolve(schema.Root(), "", 0)
	if err != nil {
		return nil, fmt.Errorf("avro schema: %w", err)
	}
	return t, nil
}

// An avroResolver knows the types that have been defined so far, by their names with the
// namespace.
type avroResolver struct{ named map[string]*avroType }

// resolve makes an avroType of a node that stands in a type of the given namespace.
func (r *avroResolver) resolve(n *avro.SchemaNode, namespace string, depth int) (*avroType, error) {
	if n == nil {
		return nil, errors.New("a type is missing")
	}
	if depth > avroMaxDepth {
		return nil, fmt.Errorf("types are nested more than %d deep", avroMaxDepth)
	}
	t := &avroType{kind: n.Type, symbols: n.Symbols, size: n.Size}
	if n.Name != "" {
		t.name = fullName(n.Namespace, n.Name)
		namespace = t.name[:max(0, strings.LastIndexByte(t.name, '.'))]
		r.named[t.name] = t
	}
	var err error
	switch n.Type {
	case "null":
		t.nothing = 1
	case "boolean", "int", "long", "float", "double", "string", "bytes", "enum":
	case "fixed":
		if t.size == 0 {
			t.nothing = 1
		}
	case "array":
		if t.items, err = r.resolve(n.Items, namespace, depth+1); err == nil && t.items.nothing > 0 {
			err = errors.New("an array of values that take no bytes can have any number of them")
		}
	case "map":
		t.items, err = r.resolve(n.Values, namespace, depth+1)
	case "union":
		for i := range n.Branches {
			var b *avroType
			if b, err = r.resolve(&n.Branches[i], namespace, depth+1); err != nil {
				break
			}
			t.branches = append(t.branches, b)
		}
	case "record", "error":
		t.kind = "record"
		err = r.fields(t, n, namespace, depth)
	default:
		for _, name := range []string{fullName(namespace, n.Type), n.Type} {
			if known := r.named[name]; known != nil {
				return known, nil
			}
		}
		err = fmt.Errorf("unknown type %q", n.Type)
	}
	return t, err
}

func (r *avroResolver) fields(t *avroType, n *avro.SchemaNode, namespace string, depth int) error {
	nothing, takesBytes := 0, false
	for i := range n.Fields {
		f := &n.Fields[i]
		typ, err := r.resolve(&f.Type, namespace, depth+1)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		t.fields = append(t.fields, avroField{f.Name, typ})
		nothing += typ.nothing
		takesBytes = takesBytes || typ.nothing == 0
	}
	if nothing > avroMaxNothing {
		return fmt.Errorf("record %s consists of %d values that take no bytes, more than %d", t.name, nothing, avroMaxNothing)
	}
	if !takesBytes {
		t.nothing = 1 + nothing
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

// branch is the branch of a union with the name that the avro package gives it.
func (t *avroType) branch(name string) *avroType {
	for _, b := range t.branches {
		if b.name == name || b.name == "" && b.kind == name {
			return b
		}
	}
	return nil
}

// value makes a Value of what the avro package decodes t to, with tagged unions.
func (t *avroType) value(v any) Value {
	switch v := v.(type) {
	case []any:
		list := make([]Value, len(v))
		for i, e := range v {
			list[i] = t.items.value(e)
		}
		return list
	case map[string]any:
		switch t.kind {
		case "record":
			rec := Record{Type: t.name}
			for _, f := range t.fields {
				rec.Fields = append(rec.Fields, Field{f.name, f.typ.value(v[f.name])})
			}
			return rec
		case "union":
			for name, inner := range v { // there is only one
				if b := t.branch(name); b != nil {
					return b.value(inner)
				}
			}
			return nil
		default:
			m := make(Map, 0, len(v))
			for key, val := range v {
				m = append(m, MapEntry{key, t.items.value(val)})
			}
			slices.SortFunc(m, func(a, b MapEntry) int { return strings.Compare(a.Key.(string), b.Key.(string)) })
			return m
		}
	case time.Duration:
		return v.String()
	case avro.Duration:
		return v.String()
	case *big.Rat:
		return v.RatString()
	case [16]byte: // a uuid
		return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
	default:
		return v
	}
}
