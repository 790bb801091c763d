package flow

import "testing"

// A batch that was given back holds on to nothing, in the whole of its memory, and comes
// back as if it were new. (A pool may drop what it gets, so the batch is looked at itself.)
func TestReleasedBatchesHoldNothing(t *testing.T) {
	p := NewKeyedVecPool[string, *int]()
	k := p.Get()
	if k.Len() != BatchSize || len(k.Keys) != BatchSize || len(k.Groups) != BatchSize {
		t.Fatalf("a batch of %d records, %d keys and %d key groups, want %d", k.Len(), len(k.Keys), len(k.Groups), BatchSize)
	}
	for i := range 3 {
		k.Keys[i], k.Groups[i], k.Values[i] = "key", 7, new(int)
	}
	k.Truncate(3)
	if k.Len() != 3 || len(k.Keys) != 3 || len(k.Groups) != 3 {
		t.Fatalf("truncated to %d records, %d keys and %d key groups", k.Len(), len(k.Keys), len(k.Groups))
	}
	k.Release()
	if k.Len() != BatchSize || len(k.Keys) != BatchSize || len(k.Groups) != BatchSize {
		t.Errorf("given back with %d records, %d keys and %d key groups", k.Len(), len(k.Keys), len(k.Groups))
	}
	for i := range k.Values[:cap(k.Values)] {
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
