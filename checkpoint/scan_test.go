package checkpoint

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestScanNames(t *testing.T) {
	s := ScanNames([]Entry{
		{".damaged-8", true}, {".damaged-7.1", true}, {".inprogress-12.4", true}, {".lock", false},
		{".trash-2", true}, {"chk-10", true}, {"chk-11", false}, {"chk-9", true}, {"chk-x", true},
		{"notes", false}, {"shared", true},
	})
	if !slices.Equal(s.Complete, []ID{9, 10}) {
		t.Errorf("complete are %v: in numerical order, directories only", s.Complete)
	}
	if !slices.Equal(s.Leftovers, []Name{{Kind: Staging, ID: 12, Incarnation: 4}, {Kind: Trash, ID: 2}}) {
		t.Errorf("left over are %v", s.Leftovers)
	}
	if !slices.Equal(s.SetAside, []Name{{Kind: Damaged, ID: 8}, {Kind: Damaged, ID: 7, Copy: 1}}) {
		t.Errorf("set aside are %v", s.SetAside)
	}
	if !slices.Equal(s.Strangers, []string{"chk-11", "chk-x", "notes"}) {
		t.Errorf("strangers are %v", s.Strangers)
	}
	if s.HighestID != 12 || s.HighestIncarnation != 4 {
		t.Errorf("the highest are %v, %v", s.HighestID, s.HighestIncarnation)
	}
	if id, ok := s.Newest(); !ok || id != 10 {
		t.Errorf("the checkpoint is %v", id)
	}
	if above := s.SetAsideAbove(7); !slices.Equal(above, []ID{8}) {
		t.Errorf("set aside above 7 are %v", above)
	}
	if _, ok := (ScanNames(nil)).Newest(); ok {
		t.Error("there is a checkpoint in an empty directory")
	}
}

// TestScanHeedsMarks: a checkpoint with a mark is set aside, and is not the newest whatever
// its number; a mark of nothing is left over.
func TestScanHeedsMarks(t *testing.T) {
	s := ScanNames([]Entry{
		{".damaged-2", true}, {".damaged-4", false}, {".damaged-4.1", false}, {".damaged-6", false},
		{".lock", false}, {"chk-2", true}, {"chk-3", true}, {"chk-4", true}, {"chk-6", false},
	})
	if !slices.Equal(s.Complete, []ID{2, 3}) {
		t.Errorf("complete are %v: a directory .damaged-2 marks nothing", s.Complete)
	}
	marked := Name{Kind: Complete, ID: 4}
	if !slices.Equal(s.SetAside, []Name{{Kind: Damaged, ID: 2}, marked}) || !s.IsSetAside(marked) {
		t.Errorf("set aside are %v", s.SetAside)
	}
	if !slices.Equal(s.Marks, []Name{{Kind: Damaged, ID: 4}, {Kind: Damaged, ID: 4, Copy: 1}}) {
		t.Errorf("marks are %v", s.Marks)
	}
	if !slices.Equal(s.Leftovers, []Name{{Kind: Damaged, ID: 6}}) || s.HighestID != 6 {
		t.Errorf("left over are %v, the highest is %v", s.Leftovers, s.HighestID)
	}
	if above := s.SetAsideAbove(3); !slices.Equal(above, []ID{4}) {
		t.Errorf("set aside above 3 are %v", above)
	}
}

// TestScanForgetsNothing: every name is sorted somewhere, and every number is counted.
func TestScanForgetsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(
			rapid.StringMatching(`(chk-|\.inprogress-|\.trash-|\.damaged-)[1-9][0-9]{0,1}(\.[1-9])?|(chk-|\.damaged-)[1-3]|\.lock|shared|x`), 0, 12, rapid.ID,
		).Draw(t, "names")
		var entries []Entry
		furniture := 0
		for _, name := range names {
			entries = append(entries, Entry{name, rapid.Bool().Draw(t, "dir")})
			if ParseName(name).Kind == Furniture {
				furniture++
			}
		}
		s := ScanNames(entries)
		if n := len(s.Complete) + len(s.Leftovers) + len(s.SetAside) + len(s.Marks) + len(s.Strangers) + furniture; n != len(names) {
			t.Fatalf("%d names were sorted into %d", len(names), n)
		}
		if !slices.IsSorted(s.Complete) {
			t.Fatalf("%v is not in order", s.Complete)
		}
		for _, name := range names {
			if n := ParseName(name); n.ID > s.HighestID || n.Incarnation > s.HighestIncarnation {
				t.Fatalf("%s is above the highest", name)
			}
		}
		if id, ok := s.Newest(); ok && id != slices.Max(s.Complete) {
			t.Fatalf("the newest is %v", id)
		}
		for _, mark := range s.Marks {
			if slices.Contains(s.Complete, mark.ID) || !s.IsSetAside(Name{Kind: Complete, ID: mark.ID}) {
				t.Fatalf("%v is not heeded: %+v", mark, s)
			}
		}
	})
}
