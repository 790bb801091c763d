package flow

import "testing"

// A batch that was given back holds on to nothing, in the whole of its memory, and comes
// back as if it were new. (A pool may drop what it gets, so the batch is looked at itself.)
func TestReleasedBatchesHoldNothing(t *testing.T) {
	p := NewKeyedVecPool[string, *int]()
	k := p.Get()
	if k.Len() != 0 {
		t.Fatalf("a new batch of %d records", k.Len())
	}
	for i := range 3 {
		k.Keys[i], k.Groups[i], k.Values[i] = "key", 7, new(int)
	}
	k.N = 3
	k.Release()
	if k.Len() != 0 {
		t.Errorf("given back with %d records", k.Len())
	}
	for i := range k.Values {
		if k.Keys[i] != "" || k.Values[i] != nil {
			t.Fatalf("record %d is still there", i)
		}
	}
	v := NewVecPool[*int]().Get()
	v.Values = append(v.Values, new(int), new(int))
	v.Release()
	if v.Len() != 0 {
		t.Errorf("given back with %d records", v.Len())
	}
	for i, p := range v.Values[:cap(v.Values)] {
		if p != nil {
			t.Fatalf("record %d is still there", i)
		}
	}
}
