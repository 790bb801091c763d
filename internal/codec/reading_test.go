package codec

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/avro"

	"github.com/weirstream/weir/flink"
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
	added := func() flink.Serializer {
		type Bag struct{ A int64 }
		return of[Bag](t).Serializer()
	}()
	type Bag struct {
		A int64
		B string
	}
	const bag = "state written as record codec.Bag cannot be read as record codec.Bag: "
	const named = "; give the new field another name, and it may have a default"
	refuses[Bag](t, added, bag+"avro: incompatible at B: reader string vs writer : reader field has no default and is missing "+
		"from writer; a new field needs a default for the values that lack it: `avro:\",default=…\"`")
	refuses[[]Bag](t, flink.ListOf(added), "List<record codec.Bag> cannot be read as List<record codec.Bag>: avro: incompatible at B:", "needs a default")
	refuses[map[string][]Bag](t, flink.MapOf(flink.String, flink.ListOf(added)), "Map<String,List<record codec.Bag>> cannot be read as ", "at B:")

	changed := func() flink.Serializer {
		type Bag struct {
			A int64
			B []string
		}
		return of[Bag](t).Serializer()
	}()
	refuses[Bag](t, changed, bag, "at B: reader string vs writer array", named)

	narrowed := func() flink.Serializer {
		type Bag struct {
			A float64
			B string
		}
		return of[Bag](t).Serializer()
	}()
	refuses[Bag](t, narrowed, bag, "at A: reader long vs writer double", named)

	renamed := func() flink.Serializer {
		type Sack struct{ A int64 }
		return of[Sack](t).Serializer()
	}()
	refuses[Bag](t, renamed, "state written as record codec.Sack cannot be read as record codec.Bag: ", "record names do not match")

	refuses[Bag](t, flink.String, "state written as String cannot be read as record codec.Bag")
	refuses[string](t, flink.Long, "state written as Long cannot be read as String")
	refuses[airport](t, flink.Long, "state written as Long cannot be read as String")
	refuses[int64](t, flink.Int, "state written as Integer cannot be read as Long")
	refuses[[]string](t, flink.ListOf(flink.Long), "state written as List<Long> cannot be read as List<String>")
	refuses[route](t, flink.SetOf(flink.String), "state written as Set<String> cannot be read as List<String>")
	refuses[map[string]int64](t, flink.MapOf(flink.Long, flink.Long), "state written as Map<Long,Long> cannot be read as Map<String,Long>")
	refuses[[][]int16](t, flink.ListOf(flink.ListOf(flink.Int)), "state written as List<List<Integer>> cannot be read as List<List<Short>>")
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

// Avro resolves one unit to another without changing the number.
func TestReadingAnotherUnit(t *testing.T) {
	millis := func() flink.Serializer {
		type Moment struct {
			At time.Time `avro:",timestamp-millis"`
		}
		type Holder struct{ In []map[string]Moment }
		if c, err := Of[Holder](); err == nil {
			return c.Serializer()
		}
		return nil
	}()
	type Moment struct {
		At time.Time `avro:",timestamp-micros"`
	}
	type Holder struct{ In []map[string]Moment }
	refuses[Holder](t, millis, "state written as record codec.Holder cannot be read as record codec.Holder: "+
		"field In[][value].At was timestamp-millis and is timestamp-micros now: the same numbers mean something else")
	refuses[[]Holder](t, flink.ListOf(millis), "field In[][value].At was timestamp-millis")
	func() {
		type Moment struct{ At int64 }
		type Holder struct{ In []map[string]Moment }
		refuses[Holder](t, millis, "field In[][value].At was timestamp-millis and is a plain long now")
	}()
	func() {
		type Moment struct {
			When time.Time `avro:",timestamp-nanos,alias=At"`
		}
		type Holder struct{ In []map[string]Moment }
		refuses[Holder](t, millis, "field In[][value].When was timestamp-millis and is timestamp-nanos now")
	}()
}

