package codec

import (
	"errors"
	"reflect"
	"testing"
	"time"
	"unsafe"
)

type (
	line      struct{ Price uint64 }
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
	ofPairs     struct{ P pair[int64] }
	clock       struct{ At time.Time }
	clocks      struct {
		At []time.Time `avro:",timestamp-micros"`
	}
	taking  struct{ Took time.Duration }
	lost    struct{ T moment }
	keyed   struct{ M map[int64]string }
	nothing struct{}
	left    struct {
		A int64 `avro:"-"`
	}
	holding  struct{ In []nothing }
	fixed    struct{ A [16]byte }
	fixed0   struct{ A [0]byte }
	fixedInt struct{ A [2]int64 }
	linked   struct{ Next *linked }
	nest     []nest
	table    map[string]table
	tangled  struct{ N nest }
	padded   struct {
		_ int64
		A int64
	}
	private struct {
		A     int64
		cache map[string]int `avro:"-"`
	}
)

func TestUnsupported(t *testing.T) {
	const own = ", or give a codec of your own"
	unsupported[uint64](t, "no codec for uint64: Flink has no unsigned integers: use int64"+own)
	unsupported[uint8](t, "no codec for uint8: Flink has no unsigned integers: use int64"+own)
	unsupported[uintptr](t, "no codec for uintptr: Flink has no unsigned integers: use int64"+own)
	unsupported[complex64](t, "no codec for complex64: Flink has no complex numbers: use a struct of two float64"+own)
	unsupported[*string](t, "no codec for *string: state is values, not pointers: use string, or a slice where there may be none"+own)
	unsupported[any](t, "no codec for interface {}: what is in an interface is not known beforehand: use a concrete type"+own)
	unsupported[error](t, "no codec for error: what is in an interface is not known beforehand: use a concrete type"+own)
	unsupported[chan int](t, "no codec for chan int: values of kind chan are no data, and cannot be kept: use a type that is"+own)
	unsupported[func()](t, "no codec for func(): values of kind func are no data, and cannot be kept: use a type that is"+own)
	unsupported[unsafe.Pointer](t, "no codec for unsafe.Pointer: values of kind unsafe.Pointer are no data, and cannot be kept: use a type that is"+own)
	unsupported[[4]byte](t, "no codec for [4]uint8: Flink has no arrays of a fixed length: use a slice"+own)

	unsupported[order](t, "no codec for codec.order: at .Lines[value][].Price, of type uint64: Flink has no unsigned integers: use int64"+own)
	unsupported[[]order](t, "no codec for []codec.order: at [].Lines[value][].Price, of type uint64: Flink has no unsigned integers: use int64"+own)
	unsupported[map[int64][]chan int](t, "no codec for map[int64][]chan int: at [value][], of type chan int: "+
		"values of kind chan are no data, and cannot be kept: use a type that is"+own)
	unsupported[map[uint16]int](t, "no codec for map[uint16]int: at [key], of type uint16: Flink has no unsigned integers: use int64"+own)
	unsupported[linked](t, "no codec for codec.linked: at .Next, of type *codec.linked: "+
		"state is values, not pointers: use codec.linked, or a slice where there may be none"+own)

	_, _ = hidden{}.b, burying{}.inner // for staticcheck
	unsupported[hidden](t, "no codec for codec.hidden: at .b, of type int64: an unexported field would be gone after a restore: "+
		"export it, tag it `avro:\"-\"` if it may be lost"+own)
	unsupported[burying](t, "no codec for codec.burying: at .inner, of type codec.base: an unexported field would be gone after a restore: "+
		"export it, tag it `avro:\"-\"` if it may be lost"+own)
	unsupported[tagged](t, "no codec for codec.tagged: at .base, of type codec.base: an unexported field would be gone after a restore: "+
		"export it, tag it `avro:\"-\"` if it may be lost"+own)
	unsupported[shadowing](t, "no codec for codec.shadowing: at .ID, of type int64: the field base.ID has the same name in Avro, \"ID\", "+
		"and one of them would be gone after a restore: name one by a tag, `avro:\"name\"`"+own)
	unsupported[twice](t, "no codec for codec.twice: at .B, of type int64: the field A has the same name in Avro, \"x\", "+
		"and one of them would be gone after a restore: name one by a tag, `avro:\"name\"`"+own)

	unsupported[clock](t, "no codec for codec.clock: at .At, of type time.Time: Avro cuts it to milliseconds: tag the field "+
		"`avro:\",timestamp-micros\"` (or -millis, or -nanos, for 1678 to 2262), in a slice or map use structs with such a field"+own)
	unsupported[clocks](t, "no codec for codec.clocks: at .At[], of type time.Time: Avro cuts it to milliseconds: tag the field "+
		"`avro:\",timestamp-micros\"` (or -millis, or -nanos, for 1678 to 2262), in a slice or map use structs with such a field"+own)
	unsupported[taking](t, "no codec for codec.taking: at .Took, of type time.Duration: Avro cuts it to milliseconds, and it may have "+
		"24 days at most: use int64, or tag the field `avro:\",time-micros\"` if that will do")
	unsupported[lost](t, "no codec for codec.lost: at .T.wall, of type uint64: an unexported field would be gone after a restore: "+
		"export it, tag it `avro:\"-\"` if it may be lost"+own)

	unsupported[struct{ X int64 }](t, "no codec for struct { X int64 }: a struct needs a named type, as Avro's schema has the name: declare one"+own)
	unsupported[pair[int64]](t, "no codec for codec.pair[int64]: Avro has no names like pair[int64]: "+
		"declare a type as it, such as type X codec.pair[int64]"+own)
	unsupported[ofPairs](t, "no codec for codec.ofPairs: at .P, of type codec.pair[int64]: Avro has no names like pair[int64]: "+
		"declare a type as it, such as type X codec.pair[int64]"+own)
	unsupported[map[string]struct{}](t, "no codec for map[string]struct {}: at [value], of type struct {}: "+
		"a struct without fields has nothing to keep: for a set use a map to bool"+own)
	unsupported[left](t, "no codec for codec.left: a struct without fields has nothing to keep: for a set use a map to bool"+own)
	unsupported[holding](t, "no codec for codec.holding: at .In[], of type codec.nothing: "+
		"a struct without fields has nothing to keep: for a set use a map to bool"+own)
	unsupported[fixed0](t, "no codec for codec.fixed0: at .A, of type [0]uint8: Flink has no arrays of a fixed length: use a slice"+own)
	unsupported[fixedInt](t, "no codec for codec.fixedInt: at .A, of type [2]int64: Flink has no arrays of a fixed length: use a slice"+own)

	unsupported[keyed](t, "no codec for codec.keyed: at .M, of type map[int64]string: Avro's maps have strings for keys: "+
		"use those, or a slice of structs"+own)
	unsupported[map[int64]base](t, "no codec for map[int64]codec.base: a map with a struct in it needs strings for keys: "+
		"use those, or make its codec with MapOf")
	unsupported[[]map[int64][]base](t, "no codec for []map[int64][]codec.base: at [], of type map[int64][]codec.base: "+
		"a map with a struct in it needs strings for keys: use those, or make its codec with MapOf")
	unsupported[map[base]int64](t, "no codec for map[codec.base]int64: a map with a struct in it needs strings for keys: "+
		"use those, or make its codec with MapOf")
	const itself = "it contains itself, which only structs can: use a struct with a field of it" + own
	unsupported[nest](t, "no codec for codec.nest: at [], of type codec.nest: "+itself)
	unsupported[table](t, "no codec for codec.table: at [value], of type codec.table: "+itself)
	unsupported[tangled](t, "no codec for codec.tangled: at .N[], of type codec.nest: "+itself)
}

