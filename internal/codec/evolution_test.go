package codec

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/flink"
)

// Every type that is made of what can be written comes out as it went in, by the codec and by
// a tool that has the schema only.
func TestRandomTypes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := anyType(t, 3)
		e, err := erase(typ)
		if err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
		holds(t, dynamicCodec{dynamic{e, typ}}, anyValue(t, typ), func(was, is reflect.Value) bool {
			return reflect.DeepEqual(printable(was), printable(is))
		})
	})
}

type dynamicCodec struct{ dynamic }

func (d dynamicCodec) Serializer() flink.Serializer { return d.serializer() }

// What becomes of a value when its type changes is what the model says.
func TestRandomEvolutions(t *testing.T) {
	read, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		for range 10 {
			was := anyStruct(t, 3)
			if evolve(t, was, changedStruct(t, was)) {
				read++
			} else {
				refused++
			}
		}
	})
	if read == 0 || refused == 0 {
		t.Errorf("%d changes were read and %d refused: the test is about one of them only", read, refused)
	}
}

// evolve reads a value of one type as another, if the model does, and reports whether.
func evolve(t *rapid.T, was, now reflect.Type) bool {
	value := anyValue(t, was)
	want, why := model(value, now)
	before, err := erase(was)
	if err != nil {
		t.Fatalf("%s: %v", was, err)
	}
	after, err := erase(now)
	if err != nil {
		t.Fatalf("%s: %v", now, err)
	}
	b, err := dynamic{before, was}.Append(nil, value)
	if err != nil {
		t.Fatalf("%s: %v", was, err)
	}
	old, err := after.reading(before.serializer())
	if (err != nil) != (why != "") {
		t.Fatalf("%s\nread as %s: %v, want %q", was, now, err, why)
	}
	if err != nil {
		return false
	}
	got, n, err := dynamic{old, now}.Decode(b)
	if err != nil || n != len(b) {
		t.Fatalf("%s\nread as %s: %d bytes of %d, %v", was, now, n, len(b), err)
	}
	if !reflect.DeepEqual(printable(got), printable(want)) {
		t.Fatalf("%s\nread as %s: %+v became %+v, want %+v", was, now, value, got, want)
	}
	if _, err := (dynamic{after, now}).Append(nil, got); err != nil {
		t.Fatalf("%s: what was read cannot be written: %v", now, err)
	}
	return true
}

// changedType draws what a type might be turned into.
func changedType(t *rapid.T, was reflect.Type, depth int) reflect.Type {
	switch rapid.IntRange(0, 5).Draw(t, "change") {
	case 0:
		return anyType(t, 1)
	case 1:
		if was.Kind() != reflect.Pointer {
			return reflect.PointerTo(was)
		}
		return was.Elem()
	case 2:
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
	switch {
	case depth == 0:
	case was.Kind() == reflect.Slice && was.Elem().Kind() != reflect.Uint8:
		return reflect.SliceOf(changedType(t, was.Elem(), depth-1))
	case was.Kind() == reflect.Array && was.Elem().Kind() != reflect.Uint8 && rapid.Bool().Draw(t, "slice"):
		return reflect.SliceOf(was.Elem())
	case was.Kind() == reflect.Map:
		return reflect.MapOf(was.Key(), changedType(t, was.Elem(), depth-1))
	case was.Kind() == reflect.Pointer:
		if to := changedType(t, was.Elem(), depth-1); to.Kind() != reflect.Pointer {
			return reflect.PointerTo(to)
		}
	case was.Kind() == reflect.Struct && was != timeType:
		return changedStruct(t, was)
	}
	return was
}

var timeType = reflect.TypeFor[time.Time]()

// changedStruct draws what a struct might be turned into. A new name of a field is one that
// no field of the old struct has.
func changedStruct(t *rapid.T, was reflect.Type) reflect.Type {
	var fields []reflect.StructField
	for i := range was.NumField() {
		f := was.Field(i)
		f = reflect.StructField{Name: f.Name, Type: f.Type}
		switch rapid.IntRange(0, 11).Draw(t, "field") {
		case 0:
			continue
		case 1:
			f.Name = "New" + f.Name
			f.Tag = reflect.StructTag(fmt.Sprintf(`avro:",alias=%s"`, was.Field(i).Name))
		case 2:
			f.Name = "New" + f.Name
		case 3:
			f.Name = "New" + f.Name
			f.Tag = `avro:",default="`
		case 4:
			f.Tag = reflect.StructTag(fmt.Sprintf(`avro:"%s"`, f.Name))
			f.Name = "Go" + f.Name
		case 5, 6:
			f.Type = changedType(t, f.Type, 3)
		case 7:
			f.Tag = reflect.StructTag(fmt.Sprintf(`avro:",alias=%c"`, rapid.SampledFrom([]rune("ABCD")).Draw(t, "alias")))
		}
		fields = append(fields, f)
	}
	if rapid.IntRange(0, 3).Draw(t, "add") == 0 || len(fields) == 0 {
		fields = append(fields, reflect.StructField{Name: "Added", Type: anyType(t, 1)})
	}
	order := rapid.Permutation(fields).Draw(t, "order")
	return reflect.StructOf(order)
}
