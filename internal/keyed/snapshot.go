package keyed

import (
	"fmt"
	"io"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// writeSize is how many bytes are gathered before they are written.
const writeSize = 256 << 10

// Snapshot freezes the state: the synchronous part, which costs one small struct per key
// group and state. It is nil if no state is declared.
func (b *Backend[K]) Snapshot() flow.KeyedSnapshot {
	if len(b.states) == 0 {
		return nil
	}
	s := &snapshot[K]{keyGroups: b.keyGroups, header: b.header(), codec: b.codec}
	for _, st := range b.states {
		s.states = append(s.states, st.freeze())
	}
	return s
}

// A snapshot is a frozen backend.
type snapshot[K comparable] struct {
	keyGroups checkpoint.KeyGroupRange
	header    *flink.KeyedHeader
	codec     codec.Codec[K]
	states    []frozenState[K]
}

func (s *snapshot[K]) Range() checkpoint.KeyGroupRange { return s.keyGroups }

func (s *snapshot[K]) Release() {
	for _, st := range s.states {
		st.release()
	}
}

// Write writes the header and, group by group, the entries of every state.
func (s *snapshot[K]) Write(w io.Writer) (offsets []int64, err error) {
	buf, err := s.header.AppendTo(make([]byte, 0, writeSize+writeSize/8))
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	var written int64
	flush := func() error {
		n, err := w.Write(buf)
		written += int64(n)
		buf = buf[:0]
		return err
	}
	offsets = make([]int64, s.keyGroups.Len())
	for g := range offsets {
		offsets[g] = written + int64(len(buf))
		buf = flink.AppendKeyGroup(buf, checkpoint.KeyGroup(s.keyGroups.Start+g))
		for i, st := range s.states {
			n := st.count(g)
			buf = flink.AppendStateBlock(buf, i, n)
			for next := 0; next < n; {
				if buf, next, err = st.appendEntries(buf, g, next, writeSize, s.codec); err != nil {
					return nil, fmt.Errorf("state %q: %w", s.header.States[i].Name, err)
				}
				if len(buf) >= writeSize {
					if err := flush(); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	return offsets, flush()
}
