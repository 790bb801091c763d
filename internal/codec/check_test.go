package codec

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"
)

type (
	line      struct{ Price any }
	order     struct{ Lines map[string][]line }
	hidden    struct{ A, b int64 }
	base      struct{ ID int64 }
	shadowing struct {
		base
		ID int64
	}
	embedding struct {
		base
		Name string
	}
	inlined struct {
		Base base `avro:",inline"`
		Also base
	}
	twice struct {
		A int64 `avro:"x"`
		B int64 `avro:"x"`
	}
	burying struct{ inner base }
	tagged  struct {
		base `avro:"b"`
	}
	pair[T any] struct{ A, B T }
	ofPairs     struct {
		P pair[int64]
		Q pair[string]
	}
	pointing struct{ *base }
	foreign  struct{ Größe int64 }
	clocks   struct {
		At []time.Time `avro:",timestamp-micros"`
	}
	nothing struct{}
	left    struct {
		A int64 `avro:"-"`
	}
	holding      struct{ In []nothing }
	holding2     struct{ In [2]nothing }
	oneKey       struct{ M map[nothing]int }
	pointerKeyed struct{ M map[linked]int }
	fixed        struct{ A [16]byte }
	fixed0       struct{ A [0]byte }
	linked       struct{ Next *linked }
	nest         []nest
	table        map[string]table
	tangled      struct{ N nest }
	padded       struct {
		_ int64
		A int64
	}
	Exported struct{ A int64 }
	private  struct {
		A     int64
		cache map[string]int `avro:"-"`
	}
)

