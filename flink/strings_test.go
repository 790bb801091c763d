package flink

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anyString draws strings with all cases of the mapping to UTF-16, in any order.
func anyString() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.String(),
		rapid.StringN(0, 300, -1),
		rapid.StringMatching("[ -~]{0,300}"),
		rapid.SampledFrom([]string{
			"\x80", "\xed", "\xed\xa0", "\xff", "\xe6\x97", "\xf0\x9f\x98", // not UTF-8
			"\xed\xa0\x80", "\xed\xaf\xbf", // high surrogates
			"\xed\xb0\x80", "\xed\xb1\xbf", "\xed\xb4\x80", "\xed\xbf\xbf", // low ones
			"\xed\xb2\x80", "\xed\xb3\xbf", // low ones that stand for bytes
			"\x00", "a", "é", "日", "😀", "\ufffd", "\uffff", "\U0010ffff",
		}),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	return rapid.Map(rapid.SliceOfN(piece, 0, 8), func(p []string) string { return strings.Join(p, "") })
}

// checkString checks that s comes back from Flink's encoding, and that encoding it again
// gives the same bytes.
func checkString(t interface{ Fatalf(string, ...any) }, s string) {
	b := AppendString(nil, s)
	c := NewCursor(b)
	got, null := c.FString()
	if c.Err() != nil || null || got != s || c.Remaining() != 0 {
		t.Fatalf("%q is written as % x\nand read as %q, null %v, %d bytes left, error %v",
			s, b, got, null, c.Remaining(), c.Err())
	}
	if again := AppendString(nil, got); !bytes.Equal(again, b) {
		t.Fatalf("%q is written as % x, and then as % x", s, b, again)
	}
}

func TestStringVectors(t *testing.T) {
	for _, v := range []struct{ s, hex string }{
		{"", "01"},
		{"a", "0261"},
		{"é", "02e901"},
		{"日", "02e5cb01"},
		{"😀", "03bdb00380bc03"},
		{strings.Repeat("x", 127), "8001" + strings.Repeat("78", 127)},
		{"\x00", "0200"},
		{"\x80", "0280b903"},                               // DC80
		{"\xff", "02ffb903"},                               // DCFF
		{"\xed\xa0\x80", "0280b003"},                       // D800
		{"\xed\xbf\xbf", "02ffbf03"},                       // DFFF
		{"\xed\xb2\x80", "04edb903b2b90380b903"},           // DCED DCB2 DC80, as DC80 is a byte
		{"\xed\xa0\x80\x80", "05edb903a0b90380b90380b903"}, // as D800 DC80 were a pair
		{"\xed\xa0\x80a", "0380b00361"},                    // D800 a
		{"\xed\xa0\x80\xed\xa0\x80", "0380b00380b003"},     // D800 D800
	} {
		if got := hex.EncodeToString(AppendString(nil, v.s)); got != v.hex {
			t.Errorf("%q: %s, want %s", v.s, got, v.hex)
		}
		checkString(t, v.s)
	}
	c := NewCursor([]byte{0})
	if s, null := c.FString(); s != "" || !null || c.Err() != nil || c.Remaining() != 0 {
		t.Errorf("null is read as %q, null %v, error %v", s, null, c.Err())
	}
}

// A byte that is not ASCII is found at every place.
func TestIsASCII(t *testing.T) {
	for n := range 40 {
		s := []byte(strings.Repeat("\x7f", n))
		if !isASCII(s) || !isASCII(string(s)) {
			t.Errorf("isASCII is false for %d bytes of ASCII", n)
		}
		for at := range s {
			s[at] = 0x80
			if isASCII(s) || isASCII(string(s)) {
				t.Errorf("byte %d of %d was not found", at, n)
			}
			checkString(t, string(s))
			s[at] = 0x7F
		}
	}
}

func TestStringRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkString(t, anyString().Draw(t, "s")) })
}

// All sequences of up to four UTF-16 units, from one of each kind, come back unchanged
// unless their bytes have a shorter form.
func TestUnitsRoundTrip(t *testing.T) {
	kinds := []uint16{'a', 0xE9, 0x65E5, 0xD800, 0xDBFF, 0xDC00, 0xDD00, 0xDC80, 0xDCED, 0xDCA0}
	var try func(units []uint16)
	try = func(units []uint16) {
		var b []byte
		b = appendUnitCount(b, len(units))
		for _, u := range units {
			b = appendUvarint(b, u)
		}
		s, _ := NewCursor(b).FString()
		checkString(t, s)
		spells := slices.ContainsFunc(units, func(u uint16) bool { return isEscape(rune(u)) })
		if again := appendUnits(nil, s); !spells && !slices.Equal(again, units) {
			t.Errorf("units %04x are read as %q and written as %04x", units, s, again)
		}
		if len(units) < 4 {
			for _, k := range kinds {
				try(append(units[:len(units):len(units)], k))
			}
		}
	}
	try(nil)
}

func appendUvarint(b []byte, u uint16) []byte {
	for ; u >= 0x80; u >>= 7 {
		b = append(b, byte(u)|0x80)
	}
	return append(b, byte(u))
}

