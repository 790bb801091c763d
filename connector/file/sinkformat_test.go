package file

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// written writes records to a sink and makes them visible. It returns the file.
func written[T any](t *testing.T, sink weir.Sink[T], dir string, records ...T) (string, error) {
	t.Helper()
	defer claim(t, sink, weir.Claim{SinkID: first.SinkID, Lineage: "a"})()
	w := openWriter(t, sink, first)
	defer w.Close()
	err := w.Write(t.Context(), records)
	if err != nil {
		return "", err
	}
	p, err := w.Prepare(t.Context(), 1)
	if err != nil {
		return "", err
	}
	must(t, sink.Commit(t.Context(), [][]byte{p}))
	d, err := decodePrepared(p)
	must(t, err)
	return filepath.Join(dir, d.visible), nil
}

// Of lines, each is read back as it was, or it is refused.
func TestLinesAreReadBack(t *testing.T) {
	for _, test := range []struct{ record, refused string }{
		{"", ""}, {"x", ""}, {"\r", `ends in "\r"`}, {"x\r", `ends in "\r"`}, {"\rx", ""}, {"x\ry", ""},
		{"\n", "newline"}, {"x\ny", "newline"}, {"x\n", "newline"}, {"\r\n", "newline"},
		{"\x1f\x8b", "gzip"}, {"\x1f\x8brest", "gzip"}, {"\x1f", ""}, {"x\x1f\x8b", ""}, {"BZh91AY&SY", "bzip2"}, {"BZh9", ""},
		{"(\xb5/\xfd", "zstd"}, {"PK\x03\x04", "zip archive"}, {"\xff\xfex", "UTF-16"}, {"%PDF-1.7", "PDF"}, {"MZ", ""}, {"MZ\x00", "Windows"},
		{"\xef\xbb\xbf", "byte order mark"}, {"\xef\xbb\xbfx", "byte order mark"}, {"x\xef\xbb\xbf", ""},
		{"\xff\x00\xfe", ""}, {strings.Repeat("x", 3*writeBytes), ""},
	} {
		dir := t.TempDir()
		name, err := written(t, LinesSinkOn(unsynced(), filepath.ToSlash(dir)), dir, test.record, "second")
		if test.refused != "" {
			wantPermanent(t, err, test.refused)
			if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) > 0 {
				t.Errorf("%q: left: %q", test.record, files)
			}
			continue
		}
		must(t, err)
		if got, _ := mustRead(t, Lines(name), filepath.Base(name), nil); !slices.Equal(got, []string{test.record, "second"}) {
			t.Errorf("%q is read back as %q", test.record, got)
		}
	}
	// Only the beginning of a file can make it one of another kind, and not that of what is
	// written at once.
	for _, before := range []string{"first", strings.Repeat("x", writeBytes-1)} {
		dir := t.TempDir()
		records := []string{before, "\x1f\x8b", bom}
		name, err := written(t, LinesSinkOn(unsynced(), filepath.ToSlash(dir)), dir, records...)
		must(t, err)
		if got, _ := mustRead(t, Lines(name), filepath.Base(name), nil); !slices.Equal(got, records) {
			t.Errorf("got %d records, and not what was written", len(got))
		}
	}
}

