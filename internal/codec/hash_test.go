package codec

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

type (
	hop struct {
		From airport
		N    int32
		Far  bool
	}
	leaving struct {
		A int64
		B int64 `avro:"-"`
	}
	leavingDeep struct{ In leaving }
	atTime      struct {
		At time.Time `avro:",timestamp-micros"`
	}
	// text is a key that the program writes by itself.
	text struct{ s string }
)

func textCodec() Codec[text] {
	return Custom("text", 1,
		func(b []byte, v text) ([]byte, error) {
			if v.s == "bad" {
				return nil, errSameKey
			}
			return append(b, v.s...), nil
		},
		func(b []byte) (text, error) { return text{string(b)}, nil })
}

// The hash codes and, of a max parallelism of 128, the key groups that Flink's
// KeyGroupRangeAssignment comes to.
func TestHashVectors(t *testing.T) {
	hashes(t, "a", 97, 81)
	hashes(t, "Hello", 69609650, 12)
	hashes(t, "", 0, 94)
	hashes(t, "日本", 835047, 95)
	hashes(t, int64(1), 1, 86)
	hashes(t, int64(-1), 0, 94)
	hashes(t, int64(1<<31), math.MinInt32, 108)
	hashes(t, int64(123456789012), -1097262584, 123)
	hashes(t, int32(-1), -1, 80)
	hashes(t, 1.0, 1072693248, 71)
	hashes(t, 2.5, 1074003968, 16)
	hashes(t, true, 1231, 77)
	hashes(t, false, 1237, 3)

	hashes(t, airport("Hello"), 69609650, 12)
	hashes(t, airport("日本"), 835047, 95)
	hashes(t, meters(123456789012), -1097262584, 123)
	hashes(t, 123456789012, -1097262584, 123)
	hashes(t, count(-1), 0, 94)
	hashes(t, ratio(2.5), 1074003968, 16)
	hashes(t, flag(true), 1231, 77)
	hashes(t, time.Duration(1<<31), math.MinInt32, 108)

	// By Java itself (testdata/FlinkVectors.java).
	javaHashes(t, "😀x", 54959989)
	javaHashes(t, "a\xff", 59582)
	javaHashes(t, int16(-2), -2)
	javaHashes(t, int8(-2), -2)
	javaHashes(t, float32(1.5), 1069547520)
	javaHashes(t, float32(math.Copysign(0, -1)), math.MinInt32)
	javaHashes(t, math.Copysign(0, -1), math.MinInt32)
	javaHashes(t, math.NaN(), 2146959360)
	javaHashes(t, int32(-7), -7)
	javaHashes(t, int64(math.MinInt64), math.MinInt32)
}

func hashes[K comparable](t *testing.T, k K, want int32, group checkpoint.KeyGroup) {
	t.Helper()
	h := javaHashes(t, k, want)
	if g := flink.KeyGroupOf(h, 128); g != group {
		t.Errorf("%T %v is in key group %d, want %d", k, k, g, group)
	}
}

func javaHashes[K comparable](t *testing.T, k K, want int32) int32 {
	t.Helper()
	hash, err := HashOf(of[K](t))
	if err != nil {
		t.Fatal(err)
	}
	if h := hash(k); h != want {
		t.Errorf("%T %v hashes to %d, want %d", k, k, h, want)
	}
	return hash(k)
}