// A run of high surrogates takes time in proportion to its length.
func TestLongSurrogateRun(t *testing.T) {
	run := strings.Repeat("\xed\xa0\x80", 1<<18)
	checkString(t, run)
	checkString(t, run+"\xff")
	checkString(t, strings.Repeat(run[:3]+"a", 1<<16))
}

func TestFStringErrors(t *testing.T) {
	for name, b := range map[string]string{
		"nothing":                "",
		"length cut off":         "\x80",
		"length longer than due": "\x81\x00",
		"length of 11 bytes":     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"more units than bytes":  "\x04ab",
		"a huge length":          "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01abc",
		"unit cut off":           "\x03a\x80",
		"unit longer than due":   "\x02\x81\x00",
		"unit above 0xFFFF":      "\x02\x80\x80\x04",
		"pair cut off":           "\x03\xbd\xb0\x03\x80\xbc",
		"fewer units than said":  "\x03\xe9\x01",
	} {
		c := NewCursor([]byte(b))
		if s, null := c.FString(); c.Err() == nil || s != "" || null {
			t.Errorf("%s: %q, null %v, error %v", name, s, null, c.Err())
		}
		if s, null := c.FString(); s != "" || null {
			t.Errorf("%s: after the error, %q, null %v", name, s, null)
		}
	}
}

func TestUTF(t *testing.T) {
	for _, v := range []struct{ s, hex string }{
		{"", "0000"},
		{"counter", "0007636f756e746572"},
		{"a\x00b", "000461c08062"},
		{"é日", "0005c3a9e697a5"},
		{"😀", "0006eda0bdedb880"},
		{"\U00010080", "0006eda080edb280"},
		{"\ufffd", "0003efbfbd"},
	} {
		b, err := AppendUTF(nil, v.s)
		if got := hex.EncodeToString(b); got != v.hex || err != nil {
			t.Errorf("%q: %s, want %s, error %v", v.s, got, v.hex, err)
		}
		c := NewCursor(b)
		if got := c.UTF(); got != v.s || c.Err() != nil || c.Remaining() != 0 {
			t.Errorf("%s: %q, want %q, error %v", v.hex, got, v.s, c.Err())
		}
	}
	for _, s := range []string{"\xff", "\xed\xa0\x80", strings.Repeat("x", 65536), strings.Repeat("😀", 10923)} {
		if b, err := AppendUTF([]byte("before"), s); err == nil || string(b) != "before" {
			t.Errorf("%.20q: no error, or %q is left", s, b)
		}
	}
	if b, err := AppendUTF(nil, strings.Repeat("\x00", 32767)+"x"); err != nil || len(b) != 2+65535 {
		t.Errorf("65535 bytes: %d, error %v", len(b), err)
	}
}

func TestUTFErrors(t *testing.T) {
	for name, b := range map[string]string{
		"nothing":                 "",
		"length cut off":          "\x00",
		"bytes missing":           "\x00\x02a",
		"a plain zero":            "\x00\x01\x00",
		"two bytes for one":       "\x00\x02\xc1\x81",
		"two bytes for zero, cut": "\x00\x01\xc0",
		"four bytes":              "\x00\x04\xf0\x9f\x98\x80",
		"a lone high surrogate":   "\x00\x03\xed\xa0\x80",
		"a lone low surrogate":    "\x00\x03\xed\xb0\x80",
		"a pair the wrong way":    "\x00\x06\xed\xb0\x80\xed\xa0\x80",
		"an invalid byte":         "\x00\x02a\xff",
	} {
		c := NewCursor([]byte(b))
		if s := c.UTF(); c.Err() == nil || s != "" {
			t.Errorf("%s: %q, error %v", name, s, c.Err())
		}
	}
}

// UTF reads what AppendUTF writes, and AppendUTF writes what UTF reads, with the same bytes.
func TestUTFRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		b, err := AppendUTF(nil, s)
		if err != nil {
			t.Fatal(err)
		}
		if got := NewCursor(b).UTF(); got != s {
			t.Fatalf("%q is written as % x and read as %q", s, b, got)
		}
	})
}

func FuzzString(f *testing.F) {
	f.Add([]byte("plain"))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkString(t, string(data))
		// The same bytes as Flink has written.
		c := NewCursor(data)
		if s, _ := c.FString(); c.Err() == nil {
			checkString(t, s)
		}
		c = NewCursor(data)
		if s := c.UTF(); c.Err() == nil {
			b, err := AppendUTF(nil, s)
			if err != nil || !bytes.Equal(b, data[:c.Offset()]) {
				t.Fatalf("% x is read as %q and written as % x, error %v", data[:c.Offset()], s, b, err)
			}
		}
	})
}

var stringSink string

func BenchmarkString(b *testing.B) {
	for _, s := range []string{"user-0123456789a", strings.Repeat("0123456789", 10), "キー・グループ"} {
		data := AppendString(nil, s)
		b.Run("append/"+s[:min(15, len(s))], func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			buf := make([]byte, 0, 1024)
			for b.Loop() {
				buf = AppendString(buf[:0], s)
			}
		})
		b.Run("read/"+s[:min(15, len(s))], func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				stringSink, _ = NewCursor(data).FString()
			}
		})
	}
}
