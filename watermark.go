package weir

import (
	"fmt"
	"time"
)

// Watermarks say what the timestamps of the records of a stream are, and how far event time
// has come with them (Flink's WatermarkStrategy). A watermark of t promises that no record
// with a timestamp at or before t comes any more; one that comes all the same is late.
//
// Given to [From] they are made within each split, before splits are joined: the watermark
// of a subtask is that of its split that is furthest behind, and so on over all channels.
// They are kept in the position of the split, so that a job that goes on after a restart
// finds the same records late as it would have.
type Watermarks[T any] struct {
	at    func(T) Time
	open  func() WatermarkGenerator[T]
	most  time.Duration // how far out of order records are, if open is nil
	never bool          // there are no watermarks but the last one
	idle  time.Duration
	group string
	drift time.Duration
	err   error
}

// A WatermarkGenerator follows the records of one split and says how far event time has come
// with them. One goroutine uses it.
type WatermarkGenerator[T any] interface {
	// OnRecord takes in a record and its timestamp.
	OnRecord(v T, at Time)
	// Watermark returns how far event time has come. It is asked once after each batch of
	// records. What is earlier than the last answer counts as the last answer.
	Watermark() Time
}

// Monotonous is for records whose timestamps never fall within a split. at returns the
// timestamp of a record; nil stands for the timestamps that the source brings.
func Monotonous[T any](at func(T) Time) Watermarks[T] { return OutOfOrder(0, at) }

// OutOfOrder is for records that come at most so much out of order within a split: the
// watermark is that much, and a millisecond, before the latest timestamp so far. at returns
// the timestamp of a record; nil stands for the timestamps that the source brings.
func OutOfOrder[T any](most time.Duration, at func(T) Time) Watermarks[T] {
	w := Watermarks[T]{at: at, most: most}
	if most < 0 {
		w.err = fmt.Errorf("records are %v out of order: want no less than 0", most)
	}
	return w
}

// WatermarksBy makes watermarks by a generator of its own for each split. at returns the
// timestamp of a record; nil stands for the timestamps that the source brings.
func WatermarksBy[T any](at func(T) Time, open func() WatermarkGenerator[T]) Watermarks[T] {
	w := Watermarks[T]{at: at, open: open}
	if open == nil {
		w.err = fmt.Errorf("nil function that makes watermark generators")
	}
	return w
}

// NoWatermarks gives records timestamps, and no watermarks: event time stands still until the
// input ends.
func NoWatermarks[T any](at func(T) Time) Watermarks[T] { return Watermarks[T]{at: at, never: true} }

// WithIdleness lets event time go on without a split that has had no record for so long.
func (w Watermarks[T]) WithIdleness(d time.Duration) Watermarks[T] {
	if w.idle = d; d <= 0 {
		w.err = fmt.Errorf("idle after %v: want more than 0", d)
	}
	return w
}

// WithAlignment keeps the splits of all sources of a group together: one that is more than
// most ahead of the group's watermark is not read until the others have come closer.
func (w Watermarks[T]) WithAlignment(group string, most time.Duration) Watermarks[T] {
	w.group, w.drift = group, most
	switch {
	case group == "":
		w.err = fmt.Errorf("an alignment group has no name")
	case most <= 0:
		w.err = fmt.Errorf("alignment group %s: at most %v ahead: want more than 0", group, most)
	}
	return w
}

// check returns an error if the parts do not fit together.
func (w *Watermarks[T]) check() error {
	if w.err == nil && w.never && w.group != "" {
		return fmt.Errorf("alignment group %s: a source without watermarks cannot be aligned, the others would wait for it until it ends", w.group)
	}
	return w.err
}

// source makes Watermarks a SourceOption.
func (w Watermarks[T]) source(o *sourceOptions[T]) { o.watermarks = &w }