// Lines of any bytes are read back as they were, or refused; and what is text, in lines, is
// never refused.
func TestLinesSinkStrings(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{"x", "\r", "\n", "\x00", "\xff", "\xfe", "é", "BZh9", "1AY&SY", "MZ", "P*M\x18", "ustar", strings.Repeat("y", 250), bom}
	for _, m := range magics {
		pieces = append(pieces, m.bytes)
	}
	dir := t.TempDir()
	refusals := 0
	for range 400 {
		records := make([]string, 1+rnd.IntN(3))
		for i := range records {
			for range rnd.IntN(4) {
				records[i] += pieces[rnd.IntN(len(pieces))]
			}
		}
		name, err := written(t, LinesSinkOn(unsynced(), filepath.ToSlash(dir)), dir, records...)
		if err != nil {
			refusals++
			if s := strings.Join(records, ""); strings.Trim(s, "xyé") == "" || !weir.IsPermanent(err) {
				t.Fatalf("%q: %v", records, err)
			}
			continue
		}
		if got, _ := mustRead(t, Lines(name), filepath.Base(name), nil); !slices.Equal(got, records) {
			t.Fatalf("%q is read back as %q", records, got)
		}
		must(t, os.Remove(name))
	}
	if refusals == 0 || refusals == 400 {
		t.Errorf("%d of 400 are refused", refusals)
	}
}

// anything is everything that can be in a record.
type anything struct {
	S       string
	P       *string
	M       map[string]string
	L       []string
	B       []byte
	F       float64
	G       *float32
	I       any
	N       map[string][]anything
	K       map[key]int
	Raw     json.RawMessage
	Hidden  string `json:"-"`
	private string
	embedded
	Time  time.Time
	Text  textual
	Alias aliased
}

type embedded struct{ Inner string }

type key string

// A textual writes itself as a string.
type textual struct{ s string }

func (x textual) MarshalText() ([]byte, error)  { return []byte(x.s), nil }
func (x *textual) UnmarshalText(b []byte) error { x.s = string(b); return nil }

// An aliased writes itself as JSON.
type aliased struct{ s string }

func (a aliased) MarshalJSON() ([]byte, error)  { return json.Marshal(a.s) }
func (a *aliased) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &a.s) }

// What JSON cannot hold is refused, with the field's name; what looks like it is not.
func TestJSONSinkRefuses(t *testing.T) {
	bad, nan, inf := "a\xffb", math.NaN(), float32(math.Inf(-1))
	for _, test := range []struct {
		record anything
		words  []string // nil: it is written
	}{
		{anything{S: bad}, []string{"field S", "not UTF-8"}},
		{anything{P: &bad}, []string{"field P", "not UTF-8"}},
		{anything{M: map[string]string{"k": bad}}, []string{`field M["k"]`, "not UTF-8"}},
		{anything{M: map[string]string{bad: "v"}}, []string{`field M["a\xffb"]`, "not UTF-8"}},
		{anything{K: map[key]int{key(bad): 1}}, []string{`field K["a\xffb"]`, "not UTF-8"}},
		{anything{L: []string{"x", bad}}, []string{"field L[1]", "not UTF-8"}},
		{anything{I: map[string]any{"x": []any{bad}}}, []string{`field I["x"][0]`, "not UTF-8"}},
		{anything{N: map[string][]anything{"n": {{}, {S: bad}}}}, []string{`field N["n"][1].S`, "not UTF-8"}},
		{anything{embedded: embedded{bad}}, []string{"field embedded.Inner", "not UTF-8"}},
		{anything{Text: textual{bad}}, []string{"field Text", "not UTF-8"}},
		{anything{Alias: aliased{bad}}, []string{"field Alias.s", "not UTF-8"}},
		{anything{S: "\xed\xa0\x80"}, []string{"field S", "not UTF-8"}}, // half a pair of UTF-16
		{anything{F: nan}, []string{"field F", "NaN"}},
		{anything{G: &inf}, []string{"field G", "Inf"}},
		{anything{I: []any{1, math.Inf(1)}}, []string{"field I[1]", "Inf"}},
		{anything{I: make(chan int)}, []string{"unsupported type", "chan"}},
		{anything{Raw: json.RawMessage("{")}, []string{"unexpected end"}},

		{anything{S: "\ufffd", B: []byte{0xff}, Hidden: bad, private: bad}, nil},
		{anything{S: `\ufffd`, L: []string{`\\ufffd`, "\\\ufffd"}}, nil},
		{anything{S: `\ufffd`, Hidden: bad, private: bad, B: []byte(bad)}, nil},
		{anything{Raw: json.RawMessage(`"\ufffd"`), Alias: aliased{"\ufffd"}, Text: textual{"\ufffd"}}, nil},
		{anything{F: math.Copysign(0, -1), G: new(float32), S: "</\u2028>", I: "x"}, nil},
		{anything{S: "\x00\x1f\u007f\U0010ffff", Time: time.Unix(1, 2).UTC()}, nil},
	} {
		dir := t.TempDir()
		name, err := written(t, JSONSinkOn[anything](unsynced(), filepath.ToSlash(dir)), dir, test.record)
		if test.words != nil {
			wantPermanent(t, err, append(test.words, "encode record")...)
			continue
		}
		if err != nil {
			t.Errorf("%+v: %v", test.record, err)
			continue
		}
		got, _ := mustRead(t, JSONLines[anything](name), filepath.Base(name), nil)
		want := test.record
		want.Hidden, want.private = "", ""
		if len(got) == 1 && want.Raw == nil {
			got[0].Raw = nil // "null"
		}
		if len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%+v is read back as %+v", want, got)
		}
	}
}

