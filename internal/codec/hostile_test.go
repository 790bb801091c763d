package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"reflect"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A victim is a codec that is given bytes that no codec wrote.
type victim struct {
	name   string
	decode func(t rapid.TB, src []byte)
}

// prey decodes src, which may fail, but if it does not, the value has an encoding.
func prey[T any](c Codec[T]) victim { return preyOf(c, c) }

// preyOf is prey for a codec that reads what another one than now has written.
func preyOf[T any](c, now Codec[T]) victim {
	return victim{reflect.TypeFor[T]().String(), func(t rapid.TB, src []byte) {
		t.Helper()
		v, n, err := c.Decode(src)
		if err != nil {
			if n != 0 || !reflect.ValueOf(&v).Elem().IsZero() {
				t.Fatalf("%T: an error, and %v of %d bytes: %v", c, v, n, err)
			}
			return
		}
		if n < 1 || n > len(src) {
			t.Fatalf("%T: %d bytes of %d", c, n, len(src))
		}
		again, err := c.Append(nil, v)
		if err != nil {
			t.Fatalf("%T: %x is %v, which has no encoding: %v", c, src[:n], v, err)
		}
		if _, _, err := now.Decode(again); err != nil {
			t.Fatalf("%T: %x is %v, which is %x: %v", c, src[:n], v, again, err)
		}
	}}
}

func victims(t testing.TB) []victim {
	own := Custom("own", 1,
		func(b []byte, v point) ([]byte, error) { return binary.Append(b, binary.BigEndian, v) },
		func(b []byte) (v point, err error) {
			if len(b) != 16 {
				return v, errors.New("a point takes 16 bytes")
			}
			_, err = binary.Decode(b, binary.BigEndian, &v)
			return v, err
		})
	old, err := Reading(of[Stats](t), wroteOldStats(t).was[0])
	if err != nil {
		t.Fatal(err)
	}
	return []victim{
		prey(of[bool](t)), prey(of[int8](t)), prey(of[int16](t)), prey(of[int32](t)), prey(of[int64](t)),
		prey(of[int](t)), prey(of[float32](t)), prey(of[float64](t)), prey(of[string](t)), prey(of[[]byte](t)),
		prey(of[time.Time](t)), prey(of[airport](t)), prey(of[route](t)), prey(of[tally](t)),
		prey(of[[]string](t)), prey(of[[][]int16](t)), prey(of[map[string]string](t)), prey(of[map[float64][]byte](t)),
		prey(of[stats](t)), prey(of[everything](t)), prey(of[[]everything](t)), prey(of[map[string][]everything](t)),
		prey(of[linked](t)), prey(of[[]*modern](t)), prey(of[map[uint64][3]bool](t)), prey(of[modern](t)),
		prey(of[chain](t)), prey(own), prey(ListOf(own)), prey(MapOf(own, own)), preyOf(old, of[Stats](t)), preyOf(ListOf(old), of[[]Stats](t)),
	}
}

// modern has fields of the kinds that everything has not.
type modern struct {
	At, Then *time.Time
	Now      time.Time
	Took     time.Duration
	Wide     uint64
	Small    uint8
	Pair     [2]string
	ByNumber map[int64]*modern
	Set      map[string]struct{}
	Addr     netip.Addr
}

func TestRandomBytes(t *testing.T) {
	for _, v := range victims(t) {
		t.Run(v.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { v.decode(t, rapid.SliceOf(rapid.Byte()).Draw(t, "src")) })
		})
	}
}

// Bytes that were right before one of them changed come further than random ones.
func TestChangedBytes(t *testing.T) {
	e := everything{Name: "x", Bytes: []byte("abc"), List: []string{"a", "b"}, Map: map[string]int64{"a": 1, "b": 2},
		Inner: inner{Points: []point{{1, 2}}}, Tree: []everything{{Name: "y"}}}
	list := of[[]everything](t)
	changed(t, list, []everything{e, e})
	changed(t, of[map[string][]everything](t), map[string][]everything{"a": {e}, "b": {}})
	changed(t, of[tally](t), tally{"MUC": 1, "FRA": 2})
	changed(t, of[[][]string](t), [][]string{{"日本", "b"}, {}})
	changed(t, of[map[string]int64](t), map[string]int64{"a": 1, "b": 2})
}

