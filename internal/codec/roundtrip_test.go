package codec

import (
	"bytes"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// kind is a subtest that holds the codec of T to its contract for what gen generates.
func kind[T any](t *testing.T, gen *rapid.Generator[T], same func(was, is T) bool) {
	t.Run(reflect.TypeFor[T]().String(), func(t *testing.T) {
		c := of[T](t)
		rapid.Check(t, func(t *rapid.T) { holds(t, c, gen.Draw(t, "v"), same) })
	})
}

type (
	airport string
	meters  int64
	count   int
	ratio   float64
	flag    bool
	blob    []byte
	route   []airport
	tally   map[airport]meters
	moment  time.Time
)

func TestRoundTrip(t *testing.T) {
	kind(t, rapid.Bool(), equal)
	kind(t, rapid.Int8(), equal)
	kind(t, rapid.Int16(), equal)
	kind(t, rapid.Int32(), equal)
	kind(t, anyInt64(), equal)
	kind(t, rapid.Map(anyInt64(), func(v int64) int { return int(v) }), equal)
	kind(t, anyFloat32(), bits32)
	kind(t, anyFloat64(), bits64)
	kind(t, anyString(), equal)
	kind(t, rapid.SliceOf(rapid.Byte()), bytes.Equal)
	kind(t, anyTime(), instant)

	kind(t, rapid.SliceOf(anyString()), slices.Equal)
	kind(t, rapid.SliceOf(anyInt64()), slices.Equal)
	kind(t, rapid.SliceOf(anyFloat64()), func(a, b []float64) bool { return slices.EqualFunc(a, b, bits64) })
	kind(t, rapid.MapOf(anyString(), anyString()), maps.Equal)
	kind(t, rapid.MapOf(anyString(), anyInt64()), maps.Equal)
	kind(t, rapid.MapOf(anyString(), anyFloat64()), func(a, b map[string]float64) bool { return maps.EqualFunc(a, b, bits64) })
}

// Types for which Of has to put its codec together by reflection.
func TestRoundTripOfErased(t *testing.T) {
	kind(t, rapid.SliceOf(rapid.SliceOf(anyString())), func(a, b [][]string) bool { return slices.EqualFunc(a, b, slices.Equal) })
	kind(t, rapid.SliceOf(rapid.SliceOf(rapid.Byte())), func(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) })
	kind(t, rapid.SliceOf(rapid.Bool()), slices.Equal)
	kind(t, rapid.SliceOf(rapid.Int8()), slices.Equal)
	kind(t, rapid.SliceOf(rapid.Int16()), slices.Equal)
	kind(t, rapid.SliceOf(rapid.Int32()), slices.Equal)
	kind(t, rapid.SliceOf(rapid.Int()), slices.Equal)
	kind(t, rapid.SliceOf(anyFloat32()), func(a, b []float32) bool { return slices.EqualFunc(a, b, bits32) })
	kind(t, rapid.SliceOf(anyTime()), func(a, b []time.Time) bool { return slices.EqualFunc(a, b, instant) })
	kind(t, rapid.MapOf(rapid.Int64(), rapid.SliceOf(anyString())),
		func(a, b map[int64][]string) bool { return maps.EqualFunc(a, b, slices.Equal) })
	kind(t, rapid.MapOf(rapid.Bool(), rapid.MapOf(rapid.Int32(), anyFloat64())),
		func(a, b map[bool]map[int32]float64) bool {
			return maps.EqualFunc(a, b, func(a, b map[int32]float64) bool { return maps.EqualFunc(a, b, bits64) })
		})
	kind(t, rapid.SliceOf(rapid.MapOf(anyString(), rapid.Int16())),
		func(a, b []map[string]int16) bool { return slices.EqualFunc(a, b, maps.Equal) })
}

// growing is read into what is there already.
type growing struct{ s string }

func (v growing) MarshalText() ([]byte, error)     { return []byte(v.s), nil }
func (v *growing) UnmarshalText(text []byte) error { v.s += string(text); return nil }