func TestUnsupported(t *testing.T) {
	const own = ", or give it a CustomCodec"
	const iface = "what is in an interface is not known beforehand: use a concrete type" + own
	unsupported[uintptr](t, "uintptr cannot be written: an address means nothing after a restart: use uint64 if it is a number"+own)
	unsupported[complex64](t, "complex64 cannot be written: Avro has no complex numbers: use a struct of two floats"+own)
	unsupported[any](t, "any cannot be written: "+iface)
	unsupported[error](t, "error cannot be written: "+iface)
	unsupported[[]any](t, "[]any cannot be written: [], of type any: "+iface)
	unsupported[order](t, "codec.order cannot be written: order.Lines[value][].Price, of type any: "+iface)
	unsupported[[]order](t, "[]codec.order cannot be written: order.Lines[value][].Price, of type any: "+iface)
	unsupported[map[int64][]*order](t, "map[int64][]*codec.order cannot be written: order.Lines[value][].Price, of type any: "+iface)
	unsupported[map[complex64]int](t, "map[complex64]int cannot be written: [key], of type complex64: Avro has no complex numbers: use a struct of two floats"+own)
	unsupported[struct{ X any }](t, "struct { X any } cannot be written: struct.X, of type any: "+iface)

	_, _ = hidden{}.b, burying{}.inner // for staticcheck
	const unexported = "an unexported field would be gone after a restore: export it, tag it `avro:\"-\"` if it may be lost, " +
		"or give the struct the methods MarshalText and UnmarshalText" + own
	unsupported[hidden](t, "codec.hidden cannot be written: hidden.b, of type int64: "+unexported)
	unsupported[burying](t, "codec.burying cannot be written: burying.inner, of type codec.base: "+unexported)
	unsupported[tagged](t, "codec.tagged cannot be written: tagged.base, of type codec.base: "+unexported)
	unsupported[pointing](t, "codec.pointing cannot be written: pointing.base, of type *codec.base: "+unexported)
	unsupported[shadowing](t, "codec.shadowing cannot be written: shadowing.ID, of type int64: the field base.ID has the same name in Avro, \"ID\", "+
		"and one of them would be gone after a restore: name one by a tag, `avro:\"name\"`"+own)
	unsupported[twice](t, "codec.twice cannot be written: twice.B, of type int64: the field A has the same name in Avro, \"x\", "+
		"and one of them would be gone after a restore: name one by a tag, `avro:\"name\"`"+own)
	unsupported[foreign](t, "codec.foreign cannot be written: foreign.Größe, of type int64: the name \"Größe\" has other characters than "+
		"letters from a to z, digits and _, and Avro has only those: name the field by a tag, `avro:\"name\"`")

	unsupported[left](t, "codec.left cannot be written: all fields of the struct are left out, so that there is nothing to keep: use struct{}"+own)
	unsupported[holding](t, "codec.holding cannot be written: holding.In[], of type codec.nothing: "+
		"a slice of structs without fields has a length and nothing else: use an int64"+own)
	unsupported[holding2](t, "codec.holding2 cannot be written: holding2.In[], of type codec.nothing: "+
		"an array of structs without fields has nothing to keep: remove the field, or tag it `avro:\"-\"`")
	unsupported[fixed0](t, "codec.fixed0 cannot be written: fixed0.A, of type [0]uint8: "+
		"an array without elements has nothing to keep: remove the field, or tag it `avro:\"-\"`")
	unsupported[oneKey](t, "codec.oneKey cannot be written: oneKey.M[key], of type codec.nothing: "+
		"a map with keys without fields has one entry at most: use its value in place of the map")

	const pointerKey = "a pointer that is a key of a map is another key after a restore: use what it points to" + own
	unsupported[map[*base]int](t, "map[*codec.base]int cannot be written: [key], of type *codec.base: "+pointerKey)
	unsupported[map[[2]linked]int](t, "map[[2]codec.linked]int cannot be written: [key], of type *codec.linked: "+pointerKey)
	unsupported[pointerKeyed](t, "codec.pointerKeyed cannot be written: pointerKeyed.M[key], of type *codec.linked: "+pointerKey)
	unsupported[struct{ P **int }](t, "struct { P **int } cannot be written: struct.P, of type **int: "+
		"a pointer to a pointer has two kinds of nil, and one of them would be the other after a restore: use one pointer"+own)

	const itself = "it contains itself, which only structs can: use a struct with a field of it" + own
	unsupported[nest](t, "codec.nest cannot be written: "+itself)
	unsupported[table](t, "codec.table cannot be written: "+itself)
	unsupported[tangled](t, "codec.tangled cannot be written: tangled.N[], of type codec.nest: "+itself)
}

// Tags that make no sense for their field.
func TestTags(t *testing.T) {
	unsupported[clocks](t, "codec.clocks cannot be written: clocks.At, of type []time.Time: the tag says timestamp-micros, which a field of type []time.Time cannot be: remove that option")
	unsupported[struct {
		A int64 `avro:"-,omitzero"`
	}](t, "struct.A, of type int64: a field is left out by `avro:\"-\"` and nothing else: remove what follows the -")
	unsupported[struct {
		A int64 `avro:"a,timestamp-mikros"`
	}](t, "struct.A, of type int64: the tag has the option \"timestamp-mikros\", which is not known: "+
		"it may have alias=, default=, inline, uuid, or a unit of time such as timestamp-micros")
	unsupported[struct {
		A int64 `avro:",inline"`
	}](t, "struct.A, of type int64: inline is for structs: remove it from the tag")
	unsupported[struct {
		A base `avro:"a,inline"`
	}](t, "struct.A, of type codec.base: inline makes the fields of the struct fields of the struct around it, so that there is nothing "+
		"a name or another option could be of: remove those")
	unsupported[struct {
		base `avro:",alias=b"`
	}](t, "struct.base, of type codec.base: the fields of an embedded struct are fields of the struct around it, so that there is nothing "+
		"an option could be of: remove the options, or name the field by the tag")
	unsupported[struct {
		A time.Duration `avro:",timestamp-micros"`
	}](t, "struct.A, of type time.Duration: a time.Duration can be in time-micros or time-millis, and is in nanoseconds without a tag: remove timestamp-micros")
	unsupported[struct {
		A int64 `avro:",date"`
	}](t, "struct.A, of type int64: the tag says date, which a field of type int64 cannot be: remove that option")
	unsupported[struct {
		A int64 `avro:",default=x"`
	}](t, "struct.A, of type int64: the tag says default=x, which cannot be read as JSON for this type: ")
	unsupported[struct {
		A time.Time `avro:",default=\"1500-01-01T00:00:00Z\""`
	}](t, "struct.A, of type time.Time: the tag says default=\"1500-01-01T00:00:00Z\", which cannot be written: the time 1500-01-01 is out of the range")
}