// Strings of any bytes are read back as they were, or refused, and those that are UTF-8
// are never refused.
func TestJSONSinkStrings(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{"x", `\`, `\ufffd`, "\ufffd", "\xff", "\xc3", "\xa9", "\n", "\"", "é", "\U0001f30a", "\xed\xa0\x80", "ufffd", "\x00"}
	dir := t.TempDir()
	refused := 0
	for range 300 {
		var s string
		for range rnd.IntN(5) {
			s += pieces[rnd.IntN(len(pieces))]
		}
		record := map[string]string{s: s}
		name, err := written(t, JSONSinkOn[map[string]string](unsynced(), filepath.ToSlash(dir)), dir, record)
		if valid := strings.ToValidUTF8(s, "") == s; valid != (err == nil) {
			t.Fatalf("%q: %v", s, err)
		} else if !valid {
			refused++
			continue
		}
		got, _ := mustRead(t, JSONLines[map[string]string](name), filepath.Base(name), nil)
		if !reflect.DeepEqual(got, []map[string]string{record}) {
			t.Fatalf("%q is read back as %q", record, got)
		}
		must(t, os.Remove(name))
	}
	if refused == 0 || refused == 300 {
		t.Errorf("%d of 300 are refused", refused)
	}
}

// A record that holds itself cannot be written, and looking for its field ends.
func TestFindEnds(t *testing.T) {
	type loop struct {
		Next *loop
		F    float64
	}
	l := &loop{F: math.NaN()}
	l.Next = l
	if field, ok := find(l, notUTF8); ok {
		t.Error(field)
	}
	if field, ok := find(l, notFinite); !ok || !strings.HasSuffix(field, ".F") {
		t.Error(field, ok)
	}
	var none *loop
	if field, ok := find(none, notFinite); ok {
		t.Error(field)
	}
}

// A context that has ended stops a writer, which then prepares nothing any more.
func TestWriterAfterItsContext(t *testing.T) {
	for _, call := range []string{"Write", "Prepare"} {
		var fsys durable.FS = crashfs.New(crashfs.Strict)
		sink := LinesSinkOn(fsys, outDir)
		w := openWriter(t, sink, first)
		must(t, w.Write(t.Context(), []string{"one"}))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		var err error
		if call == "Write" {
			err = w.Write(ended, []string{"two"})
		} else {
			_, err = w.Prepare(ended, 1)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want what has ended the context", call, err)
		}
		if p, err := w.Prepare(t.Context(), 2); err == nil {
			t.Errorf("%s: prepared afterwards: %x", call, p)
		}
		must(t, w.Close())
		if _, hidden, err := visible(fsys, outDir); err != nil || hidden != nil {
			t.Errorf("%s: left: %q, %v", call, hidden, err)
		}
	}
}
