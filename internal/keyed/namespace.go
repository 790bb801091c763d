package keyed

import (
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// Void is the namespace of a state that has none: one value per key.
type Void = struct{}

// A Window is the namespace of a state that is kept per window: the milliseconds from
// Start up to, not including, End.
type Window struct{ Start, End int64 }

// Voids is the codec of Void, as in Flink's VoidNamespaceSerializer.
var Voids codec.Codec[Void] = voids{}

type voids struct{}

func (voids) Serializer() flink.Serializer { return flink.VoidNamespace }

func (voids) Append(dst []byte, _ Void) ([]byte, error) { return append(dst, 0), nil }

func (voids) Decode(src []byte) (Void, int, error) {
	c := flink.NewCursor(src)
	if b := c.U8(); b != 0 {
		c.Failf("namespace %d of a state that has none", b)
	}
	return Void{}, c.Offset(), c.Err()
}

// Globals is the codec of the one window that never ends, as in Flink's
// GlobalWindow.Serializer. As a namespace it is none: a Void, written as the same byte.
var Globals codec.Codec[Void] = globals{}

type globals struct{ voids }

func (globals) Serializer() flink.Serializer { return flink.GlobalWindow }

// Windows is the codec of Window, as in Flink's TimeWindow.Serializer.
var Windows codec.Codec[Window] = windows{}

type windows struct{}

func (windows) Serializer() flink.Serializer { return flink.TimeWindow }

func (windows) Append(dst []byte, w Window) ([]byte, error) {
	return flink.AppendI64(flink.AppendI64(dst, w.Start), w.End), nil
}

func (windows) Decode(src []byte) (Window, int, error) {
	c := flink.NewCursor(src)
	w := Window{Start: c.I64(), End: c.I64()}
	return w, c.Offset(), c.Err()
}