// A schema has a type once, and where it is again only its name: here the field with the
// definition is gone.
func TestReadingAnotherUnitByName(t *testing.T) {
	was := func() flink.Serializer {
		type Moment struct {
			At time.Time `avro:",timestamp-millis"`
		}
		type Two struct{ A, B Moment }
		return of[Two](t).Serializer()
	}()
	type Moment struct {
		At time.Time `avro:",timestamp-micros"`
	}
	func() {
		type Two struct{ B Moment }
		refuses[Two](t, was, "field B.At was timestamp-millis and is timestamp-micros now")
	}()
	func() {
		type Two struct{ B, A Moment }
		refuses[Two](t, was, "field B.At was timestamp-millis and is timestamp-micros now")
	}()
	// And here the field with the definition is new.
	one := func() flink.Serializer {
		type Moment struct {
			At time.Time `avro:",timestamp-millis"`
		}
		type Two struct{ B Moment }
		return of[Two](t).Serializer()
	}()
	func() {
		type Two struct {
			A Moment `avro:",default={\"At\":0}"`
			B Moment
		}
		refuses[Two](t, one, "field B.At was timestamp-millis and is timestamp-micros now")
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
		refuses[Tree](t, units, "field At was time-micros and is a plain long now")
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
		{was, "state written as text version 1 cannot be read as text version 2: text version 1 is not text version 2; " +
			"a codec reads one version: leave it at 1, and tell old values by their bytes"},
		{flink.String, "state written as String cannot be read as text version 2: String is not text version 2"},
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

// The error is still Avro's, for a program that wants to know more.
func TestReadingErrorIsAvros(t *testing.T) {
	was := func() flink.Serializer {
		type Bag struct{ A int64 }
		return of[Bag](t).Serializer()
	}()
	type Bag struct{ A string }
	_, err := Reading(of[Bag](t), was)
	var field *avro.CompatibilityError
	if !errors.As(err, &field) || field.Path != "A" {
		t.Errorf("%v has %v", err, field)
	}
}

// partsOf finds what a snapshot is made of, however alike the parts are.
func TestPartsOf(t *testing.T) {
	for _, parts := range [][]flink.Serializer{
		{flink.String, flink.String},
		{flink.String, flink.MapOf(flink.String, flink.String)},
		{flink.MapOf(flink.String, flink.String), flink.String},
		{flink.ListOf(flink.ListOf(flink.Long)), flink.Custom{Name: "x", Version: 1}},
	} {
		whole := flink.MapOf(parts[0], parts[1])
		for _, other := range [][]flink.Serializer{{flink.Long, flink.Bool}, parts} {
			was := flink.MapOf(other[0], other[1])
			got, err := partsOf(was, whole, parts...)
			if err != nil || len(got) != 2 || !flink.Equal(got[0], other[0]) || !flink.Equal(got[1], other[1]) {
				t.Errorf("%s by %s is of %v, %v", was.TypeName(), whole.TypeName(), got, err)
			}
		}
	}
	if got, err := partsOf(flink.String, flink.ListOf(flink.String), flink.String); err == nil {
		t.Errorf("a string is of %v", got)
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
	const want = "state written as record codec.Stats can be read as record codec.Stats, but not by a " +
		"codec.wrapped[github.com/weirstream/weir/internal/codec.Stats]: it has no method Reading"
	if err == nil || err.Error() != want {
		t.Errorf("%v, %v, want %s", c, err, want)
	}
	if _, err := Reading(ListOf[Stats](wrapped[Stats]{of[Stats](t)}), old.was[1]); err == nil || err.Error() != want {
		t.Errorf("in a list: %v", err)
	}
	byHand[Stats](t, old.was[0], old.data[0], resolving[Stats]{of[Stats](t)},
		Stats{Fresh: "new", List: []int64{}, Title: "MUC", Count: -3, Mean: 0.5})
}