// Nothing of one entry of a map, or element of a list, becomes a part of another one.
func TestEntriesDoNotMix(t *testing.T) {
	type optional struct {
		P *int64
		Q *int64
	}
	n := int64(7)
	m := map[int64]optional{1: {P: &n}, 2: {}, 3: {Q: &n}, 4: {}}
	l := []optional{{P: &n}, {}, {Q: &n}, {}}
	same := func(what any, got, want optional) {
		if (got.P == nil) != (want.P == nil) || (got.Q == nil) != (want.Q == nil) {
			t.Errorf("%v became %+v, and was %+v", what, got, want)
		}
	}
	gotMap, gotList := decode(t, of[map[int64]optional](t), encode(t, of[map[int64]optional](t), m)), decode(t, of[[]optional](t), encode(t, of[[]optional](t), l))
	for k := range m {
		same(k, gotMap[k], m[k])
	}
	for i := range l {
		same(i, gotList[i], l[i])
	}
	keys := map[growing]int64{{"a"}: 1, {"b"}: 2, {"cd"}: 3}
	if got := decode(t, of[map[growing]int64](t), encode(t, of[map[growing]int64](t), keys)); !maps.Equal(got, keys) {
		t.Errorf("%v became %v", keys, got)
	}
}

// After an error what was there is there, and nothing more.
func TestErrorsAppendNothing(t *testing.T) {
	far := time.Unix(1<<62, 0)
	fails(t, []time.Time{time.Unix(1, 0), far})
	fails(t, [][]time.Time{{time.Unix(1, 0)}, {far}})
	fails(t, map[string]time.Time{"a": far})
	fails(t, map[int64][]time.Time{1: {far}})
	fails(t, struct{ A, B time.Time }{B: far})
	fails(t, []struct{ A, B time.Time }{{}, {B: far}})
	fails(t, map[int64]struct{ A, B time.Time }{1: {B: far}})
}

func fails[T any](t *testing.T, v T) {
	t.Helper()
	if b, err := of[T](t).Append(append(make([]byte, 0, 100), "x"...), v); err == nil || string(b) != "x" {
		t.Errorf("%T: %q, %v", v, b, err)
	}
}

// Types declared as one of Go's own.
func TestRoundTripOfNamed(t *testing.T) {
	named := rapid.Map(anyString(), func(s string) airport { return airport(s) })
	number := rapid.Map(anyInt64(), func(v int64) meters { return meters(v) })
	kind(t, named, equal)
	kind(t, number, equal)
	kind(t, rapid.Map(anyInt64(), func(v int64) count { return count(v) }), equal)
	kind(t, rapid.Map(anyFloat64(), func(v float64) ratio { return ratio(v) }), func(a, b ratio) bool { return bits64(float64(a), float64(b)) })
	kind(t, rapid.Map(rapid.Bool(), func(v bool) flag { return flag(v) }), equal)
	kind(t, rapid.Map(rapid.SliceOf(rapid.Byte()), func(v []byte) blob { return blob(v) }), func(a, b blob) bool { return bytes.Equal(a, b) })
	kind(t, rapid.Map(rapid.SliceOf(named), func(v []airport) route { return route(v) }), func(a, b route) bool { return slices.Equal(a, b) })
	kind(t, rapid.SliceOf(named), slices.Equal)
	kind(t, rapid.SliceOf(number), slices.Equal)
	kind(t, rapid.SliceOf(rapid.SliceOf(named)), func(a, b [][]airport) bool { return slices.EqualFunc(a, b, slices.Equal) })
	kind(t, rapid.Map(rapid.MapOf(named, number), func(v map[airport]meters) tally { return v }), func(a, b tally) bool { return maps.Equal(a, b) })
	kind(t, rapid.MapOf(named, anyString()), maps.Equal)
	kind(t, rapid.Map(anyTime(), func(v time.Time) moment { return moment(v) }), func(a, b moment) bool { return instant(time.Time(a), time.Time(b)) })
	kind(t, rapid.Map(rapid.Int64(), func(v int64) time.Duration { return time.Duration(v) }), equal)
}

