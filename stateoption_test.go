package weir

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// hexCodec writes a text in hexadecimal digits, after its name.
func hexCodec(name string) Codec[string] {
	return CustomCodec(name, 1,
		func(dst []byte, v string) ([]byte, error) {
			return append(dst, name+":"+hex.EncodeToString([]byte(v))...), nil
		},
		func(src []byte) (string, error) {
			digits, ok := strings.CutPrefix(string(src), name+":")
			if !ok {
				return "", errors.New("written by another codec")
			}
			v, err := hex.DecodeString(digits)
			return string(v), err
		})
}

// Every state is written by the codec that it is given, and read by it: a map by one for its
// keys and one for its values.
func TestStateIsWrittenByItsCodec(t *testing.T) {
	value, key := WithCodec(hexCodec("value")), WithKeyCodec(hexCodec("key"))
	join := func(a, b string) (string, error) { return a + b, nil }
	for _, tt := range []struct {
		name string
		want []string // what is in the bytes of the checkpoint
		open func(*KeyContext[string], *Out[string]) func(string) error
	}{
		{"value", []string{"value:6f6e65"}, func(c *KeyContext[string], out *Out[string]) func(string) error {
			s := NewValue[string](c, "s", value)
			return func(v string) error {
				old, _ := s.Get()
				out.Emit(old)
				s.Set(v)
				return nil
			}
		}},
		{"list", []string{"value:6f6e65"}, func(c *KeyContext[string], out *Out[string]) func(string) error {
			s := NewList[string](c, "s", value)
			return func(v string) error {
				out.Emit(strings.Join(slices.Collect(s.All()), ""))
				s.Add(v)
				return nil
			}
		}},
		{"map", []string{"value:6f6e65", "key:66697273742c"}, func(c *KeyContext[string], out *Out[string]) func(string) error {
			s := NewMap[string, string](c, "s", value, key)
			return func(v string) error {
				old, _ := s.Get("first,")
				out.Emit(old)
				s.Put("first,", v)
				return nil
			}
		}},
		{"reducing", []string{"value:6f6e65"}, func(c *KeyContext[string], out *Out[string]) func(string) error {
			s := NewReducing(c, "s", join, value)
			return func(v string) error {
				old, _ := s.Get()
				out.Emit(old)
				return s.Add(v)
			}
		}},
		{"aggregating", []string{"value:6f6e65"}, func(c *KeyContext[string], out *Out[string]) func(string) error {
			s := NewAggregating(c, "s", Aggregating(join, func(acc string) (string, error) { return acc, nil }), value)
			return func(v string) error {
				old, _, _ := s.Get()
				out.Emit(old)
				return s.Add(v)
			}
		}},
	} {
		job := NewJob("codecs")
		Process(KeyBy(From(job, "in", Slice[string]()), func(string) string { return "k" }, hexCodec("of the key")), "op", tt.open)
		op := open(t, job, testContext(), &noted[string]{})
		if err := pushByKey(job, op, vec("one")); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		snap, err := op.Snapshot(1)
		if err != nil {
			t.Fatal(err)
		}
		var written bytes.Buffer
		offsets, err := snap.Keyed.Write(&written)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range append(tt.want, "of the key:6b") {
			if !bytes.Contains(written.Bytes(), []byte(want)) {
				t.Errorf("%s: %q is not in the state that is written", tt.name, want)
			}
		}
		ctx := testContext()
		ctx.Restored = &flow.Restored{Keyed: []flow.KeyedPart{{Range: snap.Keyed.Range(), Offsets: offsets, Data: bytes.NewReader(written.Bytes()), Size: int64(written.Len()), From: "memory"}}}
		var out noted[string]
		if err := pushByKey(job, open(t, job, ctx, &out), vec("two")); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		out.wants(t, tt.name, "one")
	}
}

