package keyed

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// Snapshot freezes the state: the synchronous part, which costs one small struct per key
// group and state. It is nil if no state is declared.
func (b *Backend[K]) Snapshot() flow.KeyedSnapshot {
	if len(b.states) == 0 {
		return nil
	}
	s := &snapshot{keyGroups: b.keyGroups, header: b.header()}
	for _, st := range b.states {
		s.states = append(s.states, st.freeze())
	}
	return s
}

// A snapshot is a frozen backend.
type snapshot struct {
	keyGroups checkpoint.KeyGroupRange
	header    *flink.KeyedHeader
	states    []frozenState
	begun     bool
}

func (s *snapshot) Range() checkpoint.KeyGroupRange { return s.keyGroups }

func (s *snapshot) Release() {
	for _, st := range s.states {
		st.release()
	}
}

// buffers are what snapshots gather bytes in.
var buffers = sync.Pool{New: func() any { return &encoder{buf: make([]byte, 0, writeSize+writeSize/8)} }}

// Write writes the header and, group by group, the entries of every state. It may be
// called once: what has been written need not stay as it is.
func (s *snapshot) Write(w io.Writer) (offsets []int64, err error) {
	if s.begun {
		return nil, errors.New("a snapshot of keyed state is written a second time")
	}
	s.begun = true
	out := buffers.Get().(*encoder)
	defer out.free()
	out.w = w
	if out.buf, err = s.header.AppendTo(out.buf); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	offsets = make([]int64, s.keyGroups.Len())
	for g := range offsets {
		offsets[g] = out.offset()
		if err := s.writeGroup(out, g); err != nil {
			return nil, err
		}
	}
	s.Release() // before the bytes are on the disk
	return offsets, out.flush()
}

// writeGroup writes the entries of every state in a key group, counted from 0.
func (s *snapshot) writeGroup(out *encoder, g int) error {
	out.buf = flink.AppendKeyGroup(out.buf, checkpoint.KeyGroup(s.keyGroups.Start+g))
	for i, st := range s.states {
		out.buf = flink.AppendStateBlock(out.buf, i, st.count(g))
		if err := st.write(out, g); err != nil {
			return fmt.Errorf("state %q: %w", s.header.States[i].Name, err)
		}
	}
	return out.room()
}
