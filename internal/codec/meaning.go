package codec

import (
	"fmt"
	"slices"

	"github.com/twmb/avro"
)

// sameMeaning tells whether the fields that two compatible schemas have in common also
// mean the same: Avro resolves milliseconds to microseconds without changing the number.
func sameMeaning(was, now *avro.Schema) error {
	m := meanings{
		was:  named{},
		now:  named{},
		seen: map[[2]string]bool{},
	}
	from, to := was.Root(), now.Root()
	m.was.add(from)
	m.now.add(to)
	return m.compare(from, to, "")
}

type meanings struct {
	was, now named
	seen     map[[2]string]bool // pairs of records, as types may contain themselves
}

// compare compares two nodes, which are at path.
func (m *meanings) compare(was, now *avro.SchemaNode, path string) error {
	was, now = m.was.resolve(was), m.now.resolve(now)
	if was.LogicalType != now.LogicalType {
		return fmt.Errorf("field %s was %s and is %s now: the same numbers mean something else",
			path, meaning(was), meaning(now))
	}
	switch {
	case was.Items != nil && now.Items != nil:
		return m.compare(was.Items, now.Items, path+"[]")
	case was.Values != nil && now.Values != nil:
		return m.compare(was.Values, now.Values, path+"[value]")
	}
	pair := [2]string{was.Name, now.Name}
	if m.seen[pair] {
		return nil
	}
	m.seen[pair] = true
	for i := range now.Fields {
		f := &now.Fields[i]
		j := slices.IndexFunc(was.Fields, func(old avro.SchemaField) bool {
			return old.Name == f.Name || slices.Contains(f.Aliases, old.Name)
		})
		if j < 0 {
			continue
		}
		at := f.Name
		if path != "" {
			at = path + "." + f.Name
		}
		if err := m.compare(&was.Fields[j].Type, &f.Type, at); err != nil {
			return err
		}
	}
	return nil
}

func meaning(n *avro.SchemaNode) string {
	if n.LogicalType != "" {
		return n.LogicalType
	}
	return "a plain " + n.Type
}

// named are the types of a schema that have a name. A schema defines such a type where it
// is first, and has only the name where it is again.
type named map[string]*avro.SchemaNode

func (n named) add(node *avro.SchemaNode) {
	if node.Name != "" {
		n[node.Name] = node
	}
	if node.Items != nil {
		n.add(node.Items)
	}
	if node.Values != nil {
		n.add(node.Values)
	}
	for i := range node.Fields {
		n.add(&node.Fields[i].Type)
	}
}

// resolve returns what node is a name of, or node.
func (n named) resolve(node *avro.SchemaNode) *avro.SchemaNode {
	if known := n[node.Type]; known != nil {
		return known
	}
	return node
}