// What can never leave a process is told from what merely has no codec, wherever it is.
func TestProcessBound(t *testing.T) {
	bind[chan int](t, "", "chan int cannot be written: values of kind chan exist in one process only, and cannot be kept or sent to another: use a type that is data")
	bind[func()](t, "", "func() cannot be written: values of kind func exist ")
	bind[unsafe.Pointer](t, "", "unsafe.Pointer cannot be written: values of kind unsafe.Pointer exist ")
	bind[map[int64][]chan int](t, "[value][]", "map[int64][]chan int cannot be written: [value][], of type chan int: values of kind chan exist in one process only, "+
		"and cannot be kept or sent to another: remove it, or tag its field `avro:\"-\"` if it may be lost on the way")
	bind[session](t, "session.Clicks[].done[value]", "codec.session cannot be written: session.Clicks[].done[value], of type func(): values of kind func")
	bind[[]*session](t, "session.Clicks[].done[value]", "[]*codec.session cannot be written: session.Clicks[].done[value], of type func(): ")
	bind[map[chan int]any](t, "[key]", "map[chan int]any cannot be written: [key], of type chan int: ")
	bind[struct {
		Any  any // is before it, and is the lesser evil
		Next *struct{ P [2]unsafe.Pointer }
	}](t, "struct.Next.P[]", "struct.Next.P[], of type unsafe.Pointer: ")

	// What is said to be left out may be bound to the process.
	becomes(t, loose{A: 1, Done: make(chan int)}, loose{A: 1})
	unsupported[struct {
		Any  any
		Done chan int `avro:"-"`
	}](t, "struct.Any, of type any: ")
	// So is what has no name.
	unsupported[struct {
		Any any
		_   chan int
	}](t, "struct.Any, of type any: ")
	// And a type may know how to be written whatever is in it.
	unsupported[struct {
		T   textual
		Any any
	}](t, "struct.Any, of type any: ")
	becomes(t, struct{ T textual }{textual{s: "x"}}, struct{ T textual }{textual{s: "x"}})
}

type (
	click struct {
		At   any
		done map[string]func()
	}
	session struct {
		Any    any
		Clicks []click
		Again  *session
	}
	loose struct {
		A    int64
		Done chan int `avro:"-"`
	}
	// textual is a type that only knows itself what is in it.
	textual struct {
		s    string
		hook func()
	}
)

func (v textual) MarshalText() ([]byte, error)     { return []byte("<" + v.s + ">"), nil }
func (v *textual) UnmarshalText(text []byte) error { v.s = string(text[1 : len(text)-1]); return nil }

func bind[T any](t *testing.T, path, want string) {
	t.Helper()
	_, _ = click{}.done, textual{}.hook // for staticcheck
	_, stateErr := Of[T]()
	for _, ask := range []func() (Codec[T], error){ForExchange[T], Of[T], ForExchange[T]} {
		c, err := ask()
		var b *ProcessBoundError
		if c != nil || !errors.As(err, &b) || b.Path != path || b.Type != reflect.TypeFor[T]() || !strings.Contains(err.Error(), want) || err != stateErr {
			t.Errorf("%s: %v, at %#v, want %s", reflect.TypeFor[T](), err, b, want)
		}
	}
}