// What Flink has no type for: Arrays.hashCode over the bytes.
func TestHashOfEncoded(t *testing.T) {
	hash, err := HashOf(textCodec())
	if err != nil {
		t.Fatal(err)
	}
	// Java says 29640960 for the bytes 1, -1, 127, -128, 0; here a length is in front.
	arrays := func(b ...int8) (h int32) {
		h = 1
		for _, x := range b {
			h = 31*h + int32(x)
		}
		return h
	}
	if h := arrays(1, -1, 127, -128, 0); h != 29640960 {
		t.Fatalf("the rule says %d", h)
	}
	if h, want := hash(text{"\x01\xff\x7f\x80\x00"}), arrays(0, 0, 0, 5, 1, -1, 127, -128, 0); h != want {
		t.Errorf("%d, want %d", h, want)
	}

	hops, err := HashOf(of[hop](t))
	if err != nil {
		t.Fatal(err)
	}
	// MUC, then -3 in Avro's zigzag, then true: for good, as key groups depend on it.
	if h, want := hops(hop{"MUC", -3, true}), arrays(0, 0, 0, 6, 6, 'M', 'U', 'C', 5, 1); h != want {
		t.Errorf("%d, want %d", h, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		k := hop{airport(anyString().Draw(t, "from")), rapid.Int32().Draw(t, "n"), rapid.Bool().Draw(t, "far")}
		if a, b := hops(k), hops(k); a != b {
			t.Fatalf("%v hashes to %d and to %d", k, a, b)
		}
	})
}

func TestHashPanics(t *testing.T) {
	hash, err := HashOf(textCodec())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err, _ := recover().(error); err == nil || !strings.HasPrefix(err.Error(), "hash key {bad}: text version 1: ") {
			t.Errorf("panic %v", err)
		}
	}()
	hash(text{"bad"})
}

func TestNoKeys(t *testing.T) {
	noKey(t, of[time.Time](t), "time.Time cannot be a key: it loses its location in a checkpoint, and is not equal to itself then: use t.UnixNano()")
	noKey(t, of[moment](t), "codec.moment cannot be a key: it loses its location in a checkpoint, and is not equal to itself then: use t.UnixNano()")
	noKey(t, of[atTime](t), "codec.atTime cannot be a key: atTime.At, of type time.Time, loses its location in a checkpoint, "+
		"and is not equal to itself then: use int64")
	noKey(t, of[leaving](t), "codec.leaving cannot be a key: leaving.B, of type int64, is left out of a checkpoint, "+
		"and keys that differ in it would be one: leave it out of the key")
	noKey(t, of[leavingDeep](t), "codec.leavingDeep cannot be a key: leavingDeep.In.B, of type int64, is left out of a checkpoint, "+
		"and keys that differ in it would be one: leave it out of the key")
	noKey(t, of[*hop](t), "*codec.hop cannot be a key: it points to another place after a restore, and is not equal to itself then: use what it points to")
	noKey(t, of[pointed](t), "codec.pointed cannot be a key: pointed.In[].P, of type *int64, points to another place after a restore, "+
		"and is not equal to itself then: use what it points to")
	noKey(t, of[noted](t), "codec.noted cannot be a key: it has pointers in hidden fields, and may not be equal to itself after a restore: use its text")
	noKey(t, asLength{}, "string cannot be a key: it is written as Integer, for which there is no hash code")
	noKey(t, asString{}, "codec.text cannot be a key: it is written as String, for which there is no hash code")
}

type (
	pointed struct{ In [2]struct{ P *int64 } }
	// noted knows itself how it is written, and has a pointer that no one else knows of.
	noted struct {
		text string
		note *string
	}
)

func (n noted) MarshalText() ([]byte, error)     { return []byte(n.text), nil }
func (n *noted) UnmarshalText(text []byte) error { n.text = string(text); return nil }

// Keys for which Flink has no type, and which are themselves after a restore.
func TestKeysOfAvro(t *testing.T) {
	_ = noted{}.note // for staticcheck
	isKey(t, uint64(math.MaxUint64))
	isKey(t, uint8(255))
	isKey(t, [16]byte{1, 15: 2})
	isKey(t, [2]string{"a", "b"})
	isKey(t, netip.MustParseAddr("fe80::1%eth0"))
	isKey(t, netip.MustParseAddrPort("192.0.2.1:80"))
	isKey(t, netip.MustParsePrefix("192.0.2.0/24"))
	isKey(t, struct {
		IP netip.Addr
		N  uint16
	}{netip.MustParseAddr("::ffff:192.0.2.1"), 1})
	isKey(t, struct{}{})
	isKey(t, struct {
		A int64
		_ *int64 // is not compared
	}{A: 1})
}

