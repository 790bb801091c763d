package flink

// PartsLike returns the serializers in s, if s is composed in the same way as like. If both
// are lists, for example, it returns the serializer of the elements. It does not compare
// those. ok is false if s is composed in another way, or has no serializers in it.
func PartsLike(s, like Serializer) ([]Serializer, bool) {
	a, ok := s.(*composite)
	if !ok {
		return nil, false
	}
	b, ok := like.(*composite)
	if !ok || a.kind != b.kind || a.text != b.text || a.number != b.number || len(a.nested) != len(b.nested) {
		return nil, false
	}
	return a.nested, true
}
