package weir

import (
	"fmt"
	"reflect"

	"github.com/weirstream/weir/internal/codec"
)

// A StateOption says more about a state than its name and type.
type StateOption interface{ state(*stateOptions) }

// stateOptions are the options of one state. Codecs are a Codec[T] of whatever T.
type stateOptions struct {
	codec, keyCodec any
	ttl             *TTL
}

// WithCodec sets the codec for the values of a state: the value itself, the elements of a
// list, the values of a map, or the accumulators.
func WithCodec[T any](c Codec[T]) StateOption { return withCodec{c} }

// WithKeyCodec sets the codec for the keys of a map state.
func WithKeyCodec[T any](c Codec[T]) StateOption { return withKeyCodec{c} }

type withCodec struct{ codec any }

func (w withCodec) state(o *stateOptions) { o.codec = w.codec }

type withKeyCodec struct{ codec any }

func (w withKeyCodec) state(o *stateOptions) { o.keyCodec = w.codec }

func collect(opts []StateOption) (o stateOptions) {
	for _, opt := range opts {
		opt.state(&o)
	}
	return o
}

// chosen returns the codec that was given for T, or finds one.
func chosen[T any](given any) (codec.Codec[T], error) {
	if given == nil {
		return codec.Of[T]()
	}
	c, ok := given.(Codec[T])
	if !ok {
		return nil, fmt.Errorf("the codec that was given is a %T, and the state needs one for %v", given, reflect.TypeFor[T]())
	}
	return c, nil
}