func isKey[K comparable](t *testing.T, k K) {
	t.Helper()
	c := of[K](t)
	hash, err := HashOf(c)
	if err != nil {
		t.Error(err)
		return
	}
	b := encode(t, c, k)
	if got := decode(t, c, b); got != k || hash(got) != flink.JavaBytesHash(b) {
		t.Errorf("%v became %v, of code %d", k, got, hash(got))
	}
}

// A key is found again by a job whose key differs in names of types at most.
func TestSameKey(t *testing.T) {
	type Hop struct {
		From airport
		N    int32
		Far  bool
	}
	sameKey[hop, Hop](t, "")
	sameKey[hop, struct {
		From string
		N    int32
		Far  flag
	}](t, "")
	sameKey[airport, string](t, "")
	sameKey[int64, int](t, "")
	const hint = ": a key is found by its bytes, and in another form it is another key; keep the type of the key as it was " +
		"(only its name and its package may change), or give the operator another name, and its state begins anew"
	sameKey[int64, int32](t, "the key was int64 and is int32 now"+hint)
	sameKey[hop, string](t, "the key was codec.hop and is string now"+hint)
	sameKey[struct{ A int64 }, struct {
		A int64
		B string
	}](t, "struct.B is new"+hint)
	sameKey[struct {
		A int64
		B string
	}, struct{ A int64 }](t, "struct.B is gone"+hint)
	sameKey[struct{ A int32 }, struct{ A int64 }](t, "struct.A was int32 and is int64 now"+hint)
	sameKey[struct{ A int32 }, struct {
		B int32 `avro:",alias=A"`
	}](t, "struct.A is gone"+hint)
	if err := SameKey(textCodec(), flink.Custom{Name: "text", Version: 1}); err != nil {
		t.Error(err)
	}
	if err := SameKey(textCodec(), flink.Custom{Name: "text", Version: 2}); err == nil ||
		err.Error() != "the key was written by version 2 of CustomCodec \"text\" and is codec.text now"+hint {
		t.Error(err)
	}
}

func sameKey[Was, Now comparable](t *testing.T, want string) {
	t.Helper()
	err := SameKey(of[Now](t), of[Was](t).Serializer())
	if err == nil && want != "" || err != nil && err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	// Keys of maps are the same keys.
	_, err = Reading(of[map[Now]bool](t), of[map[Was]bool](t).Serializer())
	if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), "keys of a map are not converted, as two of them could become one") {
		t.Errorf("in a map: %v", err)
	}
	_, err = Reading(of[struct{ M map[Now]bool }](t), of[struct{ M map[Was]bool }](t).Serializer())
	if (err != nil) != (want != "") {
		t.Errorf("in a map in a struct: %v", err)
	}
}

func noKey[K comparable](t *testing.T, c Codec[K], want string) {
	t.Helper()
	if _, err := HashOf(c); err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// asString writes a struct of the program's as Flink's String.
type asString struct{}

func (asString) Append(dst []byte, v text) ([]byte, error) { return flink.AppendString(dst, v.s), nil }
func (asString) Decode(src []byte) (text, int, error) {
	s, n, err := stringCodec{}.Decode(src)
	return text{s}, n, err
}
func (asString) Serializer() flink.Serializer { return flink.String }

// asLength writes a string as something else that Flink has.
type asLength struct{}

func (asLength) Append(dst []byte, v string) ([]byte, error) {
	return flink.AppendI32(dst, int32(len(v))), nil
}

func (asLength) Decode(src []byte) (string, int, error) {
	n, size, err := int32Codec{}.Decode(src)
	return strings.Repeat("x", int(n)), size, err
}
func (asLength) Serializer() flink.Serializer { return flink.Int }
