package avrogo

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// reading reads what one type wrote as another.
func reading[Was, Now any](t *testing.T, v Was) (now Now, err error) {
	t.Helper()
	reader, err := typeOf[Now](t).Reading(typeOf[Was](t).Schema())
	if err != nil {
		return now, err
	}
	return now, reader.Read(write(t, v), unsafe.Pointer(&now))
}

func becomes[Was, Now any](t *testing.T, v Was, want Now) {
	t.Helper()
	got, err := reading[Was, Now](t, v)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v became %+v, want %+v: %v", v, got, want, err)
	}
}

func refused[Was, Now any](t *testing.T, want string) {
	t.Helper()
	var v Was
	if now, err := reading[Was, Now](t, v); err == nil || err.Error() != want {
		t.Errorf("%+v became %+v: %v\nwant %s", v, now, err, want)
	}
}

// A field that is gone beside a new one that it could be: the error names both ways on.
func TestRenamed(t *testing.T) {
	type a struct{ Name string }
	type b struct{ Title string }
	refused[a, b](t, "b.Title (string) is new, and b.Name (string) is gone: if it is that field under a new name, tag it `avro:\"Title,alias=Name\"`, "+
		"which keeps the values; if the one is really new and the other really gone, tag it `avro:\",default=\"`, which drops them")
	type kept struct {
		Title string `avro:"Title,alias=Name"`
	}
	becomes(t, a{"x"}, kept{"x"})
	type dropped struct {
		Title string `avro:",default="`
	}
	becomes(t, a{"x"}, dropped{})

	// The tag that it has stays, and the default is one of the type.
	type c struct {
		At   time.Time `avro:"at,timestamp-micros"`
		B, C int64
	}
	type d struct {
		When time.Time `avro:"when,alias=stamp,timestamp-micros"`
		B, C int64
	}
	refused[c, d](t, "d.When (time.Time) is new, and d.at (time.Time in timestamp-micros) is gone: if it is that field under a new name, "+
		"tag it `avro:\"when,alias=stamp,timestamp-micros,alias=at\"`, which keeps the values; if the one is really new and the other really gone, "+
		"tag it `avro:\"when,alias=stamp,timestamp-micros,default=null\"`, which drops them")
	refused[struct{ A, B int64 }, struct{ C float64 }](t, "struct.C (float64) is new, and struct.A (int64) or struct.B (int64) is gone: "+
		"if it is that field under a new name, tag it `avro:\"C,alias=A\"` or `avro:\"C,alias=B\"`, which keeps the values; "+
		"if the one is really new and the other really gone, tag it `avro:\",default=0\"`, which drops them")
	// Deep inside.
	refused[struct{ In []map[string]*a }, struct{ In []map[string]*b }](t, "struct.In[][value].Title (string) is new, and struct.In[][value].Name (string) is gone: "+
		"if it is that field under a new name, tag it `avro:\"Title,alias=Name\"`, which keeps the values; "+
		"if the one is really new and the other really gone, tag it `avro:\",default=\"`, which drops them")

	// An alias of one that is there under both names.
	refused[struct{ A, B int64 }, struct {
		C int64
		B int64 `avro:",alias=A"`
	}](t, "struct.B can be read from two fields, A and B: remove the alias, or give one of the two a field of its own")

	// The default that the hint names is one for its type, whatever that is.
	hinted[bool](t, "false")
	hinted[int8](t, "0")
	hinted[uint64](t, "0")
	hinted[float32](t, "0")
	hinted[string](t, "")
	hinted[[]byte](t, "")
	hinted[[2]byte](t, "")
	hinted[[2]int](t, "[]")
	hinted[[]int](t, "[]")
	hinted[map[string]int](t, "{}")
	hinted[map[int]int](t, "{}")
	hinted[*int](t, "null")
	hinted[time.Time](t, "null")
	hinted[time.Duration](t, "0")
	hinted[a](t, "{}")
	hinted[netip.Addr](t, "")
}

// hinted checks the default in the hint for a field of type T, and follows it.
func hinted[T any](t *testing.T, text string) {
	t.Helper()
	_, err := reading[struct{ A T }, struct{ B T }](t, struct{ A T }{})
	if err == nil || !strings.Contains(err.Error(), "tag it `avro:\",default="+text+"\"`") {
		t.Errorf("%v, want default=%s", err, text)
		return
	}
	now := reflect.StructOf([]reflect.StructField{{Name: "B", Type: reflect.TypeFor[T](), Tag: reflect.StructTag(`avro:",default=` + text + `"`)}})
	typ, err := Of(now)
	if err != nil {
		t.Errorf("the hint is wrong: %v", err)
		return
	}
	reader, err := typ.Reading(typeOf[struct{ A T }](t).Schema())
	if err != nil {
		t.Errorf("the hint does not help: %v", err)
		return
	}
	v := reflect.New(now)
	if err := reader.Read(write(t, struct{ A T }{}), v.UnsafePointer()); err != nil {
		t.Errorf("the hint makes values that cannot be read: %v", err)
	}
}

