package codec

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec/avrogo"
)

// Stats is a struct as it is now. What it was stands in functions of its own: types that
// are declared there can have the same name.
type Stats struct {
	Fresh string  `avro:",default=new"`
	List  []int64 `avro:",default=[]"`
	Count int64
	Mean  float64
	Title string `avro:",alias=Name"`
	Cache int    `avro:"-"`
}

// wroteOldStats is what a program wrote when Stats was something else: fewer fields, of
// them some narrower, one under another name, one that is gone, in another order.
func wroteOldStats(t testing.TB) written {
	type Stats struct {
		Name  string
		Gone  map[string][]string
		Mean  float32
		Count int32
	}
	v := Stats{"MUC", map[string][]string{"a": {"b"}}, 0.5, -3}
	return wrote(t, v, []Stats{v, {Name: "FRA"}}, map[string]Stats{"x": v}, map[string][]Stats{"x": {v}, "y": {}})
}

// A written is values and the serializer that a checkpoint says they are written with:
// of a T, and of what it is in.
type written struct {
	was  [4]flink.Serializer
	data [4][]byte
}

func wrote[T any](t testing.TB, one T, list []T, table map[string]T, lists map[string][]T) (w written) {
	t.Helper()
	w.was[0], w.data[0] = checkpointed(t, of[T](t), one)
	w.was[1], w.data[1] = checkpointed(t, of[[]T](t), list)
	w.was[2], w.data[2] = checkpointed(t, of[map[string]T](t), table)
	w.was[3], w.data[3] = checkpointed(t, of[map[string][]T](t), lists)
	return w
}

// checkpointed is v and the serializer, which has been through a checkpoint.
func checkpointed[T any](t testing.TB, c Codec[T], v T) (flink.Serializer, []byte) {
	t.Helper()
	snapshot, err := flink.AppendSnapshotV(nil, c.Serializer())
	if err != nil {
		t.Fatal(err)
	}
	cursor := flink.NewCursor(snapshot)
	was := flink.DecodeSnapshotV(cursor)
	if cursor.Err() != nil {
		t.Fatal(cursor.Err())
	}
	return was, encode(t, c, v)
}

func TestReadingWhatIsEqual(t *testing.T) {
	unchanged(t, "a")
	unchanged(t, airport("a"))
	unchanged(t, route{"a"})
	unchanged(t, tally{"a": 1})
	unchanged(t, stats{Airport: "a"})
	unchanged(t, []stats{{Airport: "a"}})
}

func unchanged[T any](t *testing.T, v T) {
	t.Helper()
	c := of[T](t)
	was, _ := checkpointed(t, c, v)
	if got, err := Reading(c, was); err != nil || any(got) != any(c) {
		t.Errorf("%T: not the codec itself, but %v, %v", v, got, err)
	}
}

// A named type is written like any other of its kind, and read as that.
func TestReadingAnotherName(t *testing.T) {
	was, b := checkpointed(t, of[[]string](t), []string{"a", "b"})
	c, err := Reading(of[route](t), was)
	if err != nil {
		t.Fatal(err)
	}
	if got := decode(t, c, b); !slices.Equal(got, route{"a", "b"}) {
		t.Errorf("%v", got)
	}
}

func TestReadingOldStructs(t *testing.T) {
	want := Stats{Fresh: "new", List: []int64{}, Title: "MUC", Count: -3, Mean: 0.5}
	old := wroteOldStats(t)
	reads(t, old.was[0], old.data[0], want)
	reads(t, old.was[1], old.data[1], []Stats{want, {Fresh: "new", List: []int64{}, Title: "FRA"}})
	reads(t, old.was[2], old.data[2], map[string]Stats{"x": want})
	reads(t, old.was[3], old.data[3], map[string][]Stats{"x": {want}, "y": {}})

	// And in what is put together by hand.
	byHand(t, old.was[1], old.data[1], ListOf(of[Stats](t)), []Stats{want, {Fresh: "new", List: []int64{}, Title: "FRA"}})
	byHand(t, old.was[2], old.data[2], MapOf(of[string](t), of[Stats](t)), map[string]Stats{"x": want})
	byHand(t, old.was[3], old.data[3], MapOf(of[string](t), of[[]Stats](t)), map[string][]Stats{"x": {want}, "y": {}})
}

func reads[T any](t *testing.T, was flink.Serializer, b []byte, want T) {
	t.Helper()
	byHand(t, was, b, of[T](t), want)
}