// A garbage collection while values are looked at as another type must not hurt.
func TestNamedUnderGarbageCollection(t *testing.T) {
	c := of[route](t)
	want := route{airport(strings.Repeat("x", 100)), "MUC"}
	b := encode(t, c, want)
	var kept []route
	for i := range 2000 {
		kept = append(kept, decode(t, c, b))
		if i%500 == 0 {
			collect()
		}
	}
	for _, got := range kept {
		if !slices.Equal(got, want) {
			t.Fatalf("%q is %q now", want, got)
		}
	}
}

// Flink has no nil: it comes back as what is empty.
func TestNilBecomesEmpty(t *testing.T) {
	becomes(t, []byte(nil), []byte{})
	becomes(t, blob(nil), blob{})
	becomes(t, []string(nil), []string{})
	becomes(t, route(nil), route{})
	becomes(t, [][]int16(nil), [][]int16{})
	becomes(t, [][]int16{nil}, [][]int16{{}})
	becomes(t, map[string]int64(nil), map[string]int64{})
	becomes(t, tally(nil), tally{})
	becomes(t, map[string][]byte{"a": nil}, map[string][]byte{"a": {}})
	becomes(t, everything{}, everything{Bytes: []byte{}, List: []string{}, Map: map[string]int64{},
		Inner: inner{Points: []point{}}, Tree: []everything{}, Moment: time.Time{}.UTC()})
}

func becomes[T any](t *testing.T, v, want T) {
	t.Helper()
	c := of[T](t)
	if got := decode(t, c, encode(t, c, v)); !reflect.DeepEqual(got, want) {
		t.Errorf("%#v became %#v, want %#v", v, got, want)
	}
}

// Equal maps have equal bytes, in whatever order Go visits them.
func TestMapsAreInOrder(t *testing.T) {
	inOrder(t, map[string]int64{}, func(m map[string]int64, k string) { m[k] = 1 })
	inOrder(t, tally{}, func(m tally, k string) { m[airport(k)] = 1 })
	inOrder(t, map[string]map[string]string{}, func(m map[string]map[string]string, k string) {
		m[k] = map[string]string{k: "x", "": k, "y" + k: ""}
	})
	inOrder(t, map[int64][]string{}, func(m map[int64][]string, k string) { m[int64(len(k))<<8|int64(k[0])] = []string{k} })
	inOrder(t, map[string]everything{}, func(m map[string]everything, k string) {
		m[k] = everything{Map: map[string]int64{k: 1, "": 2, k + "y": 3}, Name: k}
	})
}

func inOrder[M any](t *testing.T, m M, put func(M, string)) {
	t.Helper()
	for i := range 40 {
		put(m, strings.Repeat(string(rune('a'+i%7)), 1+i/7))
	}
	c := of[M](t)
	want := encode(t, c, m)
	for range 50 {
		if b := encode(t, c, m); !bytes.Equal(b, want) {
			t.Fatalf("%T has other bytes each time", m)
		}
	}
	if got := decode(t, c, want); !reflect.DeepEqual(got, m) && !bytes.Equal(encode(t, c, got), want) {
		t.Errorf("%v is %v after sorting", m, got)
	}
}