func unsupported[T any](t *testing.T, want string) {
	t.Helper()
	c, err := Of[T]()
	var u *UnsupportedError
	switch {
	case err == nil:
		t.Errorf("%T is a codec for %s", c, reflect.TypeFor[T]())
	case err.Error() != want:
		t.Errorf("%s:\n got %s\nwant %s", reflect.TypeFor[T](), err, want)
	case !errors.As(err, &u) || u.Type != reflect.TypeFor[T]():
		t.Errorf("%s: %#v", reflect.TypeFor[T](), err)
	}
}

// What looks like it is refused, and is kept.
func TestSupported(t *testing.T) {
	becomes(t, embedding{base{1}, "a"}, embedding{base{1}, "a"})
	becomes(t, inlined{base{1}, base{2}}, inlined{base{1}, base{2}})
	becomes(t, padded{A: 1}, padded{A: 1})
	becomes(t, private{1, map[string]int{}}, private{1, nil})
	becomes(t, fixed{[16]byte{1, 15: 2}}, fixed{[16]byte{1, 15: 2}})
	type X pair[int64]
	becomes(t, X{1, 2}, X{1, 2})
	becomes(t, map[time.Time]bool{time.Unix(1, 2).UTC(): true}, map[time.Time]bool{time.Unix(1, 2).UTC(): true})
	becomes(t, [][][]map[string][]base{{{{"a": {{1}}}}}}, [][][]map[string][]base{{{{"a": {{1}}}}}})
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
