package flink

import (
	"fmt"

	"github.com/twmb/avro"
)

// Compatible is nil if state that was written with the serializer was can be read by a
// program that declares now. Values of an AvroStruct may then have to be resolved from
// the one schema to the other; everything else is read as it is.
//
// It is a question about values. Keys must be Equal: a key that is encoded in another
// way is another key.
func Compatible(was, now Serializer) error {
	if err := compatible(was, now); err != nil {
		return fmt.Errorf("state written as %s cannot be read as %s: %w", was.TypeName(), now.TypeName(), err)
	}
	return nil
}

func compatible(was, now Serializer) error {
	differ := fmt.Errorf("%s is not %s", was.TypeName(), now.TypeName())
	switch was := was.(type) {
	case *AvroStruct:
		if now, ok := now.(*AvroStruct); ok {
			return avro.CheckCompatibility(was.Schema, now.Schema)
		}
		return differ
	case *composite:
		now, ok := now.(*composite)
		if !ok || !was.sameShape(now) {
			return differ
		}
		for i := range was.nested {
			if err := compatible(was.nested[i], now.nested[i]); err != nil {
				return err
			}
		}
		return nil
	default:
		if !Equal(was, now) {
			return differ
		}
		return nil
	}
}
