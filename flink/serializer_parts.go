package flink

// PartsLike returns the serializers that s is made of, if it is put together as like is:
// those of the elements, if both are lists. Whether the parts fit each other is for the
// caller to say. It is false if s is put together in another way, or of nothing.
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
