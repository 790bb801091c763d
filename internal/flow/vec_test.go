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
	k.N, k.Times = 3, []Time{1, 2, 3}
	k.Release()
	if k.Len() != 0 || len(k.Times) != 0 {
		t.Errorf("given back with %d records", k.Len())
	}
	for i := range k.Values {
		if k.Keys[i] != "" || k.Values[i] != nil {
			t.Fatalf("record %d is still there", i)
		}
	}
	v := NewVecPool[*int]().Get()
	v.Values, v.Times = append(v.Values, new(int), new(int)), []Time{1, 2}
	v.Release()
	if v.Len() != 0 || len(v.Times) != 0 {
		t.Errorf("given back with %d records", v.Len())
	}
	for i, p := range v.Values[:cap(v.Values)] {
		if p != nil {
			t.Fatalf("record %d is still there", i)
		}
	}
}

// A batch that was given back is used again. (The pool may drop some, but not all.)
func TestReleasedBatchesAreUsedAgain(t *testing.T) {
	values, keyed := NewVecPool[int](), NewKeyedVecPool[int, int]()
	again, keyedAgain := false, false
	for range 100 {
		v, k := values.Get(), keyed.Get()
		v.Release()
		k.Release()
		again = again || values.Get() == v
		keyedAgain = keyedAgain || keyed.Get() == k
	}
	if !again || !keyedAgain {
		t.Errorf("batches are used again: %t, keyed ones: %t", again, keyedAgain)
	}
	(&Vec[int]{Values: []int{1}}).Release() // of no pool
	(&KeyedVec[int, int]{N: 1}).Release()
}

// What is fetched may be no batch at all.
func TestFetchedNothing(t *testing.T) {
	f := &Fetched{Split: "a", Ended: true}
	if f.Len() != 0 {
		t.Errorf("%d records", f.Len())
	}
	f.Release()
	v := &Vec[int]{Values: []int{1, 2}}
	f = &Fetched{Batch: v}
	if f.Len() != 2 {
		t.Errorf("%d records", f.Len())
	}
	if f.Release(); v.Len() != 0 {
		t.Error("the batch was not given back")
	}
}
