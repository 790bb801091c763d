package inspect

import (
	"testing"

	"github.com/weirstream/weir/checkpoint"
)

// TestDecide has a line for each thing that a verdict hangs on.
func TestDecide(t *testing.T) {
	for _, v := range []struct {
		dir   string
		facts facts
		want  [3]Verdict // at the depths Lengths, Bytes, Entries
	}{
		{"chk-7", facts{}, [3]Verdict{Whole, Whole, Whole}},
		{"chk-7", facts{sealed: true}, [3]Verdict{Whole, Verified, Verified}},
		{"savepoint-1", facts{sealed: true}, [3]Verdict{Whole, Verified, Verified}},
		{"chk-7", facts{sealed: true, findings: 1}, [3]Verdict{Damaged, Damaged, Damaged}},
		{"chk-7", facts{sealed: true, findings: 1, failed: true}, [3]Verdict{Unreadable, Unreadable, Unreadable}},
		{"chk-7", facts{sealed: true, gone: true}, [3]Verdict{Whole, Verified, Verified}},
		{"chk-7", facts{findings: 1, gone: true}, [3]Verdict{Gone, Gone, Gone}},
		{"chk-7", facts{failed: true, gone: true}, [3]Verdict{Gone, Gone, Gone}},
		{"chk-7", facts{metadata: missing}, [3]Verdict{Incomplete, Incomplete, Incomplete}},
		{"chk-7", facts{metadata: missing, place: older}, [3]Verdict{Incomplete, Incomplete, Incomplete}},
		{"chk-7", facts{metadata: missing, place: newest}, [3]Verdict{Damaged, Damaged, Damaged}},
		{"savepoint-1", facts{metadata: missing, place: newest}, [3]Verdict{Incomplete, Incomplete, Incomplete}},
		{"chk-7", facts{metadata: notRegular, findings: 1}, [3]Verdict{Damaged, Damaged, Damaged}},
		{".inprogress-7.1", facts{}, [3]Verdict{InProgress, Incomplete, Incomplete}},
		{".trash-7", facts{}, [3]Verdict{Trash, Whole, Whole}},
		{".trash-7", facts{sealed: true}, [3]Verdict{Trash, Verified, Verified}},
		{".trash-7", facts{sealed: true, findings: 1}, [3]Verdict{Trash, Incomplete, Incomplete}},
		{".trash-7", facts{metadata: missing}, [3]Verdict{Trash, Incomplete, Incomplete}},
		{"chk-7", facts{sealed: true, setAside: true}, [3]Verdict{SetAside, Verified, Verified}},
		{".damaged-7", facts{sealed: true, findings: 1, setAside: true}, [3]Verdict{SetAside, Damaged, Damaged}},
		{".damaged-7", facts{sealed: true, setAside: true}, [3]Verdict{SetAside, Verified, Verified}},
		{".damaged-7", facts{failed: true, setAside: true}, [3]Verdict{Unreadable, Unreadable, Unreadable}},
	} {
		for depth, want := range v.want {
			f := v.facts
			f.name, f.depth = checkpoint.ParseName(v.dir), Depth(depth)
			if got := decide(f); got != want {
				t.Errorf("%s, %+v: %v, want %v", v.dir, f, got, want)
			}
		}
	}
}

func TestVerdictText(t *testing.T) {
	for _, v := range append(Verdicts(), NotJudged) {
		text, err := v.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Verdict
		if err := back.UnmarshalText(text); err != nil || back != v {
			t.Errorf("%s is read as %v, error %v", text, back, err)
		}
	}
	var v Verdict
	if v.UnmarshalText([]byte("good")) == nil {
		t.Error("good is a verdict")
	}
	if _, err := Verdict(99).MarshalText(); err == nil {
		t.Error("there is a verdict 99")
	}
	if s := SetAside.String(); s != "set aside" {
		t.Error(s)
	}
}