func unsupported[T any](t *testing.T, want string) {
	t.Helper()
	c, err := Of[T]()
	var u *UnsupportedError
	switch {
	case err == nil:
		t.Errorf("%T is a codec for %s", c, reflect.TypeFor[T]())
	case !strings.Contains(err.Error(), want):
		t.Errorf("%s:\n got %s\nwant %s", reflect.TypeFor[T](), err, want)
	case !errors.As(err, &u) || u.Type != reflect.TypeFor[T]():
		t.Errorf("%s: %#v", reflect.TypeFor[T](), err)
	}
	if again, err2 := ForExchange[T](); again != nil || err2 != err {
		t.Errorf("%s: for an exchange: %v", reflect.TypeFor[T](), err2)
	}
}

// What looks like it is refused, and is kept.
func TestSupported(t *testing.T) {
	becomes(t, embedding{base{1}, "a"}, embedding{base{1}, "a"})
	becomes(t, inlined{base{1}, base{2}}, inlined{base{1}, base{2}})
	becomes(t, struct{ *Exported }{}, struct{ *Exported }{})
	becomes(t, struct{ *Exported }{&Exported{1}}, struct{ *Exported }{&Exported{1}})
	becomes(t, struct{ time.Time }{time.Unix(1, 2).UTC()}, struct{ time.Time }{time.Unix(1, 2).UTC()})
	becomes(t, struct{ netip.Addr }{netip.MustParseAddr("::1")}, struct{ netip.Addr }{netip.MustParseAddr("::1")})
	becomes(t, struct {
		M moment
		P *moment
	}{M: moment(time.Unix(1, 2).UTC())}, struct {
		M moment
		P *moment
	}{M: moment(time.Unix(1, 2).UTC())})
	becomes(t, padded{A: 1}, padded{A: 1})
	becomes(t, private{1, map[string]int{}}, private{1, nil})
	becomes(t, fixed{[16]byte{1, 15: 2}}, fixed{[16]byte{1, 15: 2}})
	becomes(t, pair[int64]{1, 2}, pair[int64]{1, 2})
	becomes(t, ofPairs{pair[int64]{1, 2}, pair[string]{"a", "b"}}, ofPairs{pair[int64]{1, 2}, pair[string]{"a", "b"}})
	becomes(t, struct{ X int64 }{1}, struct{ X int64 }{1})
	becomes(t, map[time.Time]bool{time.Unix(1, 2).UTC(): true}, map[time.Time]bool{time.Unix(1, 2).UTC(): true})
	becomes(t, [][][]map[string][]base{{{{"a": {{1}}}}}}, [][][]map[string][]base{{{{"a": {{1}}}}}})
	becomes(t, map[int64]base{1: {2}}, map[int64]base{1: {2}})
	becomes(t, map[base]int64{{1}: 2}, map[base]int64{{1}: 2})
	becomes(t, []map[int64][]base{{1: {{2}}}}, []map[int64][]base{{1: {{2}}}})
	becomes(t, map[string]struct{}{"a": {}}, map[string]struct{}{"a": {}})
	becomes(t, struct{ Set map[int]struct{} }{map[int]struct{}{1: {}, 2: {}}}, struct{ Set map[int]struct{} }{map[int]struct{}{1: {}, 2: {}}})
	becomes(t, struct{}{}, struct{}{})
}

// The ways out that the messages name.
func TestByHand(t *testing.T) {
	c := MapOf(of[int64](t), of[base](t))
	if got := decode(t, c, encode(t, c, map[int64]base{1: {2}})); got[1].ID != 2 {
		t.Errorf("%v", got)
	}
	keys := MapOf(of[base](t), of[int64](t))
	if got := decode(t, keys, encode(t, keys, map[base]int64{{1}: 2})); got[base{1}] != 2 {
		t.Errorf("%v", got)
	}
}
