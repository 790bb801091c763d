package file

import (
	"context"

	"github.com/weirstream/weir"
)

// An encoder writes a record as a line. It belongs to one writer.
type encoder[T any] func(record *T) error

type newEncoder[T any] func(to *parts) encoder[T]

// writer is one subtask of a sink. After an error it refuses everything but Close: what was
// written may be lost.
type writer[T any] struct {
	parts   *parts
	encode  encoder[T]
	running *running // is told what was prepared, until the writer is closed
}

// Write takes records into the file of the next checkpoint. Nothing is durable.
func (w *writer[T]) Write(ctx context.Context, records []T) error {
	w.parts.fail(ctx.Err())
	for i := range records {
		if w.parts.err != nil {
			break
		}
		w.parts.fail(w.encode(&records[i]))
	}
	return w.parts.err
}

// Prepare makes what was written since the last Prepare durable, under a hidden name.
func (w *writer[T]) Prepare(ctx context.Context, id weir.CheckpointID) ([]byte, error) {
	w.parts.fail(ctx.Err())
	p, err := w.parts.prepare(id)
	if err != nil || p == nil {
		return nil, err
	}
	w.running.wrote(w.parts.name)
	return p.encode(), nil
}

// Close removes what was written and not prepared.
func (w *writer[T]) Close() error {
	w.running.closed(w.parts.name)
	w.parts.discard()
	return nil
}