func byHand[T any](t *testing.T, was flink.Serializer, b []byte, now Codec[T], want T) {
	t.Helper()
	c, err := Reading(now, was)
	if err != nil {
		t.Errorf("%T: %v", want, err)
		return
	}
	if got := decode(t, c, b); !reflect.DeepEqual(got, want) {
		t.Errorf("%T: read %+v, want %+v", want, got, want)
	}
	// It writes what the program writes now.
	if !flink.Equal(c.Serializer(), now.Serializer()) {
		t.Errorf("%T: has the serializer %s", want, c.Serializer().TypeName())
	}
	if !bytes.Equal(encode(t, c, want), encode(t, now, want)) {
		t.Errorf("%T: does not write as the program does", want)
	}
}

// Only the package of a struct is another.
func TestReadingMovedStructs(t *testing.T) {
	c := of[stats](t)
	was := c.Serializer().(*flink.AvroStruct)
	moved, err := flink.NewAvroStruct("elsewhere.stats", was.Schema)
	if err != nil {
		t.Fatal(err)
	}
	reads(t, moved, encode(t, c, stats{"a", 1, 2, true}), stats{"a", 1, 2, true})
}

func TestReadingRefused(t *testing.T) {
	type Bag struct {
		A int64
		B string
	}
	const keep = ": keep the type, add a field of the new one under another name, and let your code fill it from the old one"
	const other = "and the one is not converted into the other"
	changed := func() flink.Serializer {
		type Bag struct {
			A int64
			B []string
		}
		return of[Bag](t).Serializer()
	}()
	refuses[Bag](t, changed, "Bag.B was []string and is string now, "+other+keep)
	refuses[[]Bag](t, flink.ListOf(changed), "Bag.B was []string and is string now, "+other+keep)
	refuses[map[string][]Bag](t, flink.MapOf(flink.String, flink.ListOf(changed)), "Bag.B was []string and is string now, "+other+keep)

	narrowed := func() flink.Serializer {
		type Bag struct {
			A uint32
			B string
		}
		return of[Bag](t).Serializer()
	}()
	refuses[struct {
		A int32
		B string
	}](t, narrowed, "struct.A was uint32 and is int32 now, which not every uint32 fits in"+keep)

	const start = "it was "
	const begin = ": keep the type, and begin a state of the new one under another name, which your code fills from the old one"
	refuses[Bag](t, flink.String, start+"string and is codec.Bag now, "+other+begin)
	refuses[string](t, changed, start+"codec.Bag and is string now, "+other+begin)
	refuses[uint16](t, of[uint64](t).Serializer(), start+"uint64 and is uint16 now, which not every uint64 fits in"+begin)
	refuses[Bag](t, of[*Bag](t).Serializer(), start+"*codec.Bag and is codec.Bag now, which has no place for nil"+begin)
	refuses[map[int]Bag](t, of[map[int]*Bag](t).Serializer(), start+"map[int64]*codec.Bag and is map[int]codec.Bag now, which has no place for nil"+begin)
	refuses[*Bag](t, of[[2]bool](t).Serializer(), start+"[2]bool and is *codec.Bag now, "+other+begin)
	refuses[[]Bag](t, of[[]uint8](t).Serializer(), start+"[]byte and is []codec.Bag now, "+other+begin)
	refuses[[][2]int](t, of[[][3]int](t).Serializer(), start+"[][3]int and is [][2]int now, "+other+begin)
	refuses[string](t, flink.Long, start+"int64 and is string now, "+other+begin)
	refuses[airport](t, flink.Long, start+"int64 and is codec.airport now, "+other+begin)
	refuses[int64](t, flink.Int, start+"int32 and is int64 now, "+other+begin)
	refuses[[]string](t, flink.ListOf(flink.Long), start+"[]int64 and is []string now, "+other+begin)
	refuses[route](t, flink.SetOf(flink.String), start+"Flink's Set<String> and is codec.route now, "+other+begin)
	refuses[map[string]int64](t, flink.MapOf(flink.String, flink.Int), start+"map[string]int32 and is map[string]int64 now, "+other+begin)
	refuses[[][]int16](t, flink.ListOf(flink.ListOf(flink.Int)), start+"[][]int32 and is [][]int16 now, "+other+begin)
	refuses[[]Bag](t, flink.MapOf(flink.String, changed), start+"map[string]codec.Bag and is []codec.Bag now, "+other+begin)
	refuses[map[string]Bag](t, flink.ListOf(changed), start+"[]codec.Bag and is map[string]codec.Bag now, "+other+begin)
	refuses[map[string]int64](t, flink.MapOf(flink.Long, flink.Long), "the key was int64 and is string now: keys of a map are not converted, "+
		"as two of them could become one; keep their type (only its name and its package may change), and begin a map with keys of the new one under another name")
}

