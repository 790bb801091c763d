package main

import (
	"context"
	"sync"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// A probe looks at the rows of a query: how many there are and, if the events come at a
// pace, how long after the event that it was waiting for each came.
type probe struct {
	events int64
	pace   *site.Pace // nil: latencies are not measured

	mu      sync.Mutex
	rows    int64
	latency histogram
}

// probeSink is the sink that a query's rows go to. It keeps nothing of them.
type probeSink[R any] struct {
	*probe
	due func(*R) weir.Time // the event time at which a row is due; nil if it has none
}

func (s probeSink[R]) Open(context.Context, weir.SinkContext) (weir.Writer[R], error) {
	return &probeWriter[R]{probeSink: s}, nil
}
func (probeSink[R]) Commit(context.Context, [][]byte) error   { return nil }
func (probeSink[R]) Abort(context.Context, weir.SinkID) error { return nil }

type probeWriter[R any] struct {
	probeSink[R]
	rows    int64
	latency histogram
}

func (w *probeWriter[R]) Write(_ context.Context, rows []R) error {
	w.rows += int64(len(rows))
	if w.pace == nil || w.due == nil {
		return nil
	}
	now := time.Now()
	for i := range rows {
		// The first event of the millisecond: of all that may have brought the row the
		// earliest. Rows that the end of the input has brought are left out.
		if n := int64(w.due(&rows[i])-site.BaseTime) * site.PerMilli; n < w.events {
			w.latency.add(now.Sub(w.pace.Due(n)))
		}
	}
	return nil
}

func (w *probeWriter[R]) Prepare(context.Context, weir.CheckpointID) ([]byte, error) { return nil, nil }

func (w *probeWriter[R]) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.probe.rows += w.rows
	w.probe.latency.join(&w.latency)
	return nil
}