// An operator whose codecs do not fit its types cannot be opened, nor one with two codecs for
// its key be written down.
func TestCodecsOfAnotherType(t *testing.T) {
	number := CustomCodec("number", 1, func(dst []byte, _ int64) ([]byte, error) { return dst, nil }, func([]byte) (int64, error) { return 0, nil })
	for name, declare := range map[string]func(*KeyContext[int64]){
		"value":        func(c *KeyContext[int64]) { NewValue[string](c, "s", WithCodec(number)) },
		"list":         func(c *KeyContext[int64]) { NewList[string](c, "s", WithCodec(number)) },
		"map's values": func(c *KeyContext[int64]) { NewMap[int64, string](c, "s", WithCodec(number)) },
		"map's keys":   func(c *KeyContext[int64]) { NewMap[string, int64](c, "s", WithKeyCodec(number)) },
	} {
		job := NewJob("codecs")
		Process(KeyBy(ints(job), func(n int64) int64 { return n }), "op", func(c *KeyContext[int64], _ *Out[int64]) func(int64) error {
			declare(c)
			return func(int64) error { return nil }
		})
		if _, err := job.last().New(testContext(), &noted[int64]{}); err == nil || !IsPermanent(err) || !strings.Contains(err.Error(), `state "s": the codec that was given is a`) || !strings.Contains(err.Error(), "the state needs one for string") {
			t.Errorf("%s: %v", name, err)
		}
	}
	job := NewJob("two")
	KeyBy(ints(job), func(n int64) int64 { return n }, number, number)
	if err := job.Check(); err == nil || !strings.Contains(err.Error(), "2 codecs for one type") || !strings.Contains(err.Error(), "stateoption_test.go:") {
		t.Errorf("got %v", err)
	}
}

// State of a job without an option is not read as if it had not been there: it is refused, and
// the operator that was opened for it is closed.
func TestStateThatIsNotDeclared(t *testing.T) {
	job := NewJob("gone")
	by := KeyBy(ints(job), func(n int64) int64 { return n })
	closed := 0
	declared := func(name string) {
		Process(by, "op", func(c *KeyContext[int64], _ *Out[int64]) func(int64) error {
			n := NewValue[int64](c, name)
			c.OnClose(func() error { closed++; return nil })
			return func(v int64) error { n.Set(v); return nil }
		})
	}
	declared("old")
	op := open(t, job, testContext(), &noted[int64]{})
	if err := pushByKey(job, op, vec(int64(1))); err != nil {
		t.Fatal(err)
	}
	snap, err := op.Snapshot(1)
	if err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	offsets, err := snap.Keyed.Write(&written)
	if err != nil {
		t.Fatal(err)
	}
	declared("new")
	ctx := testContext()
	ctx.Restored = &flow.Restored{Keyed: []flow.KeyedPart{{Range: snap.Keyed.Range(), Offsets: offsets, Data: bytes.NewReader(written.Bytes()), Size: int64(written.Len()), From: "memory"}}}
	if _, err := job.last().New(ctx, &noted[int64]{}); err == nil || !IsPermanent(err) || !strings.Contains(err.Error(), `state "old"`) || closed != 1 {
		t.Errorf("closed %d times; got %v", closed, err)
	}
	ctx.AllowNonRestored = true
	if _, err := job.last().New(ctx, &noted[int64]{}); err != nil || closed != 1 {
		t.Errorf("closed %d times; got %v", closed, err)
	}
}

// A checkpoint says of which of Flink's types a state is.
func TestStatesHaveTheirTypes(t *testing.T) {
	add := func(a, b int64) (int64, error) { return a + b, nil }
	for want, build := range map[string]func(Keyed[int64, int64]){
		"reduce=reducing":       func(k Keyed[int64, int64]) { Reduce(k, "op", add) },
		"aggregate=aggregating": func(k Keyed[int64, int64]) { Aggregate(k, "op", Count[int64]()) },
		"a=aggregating l=list m=map r=reducing v=value": func(k Keyed[int64, int64]) {
			Process(k, "op", func(c *KeyContext[int64], _ *Out[int64]) func(int64) error {
				v, r, a := NewValue[int64](c, "v"), NewReducing(c, "r", add), NewAggregating(c, "a", Count[int64]())
				l, m := NewList[int64](c, "l"), NewMap[int64, int64](c, "m")
				return func(n int64) error {
					v.Set(n)
					l.Add(n)
					m.Put(n, n)
					return errors.Join(r.Add(n), a.Add(n))
				}
			})
		},
	} {
		job := NewJob("types")
		build(KeyBy(ints(job), func(n int64) int64 { return n }))
		op := open(t, job, testContext(), outputFunc(func(flow.Batch) error { return nil }))
		if err := pushByKey(job, op, vec[int64](1)); err != nil {
			t.Fatal(err)
		}
		snap, err := op.Snapshot(1)
		if err != nil {
			t.Fatal(err)
		}
		var written bytes.Buffer
		offsets, err := snap.Keyed.Write(&written)
		if err != nil {
			t.Fatal(err)
		}
		h := &flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Range: snap.Keyed.Range(), Offsets: offsets}
		r, err := flink.NewKeyedReader(h, bytes.NewReader(written.Bytes()), int64(written.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range r.Header().States {
			got = append(got, strings.ToLower(fmt.Sprintf("%s=%v", s.Name, s.Type())))
		}
		slices.Sort(got)
		if got := strings.Join(got, " "); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
