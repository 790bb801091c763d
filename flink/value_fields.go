package flink

import "strconv"

// FieldNames returns the names of the fields that every value of a serializer has. It
// returns nil if the fields depend on the value. FieldValues returns the fields.
func FieldNames(s Serializer) []string {
	switch s := s.(type) {
	case *AvroStruct:
		return s.root.fieldNames()
	case *flinkAvro:
		return s.root.fieldNames()
	case *pojo:
		if len(s.numbered)+len(s.unnumbered) > 0 {
			return nil // a subclass has fields of its own
		}
		names := make([]string, len(s.fields))
		for i, f := range s.fields {
			names[i] = f.name
		}
		return names
	case *composite:
		return s.fieldNames()
	case *simple:
		if s == TimeWindow {
			return []string{"start", "end"}
		}
	}
	return nil
}

func (t *avroType) fieldNames() []string {
	if t.kind == "union" && len(t.branches) == 2 && t.branches[0].kind == "null" {
		return t.branches[1].fieldNames()
	}
	if t.kind != "record" {
		return nil
	}
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.name
	}
	return names
}

func (s *composite) fieldNames() []string {
	switch s.kind {
	case ttlKind:
		return []string{"lastAccess", "value"}
	case tupleKind:
		return numberedFields(len(s.nested))
	case rowKind:
		if s.number != 0 {
			return append([]string{"kind"}, numberedFields(len(s.nested))...)
		}
		return numberedFields(len(s.nested))
	case nullableKind:
		return FieldNames(s.nested[0])
	}
	return nil
}

// numberedFields returns the names that Flink gives to fields without names.
func numberedFields(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "f" + strconv.Itoa(i)
	}
	return names
}

// FieldValues returns the values of the fields that FieldNames names, in their order; n
// nulls for a null. ok is false if v does not have n fields, as an Opaque.
func FieldValues(v Value, n int) ([]Value, bool) {
	var values []Value
	switch v := v.(type) {
	case nil:
		return make([]Value, n), true
	case Record:
		for _, f := range v.Fields {
			values = append(values, f.Value)
		}
	case []Value:
		values = v
	case WindowValue:
		values = []Value{v.Start, v.End}
	}
	return values, len(values) == n
}
