package codec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
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

// What becomes of a value when its type changes is what the model below says: a plain
// account, in Go types, of the table in docs/state.md.
func TestRandomEvolutions(t *testing.T) {
	read, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		was := anyStruct(t, 3)
		now := changedStruct(t, was)
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
			refused++
			return
		}
		read++
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
	})
	if read < 10 || refused < 10 {
		t.Errorf("%d changes were read and %d refused: the test is about one of them only", read, refused)
	}
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

// model says what a value becomes that is read as type now, or why it is refused.
func model(was reflect.Value, now reflect.Type) (is reflect.Value, why string) {
	is = reflect.New(now).Elem()
	from, to := was.Type(), now
	switch {
	case from == to:
		return was, ""
	case from == timeType && to == reflect.PointerTo(timeType):
		if !was.Interface().(time.Time).IsZero() {
			is.Set(reflect.New(timeType))
			is.Elem().Set(was)
		}
		return is, ""
	case from == reflect.PointerTo(timeType) && to == timeType:
		if !was.IsNil() {
			is.Set(was.Elem())
		}
		return is, ""
	case isOptional(from) && !isOptional(to):
		return is, "no place for nil"
	case from == timeType || to == timeType || to == reflect.PointerTo(timeType):
		return is, "a time is a time"
	case to.Kind() == reflect.Pointer:
		if from.Kind() == reflect.Pointer {
			if was.IsNil() {
				_, why = model(reflect.New(from.Elem()).Elem(), to.Elem())
				return is, why
			}
			was = was.Elem()
		}
		inner, why := model(was, to.Elem())
		is.Set(reflect.New(to.Elem()))
		if why == "" {
			is.Elem().Set(inner)
		}
		return is, why
	case isText(from) && isText(to):
		is.Set(was.Convert(to))
		return is, ""
	case from.Kind() == reflect.Struct && to.Kind() == reflect.Struct:
		return modelStruct(was, now)
	case from.Kind() == reflect.Map && to.Kind() == reflect.Map:
		return modelMap(was, now)
	case isList(from) && to.Kind() == reflect.Slice && isList(to), isList(from) && isList(to) && from.Kind() == reflect.Array && to.Kind() == reflect.Array && from.Len() == to.Len():
		if to.Kind() == reflect.Slice {
			is.Set(reflect.MakeSlice(to, was.Len(), was.Len()))
		}
		for i := range was.Len() {
			element, why := model(was.Index(i), to.Elem())
			if why != "" {
				return is, why
			}
			is.Index(i).Set(element)
		}
		_, why = model(reflect.New(from.Elem()).Elem(), to.Elem())
		return is, why
	case widens(from.Kind(), to.Kind()):
		is.Set(was.Convert(to))
		return is, ""
	}
	return is, "another type"
}

func isOptional(t reflect.Type) bool { return t.Kind() == reflect.Pointer || t == timeType }

