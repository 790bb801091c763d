package flow

import (
	"bytes"
	"testing"
)

// A split comes back as it was, with a watermark and without; one without is written as it
// was before there were watermarks.
func TestSplitEncoding(t *testing.T) {
	for _, s := range []Split{
		{ID: "a", Watermark: MinTime}, {ID: "a b", Position: []byte("here"), Watermark: MinTime},
		{ID: "a", Position: []byte{0}, Watermark: 0}, {ID: "", Position: []byte("x"), Watermark: MaxTime}, {ID: "z", Watermark: -5},
	} {
		b := AppendSplit([]byte("before"), s)[len("before"):]
		got, err := DecodeSplit(b)
		if err != nil || got.ID != s.ID || !bytes.Equal(got.Position, s.Position) || got.Watermark != s.Watermark {
			t.Errorf("%+v came back as %+v, %v", s, got, err)
		}
		for i := range b {
			if got, err := DecodeSplit(b[:i]); err == nil {
				t.Errorf("the first %d of %d bytes are %+v", i, len(b), got)
			}
		}
	}
	old := []byte{0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 1, 'a', 'p'}
	if got, err := DecodeSplit(old); err != nil || got.ID != "a" || string(got.Position) != "p" || got.Watermark != MinTime {
		t.Errorf("version 1: %+v, %v", got, err)
	}
	if !bytes.Equal(AppendSplit(nil, Split{ID: "a", Position: []byte("p"), Watermark: MinTime}), old) {
		t.Error("a split without a watermark is not written as version 1")
	}
}

func FuzzDecodeSplit(f *testing.F) {
	f.Add(AppendSplit(nil, Split{ID: "a", Position: []byte("p"), Watermark: MinTime}))
	f.Add(AppendSplit(nil, Split{ID: "a", Watermark: 7}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeSplit(b)
		if err != nil {
			return
		}
		again, err := DecodeSplit(AppendSplit(nil, s))
		if err != nil || again.ID != s.ID || !bytes.Equal(again.Position, s.Position) || again.Watermark != s.Watermark {
			t.Fatalf("%+v, then %+v, %v", s, again, err)
		}
	})
}