// Names of types play no role, wherever the types are: one may have become two, and two one.
func TestTypeNames(t *testing.T) {
	type point struct{ X int32 }
	type dot struct {
		X int64
		Y string
	}
	type vec struct{ X float64 }
	type was struct {
		A, B point
		C    []point
		D    map[string]*point
	}
	type is struct {
		A dot
		B vec
		C []vec
		D map[string]*dot
	}
	becomes(t, was{point{1}, point{2}, []point{{3}}, map[string]*point{"a": {4}, "n": nil}},
		is{dot{1, ""}, vec{2}, []vec{{3}}, map[string]*dot{"a": {4, ""}, "n": nil}})
	type two struct {
		A point
		B struct{ X int16 }
	}
	becomes(t, two{point{1}, struct{ X int16 }{2}}, struct{ A, B dot }{dot{1, ""}, dot{2, ""}})

	// Also if they contain themselves.
	type wood struct {
		Kids []wood
		Name string `avro:"name"`
		New  *bool
	}
	becomes(t, tree{"a", &tree{Name: "gone"}, []tree{{"b", nil, []tree{{Name: "c"}}}}},
		wood{[]wood{{[]wood{{[]wood{}, "c", nil}}, "b", nil}}, "a", nil})
}

// A default is read as JSON, and each value gets its own.
func TestDefaults(t *testing.T) {
	type in struct{ X, Y int8 }
	type now struct {
		Old    bool
		Number int64          `avro:",default=-5"`
		Wide   uint64         `avro:",default=18446744073709551615"`
		Text   string         `avro:",default=a, b=\"c\""`
		Quoted string         `avro:",default=\"a\""`
		List   []string       `avro:",default=[\"a\",\"b\"]"`
		Map    map[string]int `avro:",default={\"a\":1}"`
		Maybe  *int           `avro:",default=7"`
		At     time.Time      `avro:",default=\"2020-01-02T03:04:05.678901234Z\""`
		Addr   netip.Addr     `avro:",default=\"::1\""`
		In     in             `avro:",default={\"Y\":3}"`
	}
	seven := 7
	want := now{true, -5, 18446744073709551615, `a, b="c"`, "a", []string{"a", "b"}, map[string]int{"a": 1}, &seven,
		time.Date(2020, 1, 2, 3, 4, 5, 678901234, time.UTC), netip.MustParseAddr("::1"), in{0, 3}}
	becomes(t, struct{ Old bool }{true}, want)
	one, _ := reading[struct{ Old bool }, now](t, struct{ Old bool }{})
	one.List[0], one.Map["b"], *one.Maybe = "x", 1, 8
	becomes(t, struct{ Old bool }{true}, want)
}

// A type that once was written as text, as it has the methods, is still read.
func TestWasText(t *testing.T) {
	becomes(t, struct{ A string }{"<7>"}, struct{ A angle }{7})
	becomes(t, struct{ A []string }{[]string{"<7>", "<8>"}}, struct{ A []angle }{[]angle{7, 8}})
	becomes(t, struct{ A string }{"<7>"}, struct{ A *angle }{ptr(angle(7))})
	refused[struct{ A string }, struct{ A time.Time }](t, "struct.A was string and is time.Time now, and the one is not converted into the other: "+keep)
	if _, err := reading[struct{ A string }, struct{ A angle }](t, struct{ A string }{"7"}); err == nil || err.Error() != "struct.A: no angle" {
		t.Errorf("%v", err)
	}
	// What they are written as now is their kind, which loses nothing.
	hexless(t, struct{ A angle }{-1})
	schema[angle](t, `"long"`)
}

type angle int

func (a *angle) UnmarshalText(text []byte) error {
	if text[0] != '<' {
		return errNoAngle
	}
	*a = angle(text[1] - '0')
	return nil
}

var errNoAngle = error(&ValueError{What: "no angle"})

// The bytes of a key are the same if nothing but names of types differ.
func TestSameBytes(t *testing.T) {
	type a struct {
		X int32
		Y string
	}
	same[a, struct {
		X int32
		Y string
	}](t)
	same[struct{ A, B a }, struct {
		A, B struct {
			X int32
			Y string
		}
	}](t)
	same[tree, tree](t)
	same[map[[2]byte]int, map[[2]byte]int64](t)
	for _, v := range []struct{ what, want string }{
		{differs[a, struct{ X int32 }](t), "struct.Y is gone"},
		{differs[struct{ X int32 }, a](t), "a.Y is new"},
		{differs[a, struct {
			Y string
			X int32
		}](t), "struct.X stood before Y"},
		{differs[a, struct {
			X int32
			Z string
		}](t), "struct.Y is gone"},
		{differs[a, struct {
			X int64
			Y string
		}](t), "struct.X was int32 and is int64 now"},
		{differs[a, struct {
			X uint16
			Y string
		}](t), "struct.X was int32 and is uint16 now"},
		{differs[a, struct {
			X *int32
			Y string
		}](t), "struct.X was int32 and is *int32 now"},
		{differs[struct{ In [2]a }, struct{ In [3]a }](t), "struct.In was [2]struct a and is [3]struct a now"},
		{differs[struct{ In [2]a }, struct{ In [2]struct{ X int32 } }](t), "struct.In[].Y is gone"},
		{differs[[2]byte, [3]byte](t), " was [2]byte and is [3]byte now"},
	} {
		if v.what != v.want {
			t.Errorf("%q, want %q", v.what, v.want)
		}
	}
}

func same[Was, Now any](t *testing.T) {
	t.Helper()
	if what := differs[Was, Now](t); what != "" {
		t.Error(what)
	}
}

func differs[Was, Now any](t *testing.T) string {
	t.Helper()
	if err := SameBytes(typeOf[Was](t).Schema(), typeOf[Now](t).Schema(), RootName(reflect.TypeFor[Now]())); err != nil {
		return err.Error()
	}
	return ""
}
