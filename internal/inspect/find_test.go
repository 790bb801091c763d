package inspect

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/flink"
)

// keyTypes are types of keys, and how keys of each are drawn and written.
var keyTypes = map[string]struct {
	serializer flink.Serializer
	draw       func(t *rapid.T) []byte
}{
	"text":   {flink.String, func(t *rapid.T) []byte { return flink.AppendString(nil, anyText().Draw(t, "key")) }},
	"number": {flink.Long, func(t *rapid.T) []byte { return flink.AppendI64(nil, rapid.Int64Range(-3, 6).Draw(t, "key")) }},
	"float": {flink.Double, func(t *rapid.T) []byte {
		special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 5, -5}
		return flink.AppendF64(nil, rapid.OneOf(rapid.SampledFrom(special), rapid.Float64()).Draw(t, "key"))
	}},
	"bytes": {flink.ByteArray, func(t *rapid.T) []byte {
		return flink.AppendBytes32(nil, []byte(anyText().Draw(t, "key")))
	}},
	"tuple": {flink.Tuple(flink.String, flink.Int), func(t *rapid.T) []byte {
		return flink.AppendI32(flink.AppendString(nil, anyText().Draw(t, "key")), rapid.Int32Range(0, 1).Draw(t, "n"))
	}},
}

// TestFindTakesWhatIsPrinted draws keys of each type, prints each and finds it: exactly that
// one, and none of any other type.
func TestFindTakesWhatIsPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := newDisk()
		var states []keyedState
		for _, name := range []string{"text", "number", "float", "bytes", "tuple"} {
			typ := keyTypes[name]
			s := keyedState{uid: name, name: name, key: typ.serializer}
			seen := map[string]bool{}
			for range rapid.IntRange(1, 8).Draw(t, "keys") {
				key := typ.draw(t)
				if seen[string(key)] {
					continue
				}
				seen[string(key)] = true
				s.keys = append(s.keys, key)
				s.values = append(s.values, int64(len(s.keys)))
			}
			states = append(states, s)
		}
		writeFlinks(t, disk, "/sp", states...)
		c := open(t, &Reader{FS: disk}, "/sp")
		type entry struct {
			operator string
			value    flink.Value
		}
		printed := map[string]entry{}
		_, err := c.Export(func(h *Handle, e *Entry) error {
			text := Text(e.Key)
			if have, twice := printed[text]; twice {
				t.Fatalf("%s is of %v and of %s", text, have, e.State.Name)
			}
			printed[text] = entry{e.State.Name, e.Value}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range printed {
			key, err := ParseKey(text)
			if err != nil {
				t.Fatal(err)
			}
			var have []entry
			found, err := c.Find(key, func(_ *Handle, e *Entry) error {
				have = append(have, entry{e.State.Name, e.Value})
				return nil
			})
			if err != nil || found.AsText || found.Entries != 1 || len(have) != 1 || have[0] != want {
				t.Fatalf("%s: found %v, %+v, %v, want %v", text, have, found, err, want)
			}
		}
	})
}

// TestFind finds what is written in other ways than it is printed.
func TestFind(t *testing.T) {
	disk := newDisk()
	texts := keyedState{uid: "texts", name: "texts", key: flink.String}
	for _, s := range []string{"user-7", "7", "caf\xe9", `caf\xe9`, "b\"", " ", `"quoted"`, "café"} {
		texts.keys = append(texts.keys, flink.AppendString(nil, s))
		texts.values = append(texts.values, int64(len(texts.keys)))
	}
	numbers := keyedState{uid: "numbers", name: "numbers", key: flink.Long, keys: [][]byte{flink.AppendI64(nil, 8)}, values: []int64{100}}
	writeFlinks(t, disk, "/sp", texts, numbers)
	c := open(t, &Reader{FS: disk}, "/sp")
	find := func(word string) (values []flink.Value, asText bool) {
		key, err := ParseKey(word)
		if err != nil {
			t.Fatalf("%s: %v", word, err)
		}
		found, err := c.Find(key, func(_ *Handle, e *Entry) error {
			values = append(values, e.Value)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return values, found.AsText
	}
	for _, v := range []struct {
		word   string
		value  int64 // 0 for none
		asText bool
	}{
		{`user-7`, 1, true},
		{`"user-7"`, 1, false},
		{`7`, 2, true},
		{`8`, 100, false},
		{`"8"`, 0, false},
		{`"caf\xe9"`, 3, false},
		{`caf\xe9`, 4, true},
		{`"caf\\xe9"`, 4, false},
		{`b"`, 5, true},
		{`b"7"`, 0, false},
		{` `, 6, true},
		{`"\"quoted\""`, 7, false},
		{`"\u0063af\u00e9"`, 8, false}, // another way to write it
		{`nobody`, 0, false},
	} {
		values, asText := find(v.word)
		if v.value == 0 && len(values) > 0 || v.value != 0 && (len(values) != 1 || values[0] != v.value) || asText != v.asText {
			t.Errorf("%s: %v, as text %t; want %d, %t", v.word, values, asText, v.value, v.asText)
		}
	}
	for _, bad := range []string{``, `"`, `"a`, `"a" `, `"\q"`} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
	key, _ := ParseKey("user-7")
	stop := errors.New("stop")
	if _, err := c.Find(key, func(*Handle, *Entry) error { return stop }); err != stop {
		t.Errorf("the search ends with %v", err)
	}
	c.Load(Selection{Operator: "numbers"}, false)
	if values, _ := find("user-7"); len(values) > 0 {
		t.Errorf("found in an operator that is not selected: %v", values)
	}
}

// FuzzParseKey reads any word as a key: what is read is printed as itself again.
func FuzzParseKey(f *testing.F) {
	for _, s := range append(confusing, `b"\x00"`, `"a`, `{"a": 1}`) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, word string) {
		key, err := ParseKey(word)
		if err != nil {
			return
		}
		again, err := ParseKey(key.String())
		if err != nil || again.printed != key.printed {
			t.Errorf("%s is read as %s, and that as %s, %v", word, key, again, err)
		}
		if strings.HasPrefix(word, `"`) && key.text != "" {
			t.Errorf("%s may be a text without its quotation marks", word)
		}
	})
}
