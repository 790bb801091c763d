package flow

import (
	"bytes"
	"encoding/binary"
	"strings"
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

// What is no encoding of a split is refused, and what is decoded shares no memory with it.
func TestDecodeSplitRefuses(t *testing.T) {
	head := func(version, n uint32, rest ...byte) []byte {
		return append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, version), n), rest...)
	}
	for want, b := range map[string][]byte{
		"split says it has 5 bytes, has 6":     head(splitPlain, 5, 0, 0, 0, 1, 'a', 'p'),
		"split says it has 7 bytes, has 6":     head(splitPlain, 7, 0, 0, 0, 1, 'a', 'p'),
		"split with a watermark of 11 bytes":   head(splitTimed, 11, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0),
		"split with a watermark of 8 bytes":    head(splitTimed, 8, 0, 0, 0, 0, 0, 0, 0, 7),
		"split id says it has 3 bytes, 2 are":  head(splitPlain, 6, 0, 0, 0, 3, 'a', 'p'),
		"split id says it has 4294967295 byte": head(splitPlain, 4, 255, 255, 255, 255),
		"split encoding version 3":             head(3, 6, 0, 0, 0, 1, 'a', 'p'),
		"split encoding version 0":             head(0, 6, 0, 0, 0, 1, 'a', 'p'),
		"split of 11 bytes":                    head(splitPlain, 3, 0, 0, 0),
		"split of 0 bytes":                     nil,
	} {
		if s, err := DecodeSplit(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%x is %+v, %v; want %s", b, s, err, want)
		}
	}
	b := AppendSplit(nil, Split{ID: "a", Position: []byte("p")})
	s, err := DecodeSplit(b)
	clear(b)
	if err != nil || s.ID != "a" || string(s.Position) != "p" {
		t.Errorf("after its bytes were used again, a split is %+v, %v", s, err)
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