func changed[T any](t *testing.T, c Codec[T], v T) {
	b := encode(t, c, v)
	p := prey(c)
	for i := range b {
		for _, x := range []byte{0, 1, 2, 0x7F, 0x80, 0xFF, b[i] ^ 1, b[i] + 1} {
			src := bytes.Clone(b)
			src[i] = x
			p.decode(t, src)
		}
	}
}

// A number of things that cannot be there is not believed, and one that could be there
// costs no more than what is there.
func TestNumbersAreNotBelieved(t *testing.T) {
	huge := []string{
		"\x7f\xff\xff\xff",                         // of a 32-bit length
		"\xff\xff\xff\xff",                         // negative
		"\xff\xff\xff\xff\x07",                     // of a string
		"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",     // of a string, beyond 64 bits nearly
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", // of something in Avro
		"\xfe\xff\xff\xff\x0f",
		"\x01",
	}
	for _, v := range victims(t) {
		for _, number := range huge {
			for at := 0; at < 90; at += 3 {
				// At a place in zeros, with and without the length of a struct.
				src := bytes.Repeat([]byte{0}, 200)
				copy(src[at:], number)
				costs(t, v, src, 64*len(src))
				binary.BigEndian.PutUint32(src, uint32(len(src)-4))
				costs(t, v, src, 64*len(src))
			}
		}
	}

	// As many elements as there are bytes, each of them larger in memory, and the first
	// is bad already.
	src := binary.BigEndian.AppendUint32(nil, 1<<18)
	src = append(src, bytes.Repeat([]byte{0xFF}, 1<<19)...)
	for _, v := range []victim{
		prey(of[[]string](t)), prey(of[[][]string](t)), prey(of[[]everything](t)),
		prey(of[map[string]string](t)), prey(of[map[airport]string](t)), prey(of[map[string]everything](t)),
	} {
		costs(t, v, src, 2*len(src))
	}
}

// costs checks that decoding allocates no more than limit, and a little.
func costs(t *testing.T, v victim, src []byte, limit int) {
	t.Helper()
	const little = 64 << 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v.decode(t, src)
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; cost > uint64(limit+little) {
		t.Errorf("%s: %d bytes from %d: %.20x", v.name, cost, len(src), src)
	}
}

func FuzzDecode(f *testing.F) {
	all := victims(f)
	e := everything{Name: "日", Bytes: []byte("abc"), List: []string{"a"}, Map: map[string]int64{"a": 1, "b": 2}}
	seeds := map[string][]byte{}
	seed(f, seeds, "a日😀\xff")
	seed(f, seeds, route{"MUC", "FRA"})
	seed(f, seeds, tally{"MUC": 1, "FRA": 2})
	seed(f, seeds, []everything{e, {}})
	seed(f, seeds, e)
	seed(f, seeds, time.Unix(1, 2))
	seed(f, seeds, [][]int16{{1}, {}})
	seed(f, seeds, chain{[]chain{{}}})
	seed(f, seeds, linked{&linked{}})
	seed(f, seeds, modern{ByNumber: map[int64]*modern{1: {Wide: 1 << 63}, 2: nil}, Set: map[string]struct{}{"a": {}}})
	seeds[reflect.TypeFor[Stats]().String()] = wroteOldStats(f).data[0]
	for i, v := range all {
		if b, ok := seeds[v.name]; ok {
			f.Add(uint8(i), b)
		}
		f.Add(uint8(i), []byte("\x00\x00\x00\x02\x00\x00\x00\x01\x02"))
	}
	f.Fuzz(func(t *testing.T, which uint8, src []byte) {
		all[int(which)%len(all)].decode(t, src)
	})
}

func seed[T any](f *testing.F, seeds map[string][]byte, v T) {
	seeds[reflect.TypeFor[T]().String()] = encode(f, of[T](f), v)
}
