package weir

import (
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/window"
)

// windowContentsName is what Flink calls the state of what is in windows.
const windowContentsName = "window-contents"

// A windowValue is a state of one value per key and window.
type windowValue[V any] struct {
	*keyed.Slot[V]
	in func(window.Bounds) // makes a window the current one
}

func declareWindowValue[K comparable, V any](c *KeyContext[K], global bool, name string, kind keyed.Kind, of codec.Codec[V]) windowValue[V] {
	if global {
		values, err := keyed.NewValues(c.backend, name, kind, keyed.Globals, of)
		if err != nil {
			c.failState(name, err)
		}
		return windowValue[V]{values.In(keyed.Void{}), func(window.Bounds) {}}
	}
	values, err := keyed.NewValues(c.backend, name, kind, keyed.Windows, of)
	if err != nil {
		c.failState(name, err)
	}
	return windowValue[V]{values.In(keyed.Window{}), func(w window.Bounds) { values.In(spaceOf(w)) }}
}

// A windowList is a state of one list per key and window.
type windowList[E any] struct {
	keyed.ListCell[E]
	in func(window.Bounds)
}

func declareWindowList[K comparable, E any](c *KeyContext[K], global bool, name string, of codec.Codec[E]) windowList[E] {
	if global {
		lists, err := keyed.NewLists(c.backend, name, keyed.Globals, of)
		if err != nil {
			c.failState(name, err)
		}
		return windowList[E]{lists.In(keyed.Void{}), func(window.Bounds) {}}
	}
	lists, err := keyed.NewLists(c.backend, name, keyed.Windows, of)
	if err != nil {
		c.failState(name, err)
	}
	return windowList[E]{lists.In(keyed.Window{}), func(w window.Bounds) { lists.In(spaceOf(w)) }}
}