// What could be written and not be read again is refused when it is written.
func TestKeysThatBecomeOne(t *testing.T) {
	zone := time.FixedZone("", 3600)
	now := time.Unix(1700000000, 0)
	c := of[map[time.Time]string](t)
	if b, err := c.Append([]byte("x"), map[time.Time]string{now.UTC(): "", now.In(zone): ""}); err != errSameKey || string(b) != "x" {
		t.Errorf("one instant in two zones: %x, %v", b, err)
	}
	nan := of[map[float64]string](t)
	if _, err := nan.Append(nil, map[float64]string{math.NaN(): "", math.NaN(): "x"}); err != errSameKey {
		t.Errorf("two NaNs: %v", err)
	}
	if m := decode(t, nan, encode(t, nan, map[float64]string{math.NaN(): "x"})); len(m) != 1 {
		t.Errorf("a NaN: %v", m)
	}

	// Java has a map with both, and a Go map would lose one.
	both := []byte{0, 0, 0, 2,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	if m, _, err := nan.Decode(both); err == nil || err.Error() != "at byte 14: a key comes twice in a map" {
		t.Errorf("0 and -0 are %v: %v", m, err)
	}
	twice := []byte{0, 0, 0, 2, 2, 'a', 0, 1, 2, 'a', 0, 1}
	if m, _, err := of[map[string]string](t).Decode(twice); err == nil || err.Error() != "at byte 8: a key comes twice in a map" {
		t.Errorf("a key twice is %v: %v", m, err)
	}
}

// The same for the map codecs that need no reflection.
func TestKeysThatBecomeOneByHand(t *testing.T) {
	c := MapOf(of[time.Time](t), of[string](t))
	now := time.Unix(1700000000, 0)
	two := map[time.Time]string{now.UTC(): "", now.In(time.FixedZone("", 3600)): "x"}
	if b, err := c.Append([]byte("x"), two); err != errSameKey || string(b) != "x" {
		t.Errorf("one instant in two zones: %x, %v", b, err)
	}
}

// The byte in an error is counted from the beginning of all, however deep it is.
func TestErrorsSayWhere(t *testing.T) {
	const null = "a null, for which a Go string has no value"
	where(t, of[[]string](t), "\x00\x00\x00\x02\x02a\x00", "at byte 6: "+null)
	where(t, of[[][]string](t), "\x00\x00\x00\x01\x00\x00\x00\x02\x02a\x00", "at byte 10: "+null)
	where(t, of[map[string]string](t), "\x00\x00\x00\x01\x02a\x00\x00", "at byte 7: "+null)
	where(t, of[map[string]string](t), "\x00\x00\x00\x01\x00\x00\x00\x00", "at byte 4: "+null)
	where(t, of[map[string]string](t), "\x00\x00\x00\x01\x02a\x01\x00", "at byte 6: a null, for which a Go map value has no value")
	where(t, of[map[airport]string](t), "\x00\x00\x00\x01\x02a\x00\x00", "at byte 7: "+null)
	where(t, of[map[airport]string](t), "\x00\x00\x00\x01\x00\x00\x00\x00", "at byte 4: "+null)
	where(t, of[map[airport]string](t), "\x00\x00\x00\x01\x02a\x01\x00", "at byte 6: a null, for which a Go map value has no value")
}

func where[T any](t *testing.T, c Codec[T], src, want string) {
	t.Helper()
	if v, n, err := c.Decode([]byte(src)); err == nil || err.Error() != want {
		t.Errorf("%T: %x is %v of %d bytes: %v, want %s", v, src, v, n, err, want)
	}
}

func TestInstantOutOfRange(t *testing.T) {
	c := of[time.Time](t)
	for _, v := range []time.Time{time.Unix(instantMin-1, 0), time.Unix(instantMax+1, 0), time.Unix(1<<62, 0)} {
		if b, err := c.Append([]byte("x"), v); err == nil || string(b) != "x" {
			t.Errorf("%d seconds: %x, %v", v.Unix(), b, err)
		}
	}
	for _, b := range []string{
		"\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"\x00\x00\x00\x00\x00\x00\x00\x00\x3b\x9a\xca\x00", // a whole second of nanoseconds
		"\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff",
	} {
		if v, _, err := c.Decode([]byte(b)); err == nil {
			t.Errorf("%x is %v", b, v)
		}
	}
	v := time.Now()
	if got := decode(t, c, encode(t, c, v)); got != v.Round(0).UTC() {
		t.Errorf("%v became %v", v, got)
	}
}
