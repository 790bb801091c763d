package file

import (
	"context"

	"github.com/weirstream/weir"
)

// An encoder writes a record as a line. It belongs to one writer.
type encoder[T any] func(record *T) error

type newEncoder[T any] func(to *parts) encoder[T]

// writer is one subtask of a sink.
type writer[T any] struct {
	parts   *parts
	encode  encoder[T]
	writers *writers // of the sink, this one among them until it is closed
}

// Write takes records into the file of the next checkpoint. Nothing is durable.
func (w *writer[T]) Write(_ context.Context, records []T) error {
	for i := range records {
		if w.parts.err != nil {
			break
		}
		if err := w.encode(&records[i]); err != nil {
			w.parts.fail(err)
		}
	}
	return w.parts.err
}

// Prepare makes what was written since the last Prepare durable, under a hidden name.
func (w *writer[T]) Prepare(_ context.Context, id weir.CheckpointID) ([]byte, error) {
	return w.parts.prepare(id)
}

// Close removes what was written and not prepared.
func (w *writer[T]) Close() error {
	w.writers.closed(w.parts.name)
	w.parts.discard()
	return nil
}
