package weir

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
)

// A Collector is a sink that keeps the records in memory, exactly once, for tests and
// examples. The zero value is ready to use; one collector may serve several sinks, over
// any number of restarts within the process. What an earlier process collected is gone
// with it.
type Collector[T any] struct {
	mu        sync.Mutex
	prepared  map[uint64]collected[T]
	committed []T
}

// collected is what a sink has prepared.
type collected[T any] struct {
	sink    SinkID
	records []T
}

// Records returns what was committed so far: records of one subtask in their order,
// those of several in the order of their commits.
func (c *Collector[T]) Records() []T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]T(nil), c.committed...)
}

// Open begins the writing of one subtask.
func (c *Collector[T]) Open(_ context.Context, s SinkContext) (Writer[T], error) {
	return &collectWriter[T]{c: c, sink: s.SinkID}, nil
}

// Commit makes what was prepared part of Records.
func (c *Collector[T]) Commit(_ context.Context, prepared [][]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range prepared {
		if len(p) != 8 {
			return Permanent(fmt.Errorf("prepared by something else than a Collector: %d bytes", len(p)))
		}
		// What is no longer there was committed before, or belonged to another process.
		id := binary.BigEndian.Uint64(p)
		c.committed = append(c.committed, c.prepared[id].records...)
		delete(c.prepared, id)
	}
	return nil
}

// Abort forgets what was not committed.
func (c *Collector[T]) Abort(_ context.Context, id SinkID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.prepared, func(_ uint64, p collected[T]) bool { return p.sink == id })
	return nil
}

type collectWriter[T any] struct {
	c    *Collector[T]
	sink SinkID
	buf  []T
}

func (w *collectWriter[T]) Write(_ context.Context, records []T) error {
	w.buf = append(w.buf, records...)
	return nil
}

func (w *collectWriter[T]) Prepare(context.Context, CheckpointID) ([]byte, error) {
	if len(w.buf) == 0 {
		return nil, nil
	}
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	if w.c.prepared == nil {
		w.c.prepared = make(map[uint64]collected[T])
	}
	id := rand.Uint64()
	w.c.prepared[id], w.buf = collected[T]{w.sink, w.buf}, nil
	return binary.BigEndian.AppendUint64(nil, id), nil
}

func (w *collectWriter[T]) Close() error { return nil }