// isText reports whether a type is a string or bytes.
func isText(t reflect.Type) bool {
	return t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// isList reports whether a type is a list of something else than bytes.
func isList(t reflect.Type) bool {
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() != reflect.Uint8
}

// widens reports whether every value of a kind of numbers is one of another.
func widens(from, to reflect.Kind) bool {
	ints := []reflect.Kind{reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64}
	uints := []reflect.Kind{reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64}
	same := map[reflect.Kind]reflect.Kind{reflect.Int: reflect.Int64, reflect.Uint: reflect.Uint64}
	if k, ok := same[from]; ok {
		from = k
	}
	if k, ok := same[to]; ok {
		to = k
	}
	switch i, u := slices.Index(ints, from), slices.Index(uints, from); {
	case from == to:
		return from == reflect.Bool || i >= 0 || u >= 0 || from == reflect.Float32 || from == reflect.Float64
	case i >= 0:
		return slices.Index(ints, to) > i || to == reflect.Float32 || to == reflect.Float64
	case u >= 0:
		return slices.Index(uints, to) > u || slices.Index(ints, to) > u || u < 3 && (to == reflect.Float32 || to == reflect.Float64)
	default:
		return from == reflect.Float32 && to == reflect.Float64
	}
}

func modelMap(was reflect.Value, now reflect.Type) (is reflect.Value, why string) {
	is = reflect.MakeMap(now)
	if from, to := was.Type().Key(), now.Key(); from != to && !(from.Kind() == reflect.String && to.Kind() == reflect.String) {
		return is, "another key"
	}
	for k, v := range was.Seq2() {
		value, why := model(v, now.Elem())
		if why != "" {
			return is, why
		}
		is.SetMapIndex(k.Convert(now.Key()), value)
	}
	_, why = model(reflect.New(was.Type().Elem()).Elem(), now.Elem())
	return is, why
}

// avroField is what a tag says of a field.
func avroField(f reflect.StructField) (name, alias string, isDefault bool) {
	name, option, _ := strings.Cut(f.Tag.Get("avro"), ",")
	if name == "" {
		name = f.Name
	}
	alias, _ = strings.CutPrefix(option, "alias=")
	if alias == option {
		alias = ""
	}
	return name, alias, strings.HasPrefix(option, "default=")
}

func modelStruct(was reflect.Value, now reflect.Type) (is reflect.Value, why string) {
	is = reflect.New(now).Elem()
	found := map[int]bool{}
	var gone []reflect.Type
	for i := range was.NumField() {
		oldName, _, _ := avroField(was.Type().Field(i))
		at := -1
		for j := range now.NumField() {
			if name, _, _ := avroField(now.Field(j)); name == oldName {
				at = j
			}
		}
		for j := 0; at < 0 && j < now.NumField(); j++ {
			if _, alias, _ := avroField(now.Field(j)); alias == oldName {
				at = j
			}
		}
		if at < 0 {
			gone = append(gone, was.Type().Field(i).Type)
			continue
		}
		if found[at] {
			return is, "two fields"
		}
		found[at] = true
		value, why := model(was.Field(i), now.Field(at).Type)
		if why != "" {
			return is, why
		}
		is.Field(at).Set(value)
	}
	for j := range now.NumField() {
		if _, _, isDefault := avroField(now.Field(j)); found[j] || isDefault {
			continue
		}
		for _, old := range gone {
			if couldBe(old, now.Field(j).Type) {
				return is, "a new name?"
			}
		}
	}
	return is, ""
}

// couldBe reports whether a field of one type that is gone could be one of another that is
// new: they are of one Avro type, or the one is widened to the other.
func couldBe(old, fresh reflect.Type) bool {
	if old.Kind() == reflect.Pointer {
		old = old.Elem()
	}
	if fresh.Kind() == reflect.Pointer {
		fresh = fresh.Elem()
	}
	class := func(t reflect.Type) int {
		switch t.Kind() {
		case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Uint8, reflect.Uint16:
			return 1 // an Avro int
		case reflect.Int64, reflect.Int, reflect.Uint32:
			return 2 // a long
		case reflect.Float32:
			return 3
		case reflect.Float64:
			return 4
		}
		return 0
	}
	switch {
	case old == timeType || fresh == timeType:
		return old == fresh
	case class(old) > 0 && class(fresh) > 0:
		return class(old) <= class(fresh)
	case isText(old) || isText(fresh):
		return isText(old) && isText(fresh)
	case old.Kind() != fresh.Kind():
		return strings.TrimSuffix(old.Kind().String(), "64") == strings.TrimSuffix(fresh.Kind().String(), "64") // uint and uint64
	}
	switch old.Kind() {
	case reflect.Array:
		if old.Len() != fresh.Len() || isList(old) != isList(fresh) {
			return false
		}
		return !isList(old) || couldBe(old.Elem(), fresh.Elem())
	case reflect.Slice:
		return couldBe(old.Elem(), fresh.Elem())
	case reflect.Map:
		if (old.Key().Kind() == reflect.String) != (fresh.Key().Kind() == reflect.String) {
			return false
		}
		return couldBe(old.Key(), fresh.Key()) && couldBe(old.Elem(), fresh.Elem())
	case reflect.Struct:
		for i := range old.NumField() {
			for j := range fresh.NumField() {
				a, _, _ := avroField(old.Field(i))
				if b, _, _ := avroField(fresh.Field(j)); a == b {
					return true
				}
			}
		}
		return false
	}
	return true
}
