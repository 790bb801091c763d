package codec

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// The model of what becomes of a value when its type changes: a plain account, in Go types,
// of the table in docs/state.md.

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
