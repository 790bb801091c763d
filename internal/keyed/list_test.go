package keyed

import (
	"slices"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// newListOf returns the list state of a backend with one key, which is the current one.
func newListOf[E any](t interface{ Fatal(...any) }) (*Backend[int64], ListCell[E]) {
	b := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: 0}, of[int64](t), flink.JavaLongHash)
	l, err := NewList(b, "list", of[E](t))
	if err != nil {
		t.Fatal(err)
	}
	b.Set(1, 0)
	return b, l
}

// A list of any length is what was added to it, and so is each snapshot of it, while more
// is added.
func TestListsOnlyGrow(t *testing.T) {
	b, l := newListOf[int64](t)
	n := chunkLen[int64]()
	type shot struct {
		flow.KeyedSnapshot
		n int
	}
	var shots []shot
	for i := range 3*n + 2 {
		if at := i % n; at < 2 || at > n-2 {
			shots = append(shots, shot{b.Snapshot(), i})
			b.Set(1, 0)
		}
		l.Add(int64(i))
	}
	counts := func(l ListCell[int64], n int) bool {
		i := int64(0)
		for e := range l.All() {
			if e != i {
				return false
			}
			i++
		}
		return i == int64(n) && l.Len() == n
	}
	if !counts(l, 3*n+2) {
		t.Errorf("not all elements are there")
	}
	for _, s := range shots {
		restored, again := newListOf[int64](t)
		if err := restored.Restore([]flow.KeyedPart{write(t, s)}, false); err != nil {
			t.Fatal(err)
		}
		restored.Set(1, 0)
		if !counts(again, s.n) {
			t.Errorf("a list of %d elements is written with %d", s.n, again.Len())
		}
		again.Add(int64(s.n))
		if !counts(again, s.n+1) {
			t.Errorf("a list of %d elements that was restored is not the same with one more", s.n)
		}
	}
}

// A list may be changed while it is read: what is read is the list as it was.
func TestListIsChangedWhileItIsRead(t *testing.T) {
	b, l := newListOf[[]int64](t)
	l.Set([][]int64{{1}, {2}, {3}})
	var got []int64
	for e := range l.All() {
		got = append(got, e[0])
		switch e[0] {
		case 1:
			l.Add([]int64{4})
		case 2:
			l.Clear()
			l.Add([]int64{5})
		}
	}
	if !slices.Equal(got, []int64{1, 2, 3}) {
		t.Errorf("read %v", got)
	}
	l.Set(nil)
	if l.Len() != 0 || b.Entries() != 0 {
		t.Errorf("%d elements and %d entries after an empty list was set", l.Len(), b.Entries())
	}
}
