package weir

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// A key that is not equal to itself is refused, wherever in the key the NaN is; other keys
// of the type are not.
func TestNaNIsNoKey(t *testing.T) {
	type pair struct {
		Name string
		At   float64
	}
	nan := math.NaN()
	refuses(t, 1.5, nan)
	refuses(t, float32(1.5), float32(nan))
	refuses(t, pair{"a", 1}, pair{"a", nan})
	refuses(t, [2]pair{{"a", 1}}, [2]pair{{"a", 1}, {"b", nan}}, CustomCodec("pairs", 1,
		func(dst []byte, p [2]pair) ([]byte, error) { return fmt.Append(dst, p), nil },
		func([]byte) ([2]pair, error) { return [2]pair{}, nil }))
	refuses[complex128](t, complex(1, 2), complex(1, nan), CustomCodec("complex", 1,
		func(dst []byte, c complex128) ([]byte, error) {
			dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(real(c)))
			return binary.BigEndian.AppendUint64(dst, math.Float64bits(imag(c))), nil
		},
		func(src []byte) (complex128, error) { return 0, nil }))
}

func refuses[K comparable](t *testing.T, good, bad K, own ...Codec[K]) {
	t.Helper()
	job := NewJob("floats")
	byKey := KeyBy(From(job, "in", Slice[K]()), func(k K) K { return k }, own...)
	if byKey.hash == nil {
		t.Fatalf("%T cannot be a key: %v", good, job.Check())
	}
	sent := 0
	s := byKey.edge("op").NewSender(plan.Routing{Parallelism: 1, MaxParallelism: 1, Send: func(_ checkpoint.Subtask, b flow.Batch) error {
		sent += b.Len()
		return nil
	}})
	if err := s.Push(&flow.Vec[K]{Values: []K{good}}); err != nil {
		t.Errorf("%v: %v", good, err)
	}
	if err := s.Push(&flow.Vec[K]{Values: []K{bad}}); err == nil || !IsPermanent(err) || !strings.Contains(err.Error(), "the key is NaN") {
		t.Errorf("%v: %v", bad, err)
	}
	if err := s.Flush(); err != nil || sent != 1 {
		t.Errorf("%d sent, %v", sent, err)
	}
}
