// Package twophase decides which prepared output of a sink is committed, and when. The
// engine's sink operator uses it, and so does the suite that tests sinks
// (connector/connectortest).
//
// It is pure, except for the functions that it is given. It imports package checkpoint only.
package twophase

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
)

// A Writer prepares what was written to it, as [weir.Writer] says.
type Writer interface {
	Prepare(ctx context.Context, id checkpoint.ID) ([]byte, error)
}

// A Subtask holds what one writer has prepared and what has not been committed yet. The zero
// value is ready to use.
type Subtask struct {
	waiting []pending // rising ids
}

// pending is what was prepared for a checkpoint and waits for it, or for a later one, to
// be complete.
type pending struct {
	id       checkpoint.ID
	prepared []byte
}

func (p pending) encode() []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(p.id)), p.prepared...)
}

// Prepare calls the writer, and returns what the checkpoint keeps: one element for each output
// that waits. Output that was prepared for earlier checkpoints, which failed, waits too.
func (s *Subtask) Prepare(ctx context.Context, w Writer, id checkpoint.ID) (elements [][]byte, err error) {
	prepared, err := w.Prepare(ctx, id)
	if err != nil {
		return nil, err
	}
	if prepared != nil {
		s.waiting = append(s.waiting, pending{id, prepared})
	}
	elements = make([][]byte, 0, len(s.waiting))
	for _, p := range s.waiting {
		elements = append(elements, p.encode())
	}
	return elements, nil
}

// Complete is called when a checkpoint is complete. It gives commit what was prepared for that
// checkpoint and for earlier ones, and nothing that waits for a later one. If commit returns
// an error, the output still waits.
func (s *Subtask) Complete(id checkpoint.ID, commit func(prepared [][]byte) error) error {
	n := 0
	var prepared [][]byte
	for n < len(s.waiting) && s.waiting[n].id <= id {
		prepared = append(prepared, s.waiting[n].prepared)
		n++
	}
	if n == 0 {
		return nil
	}
	if err := commit(prepared); err != nil {
		return err
	}
	s.waiting = append(s.waiting[:0:0], s.waiting[n:]...)
	return nil
}

// Restored returns the prepared output in the elements of a checkpoint.
func Restored(elements [][]byte) (prepared [][]byte, err error) {
	for _, e := range elements {
		if len(e) < 8 {
			return nil, fmt.Errorf("prepared output of %d bytes: want at least 8", len(e))
		}
		prepared = append(prepared, e[8:])
	}
	return prepared, nil
}