func refuses[T any](t *testing.T, was flink.Serializer, want ...string) {
	t.Helper()
	c, err := Reading(of[T](t), was)
	if err == nil {
		t.Errorf("%s can be read as %s by %T", was.TypeName(), reflect.TypeFor[T](), c)
		return
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

// Numbers that are times in one unit are not numbers of another, nor plain ones; but what
// was written in a coarser unit is a time in a finer one.
func TestReadingAnotherUnit(t *testing.T) {
	type moment struct {
		At time.Time `avro:",timestamp-micros"`
	}
	type Holder struct{ In []map[string]moment }
	at := time.UnixMicro(-1234567890123456).UTC()
	micros, b := checkpointed(t, of[Holder](t), Holder{[]map[string]moment{{"a": {at}}}})
	const keep = ": keep the type, add a field of the new one under another name, and let your code fill it from the old one"
	func() {
		type moment struct{ At int64 }
		type Holder struct{ In []map[string]moment }
		refuses[Holder](t, micros, "Holder.In[][value].At was time.Time in timestamp-micros and is int64 now, where the same number means something else"+keep)
		refuses[[]Holder](t, flink.ListOf(micros), "Holder.In[][value].At was time.Time in timestamp-micros and is int64 now")
		plain := of[Holder](t).Serializer()
		func() {
			type moment struct{ At time.Time }
			type Holder struct{ In []map[string]moment }
			refuses[Holder](t, plain, "Holder.In[][value].At was a plain int64 and is time.Time in timestamp-nanos now, where the same number means something else"+keep)
		}()
	}()
	func() {
		type moment struct {
			At time.Time `avro:",timestamp-millis"`
		}
		type Holder struct{ In []map[string]moment }
		refuses[Holder](t, micros, "Holder.In[][value].At was time.Time in timestamp-micros and is time.Time in timestamp-millis now, which is coarser, "+
			"so that a part of each time would be lost"+keep)
	}()
	func() {
		type moment struct {
			At time.Time `avro:",date"`
		}
		type Holder struct{ In []map[string]moment }
		refuses[Holder](t, micros, "Holder.In[][value].At was time.Time in timestamp-micros and is time.Time in date now, where the same number means something else"+keep)
	}()
	func() {
		type moment struct {
			When time.Time `avro:",alias=At"`
		}
		type Holder struct{ In []map[string]moment }
		reads(t, micros, b, Holder{[]map[string]moment{{"a": {at}}}})
	}()
	// What could not be written again is not read.
	_, b = checkpointed(t, of[Holder](t), Holder{[]map[string]moment{{"a": {time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC)}}}})
	func() {
		type moment struct{ At time.Time }
		type Holder struct{ In []map[string]moment }
		c, err := Reading(of[Holder](t), micros)
		if err != nil {
			t.Fatal(err)
		}
		if v, _, err := c.Decode(b); err == nil || !strings.Contains(err.Error(), "Holder.In[0][a].At: the time 2500-01-01 is out of the range of nanoseconds") {
			t.Errorf("%v, %v", v, err)
		}
	}()
}

// A schema has a type once, and where it is again only its name: here the field with the
// definition is gone.
func TestReadingAnotherUnitByName(t *testing.T) {
	was := func() flink.Serializer {
		type Moment struct{ At time.Time }
		type Two struct{ A, B Moment }
		return of[Two](t).Serializer()
	}()
	type Moment struct {
		At time.Time `avro:",timestamp-micros"`
	}
	func() {
		type Two struct{ B Moment }
		refuses[Two](t, was, "Two.B.At was time.Time")
	}()
	func() {
		type Two struct{ B, A Moment }
		refuses[Two](t, was, ".At was time.Time")
	}()
	// And here the field with the definition is new.
	one := func() flink.Serializer {
		type Moment struct{ At time.Time }
		type Two struct{ B Moment }
		return of[Two](t).Serializer()
	}()
	func() {
		type Two struct {
			A Moment `avro:",default={}"`
			B Moment
		}
		refuses[Two](t, one, "Two.B.At was time.Time")
	}()
}

// A struct that contains itself, whose schema refers to itself.
func TestReadingOldTrees(t *testing.T) {
	was, b := func() (flink.Serializer, []byte) {
		type Tree struct {
			N    int32
			Kids []Tree
		}
		return checkpointed(t, of[Tree](t), Tree{1, []Tree{{2, nil}, {3, []Tree{{N: 4}}}}})
	}()
	type Tree struct {
		Kids []Tree
		N    int64
		More bool `avro:",default=true"`
	}
	reads(t, was, b, Tree{[]Tree{{[]Tree{}, 2, true}, {[]Tree{{[]Tree{}, 4, true}}, 3, true}}, 1, true})

	units := func() flink.Serializer {
		type Tree struct {
			N    int64
			At   time.Duration `avro:",time-micros"`
			Kids []Tree
		}
		return of[Tree](t).Serializer()
	}()
	func() {
		type Tree struct {
			N    int64
			At   int64
			Kids []Tree
		}
		refuses[Tree](t, units, "Tree.At was time-micros and is int64 now, where the same number means something else")
	}()
}

func TestReadingCustom(t *testing.T) {
	codec := func(version int) Codec[string] {
		return Custom("text", version,
			func(b []byte, v string) ([]byte, error) { return append(b, v...), nil },
			func(b []byte) (string, error) { return string(b), nil })
	}
	was, b := checkpointed(t, codec(1), "a")
	c, err := Reading(codec(1), was)
	if err != nil || decode(t, c, b) != "a" {
		t.Errorf("the same version: %v", err)
	}
	for _, v := range []struct {
		was  flink.Serializer
		want string
	}{
		{was, "it was written by version 1 of CustomCodec \"text\", and the job has version 2: " +
			"a codec reads one version; leave it at 1, and let decode tell old values by their bytes"},
		{flink.String, "it was string and is string by CustomCodec \"text\" now, and the one is not converted into the other: " +
			"keep the type, and begin a state of the new one under another name, which your code fills from the old one"},
	} {
		if _, err := Reading(codec(2), v.was); err == nil || err.Error() != v.want {
			t.Errorf("%v, want %s", err, v.want)
		}
	}
	// In a list, both.
	listed, b := checkpointed(t, ListOf(codec(1)), []string{"a", "b"})
	list, err := Reading(ListOf(codec(1)), listed)
	if err != nil || !slices.Equal(decode(t, list, b), []string{"a", "b"}) {
		t.Errorf("a list: %v", err)
	}
	if _, err := Reading(ListOf(codec(2)), listed); err == nil {
		t.Error("a list of another version can be read")
	}
}

// The error can be told from others by a program, and names the field.
func TestReadingErrorNamesTheField(t *testing.T) {
	was := func() flink.Serializer {
		type Bag struct{ A int64 }
		return of[Bag](t).Serializer()
	}()
	type Bag struct{ A string }
	_, err := Reading(of[Bag](t), was)
	var change *avrogo.ChangeError
	if !errors.As(err, &change) || change.Path != "Bag.A" {
		t.Errorf("%v has %v", err, change)
	}
}

// wrapped is a codec around another one that hides what the other one can do beyond a
// Codec, as a program's or another package's does.
type wrapped[T any] struct{ Codec[T] }

// resolving is one that does not.
type resolving[T any] struct{ Codec[T] }

func (r resolving[T]) Reading(was flink.Serializer) (Codec[T], error) {
	old, err := Reading(r.Codec, was)
	return resolving[T]{old}, err
}

// A codec that cannot decode with another schema must not be taken for one that can: it
// would read the old bytes as if they were new ones.
func TestReadingWrapped(t *testing.T) {
	old := wroteOldStats(t)
	c, err := Reading[Stats](wrapped[Stats]{of[Stats](t)}, old.was[0])
	const want = "codec.Stats was changed, and its codec, a codec.wrapped[github.com/weirstream/weir/internal/codec.Stats], " +
		"has no method Reading that could say how old values are read"
	if err == nil || err.Error() != want {
		t.Errorf("%v, %v, want %s", c, err, want)
	}
	if _, err := Reading(ListOf[Stats](wrapped[Stats]{of[Stats](t)}), old.was[1]); err == nil || err.Error() != want {
		t.Errorf("in a list: %v", err)
	}
	byHand[Stats](t, old.was[0], old.data[0], resolving[Stats]{of[Stats](t)},
		Stats{Fresh: "new", List: []int64{}, Title: "MUC", Count: -3, Mean: 0.5})
}
