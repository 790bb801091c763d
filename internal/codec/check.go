package codec

import (
	"fmt"
	"reflect"

	"github.com/weirstream/weir/internal/codec/avrogo"
)

// The rule behind what is refused: what goes into a checkpoint comes out of it again, or
// the job does not start. The list is at the builder of package avrogo; around structs
// there is one thing more, slices and maps that contain themselves.

// An UnsupportedError says that there is no codec for a type, because of a part of it. A
// value of the type can still be handed from one function of a process to another.
type UnsupportedError struct {
	Type reflect.Type // the one that was asked for
	Path string       // to the part: "Session.Clicks[].At"; empty if it is the type itself
	Part reflect.Type // the part's type
	Why  string       // why, and what to do
}

func (e *UnsupportedError) Error() string { return cannotBeWritten(e.Type, e.Path, e.Part) + e.Why }

// A ProcessBoundError says that values of a type mean something in one process only: there
// is a channel, a function or an unsafe pointer in them.
type ProcessBoundError struct {
	Type reflect.Type // the one that was asked for
	Path string       // to the part: "Session.Done"; empty if it is the type itself
	Part reflect.Type // the channel, function or unsafe pointer
}

func (e *ProcessBoundError) Error() string {
	why := fmt.Sprintf("values of kind %s exist in one process only, and cannot be kept or sent to another: ", e.Part.Kind())
	if e.Path == "" {
		return cannotBeWritten(e.Type, e.Path, e.Part) + why + "use a type that is data"
	}
	return cannotBeWritten(e.Type, e.Path, e.Part) + why + "remove it, or tag its field `avro:\"-\"` if it may be lost on the way"
}

func cannotBeWritten(t reflect.Type, path string, part reflect.Type) string {
	if path == "" || part == t {
		return fmt.Sprintf("%s cannot be written: ", avrogo.GoName(t))
	}
	return fmt.Sprintf("%s cannot be written: %s, of type %s: ", avrogo.GoName(t), path, avrogo.GoName(part))
}

// bound returns the first part of t that is bound to a process, and the path to it, or nil.
func bound(t reflect.Type) (string, reflect.Type) {
	b := boundary{map[reflect.Type]bool{}}
	return b.find(t, "", false)
}

type boundary struct{ seen map[reflect.Type]bool }

// find looks for it in t, which is at path. inside says that there is a struct around t,
// with whose name the path begins.
func (b boundary) find(t reflect.Type, path string, inside bool) (string, reflect.Type) {
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return path, t
	}
	if b.seen[t] {
		return "", nil
	}
	b.seen[t] = true
	switch t.Kind() {
	case reflect.Pointer:
		return b.find(t.Elem(), path, inside)
	case reflect.Slice, reflect.Array:
		return b.find(t.Elem(), path+"[]", inside)
	case reflect.Map:
		if at, part := b.find(t.Key(), path+"[key]", inside); part != nil {
			return at, part
		}
		return b.find(t.Elem(), path+"[value]", inside)
	case reflect.Struct:
		if avrogo.IsOpaque(t) {
			return "", nil
		}
		if !inside {
			path = avrogo.RootName(t)
		}
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("avro") == "-" || f.Name == "_" {
				continue
			}
			if at, part := b.find(f.Type, path+"."+f.Name, true); part != nil {
				return at, part
			}
		}
	}
	return "", nil
}
