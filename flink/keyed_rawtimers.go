package flink

import (
	"fmt"
	"iter"

	"github.com/weirstream/weir/checkpoint"
)

// Raw keyed state has no header. An operator decides about the bytes of its key groups; the
// offset of a key group without data is -1. Up to 1.12 Flink wrote timers there, in jobs
// with state in RocksDB and timers on the heap. Each key group:
//
//	i32  0xF1CD859F
//	i32  2
//	i32  n ; n × service:
//	     utf       name
//	     snapshot  key serializer          nested form
//	     snapshot  namespace serializer    nested form
//	     i32  n ; n × (key, namespace, i64 timestamp)      in event time
//	     i32  n ; n × (key, namespace, i64 timestamp)      in processing time
const rawTimersMagic uint32 = 0xF1CD859F

const (
	rawTimersVersion = 2

	rawTimerServiceMinSize = 2 + 2*snapshotMinSize + 4 + 4
)

// A RawTimer is a timer in raw keyed state.
type RawTimer struct {
	Group     checkpoint.KeyGroup
	Service   string // the name of the timer service
	EventTime bool   // or else processing time
	Timer     TimerValue
}

// RawTimers yields all timers in a raw keyed state stream. data is the whole stream. An
// error ends the sequence. It is an error if the stream holds something else than timers.
func RawTimers(h *KeyGroupsHandle, data []byte) iter.Seq2[RawTimer, error] {
	return func(yield func(RawTimer, error) bool) {
		spans, err := spansOf(h, int64(len(data)), noRawGroup)
		if err != nil {
			yield(RawTimer{}, err)
			return
		}
		for i, s := range spans {
			if s.len() == 0 {
				continue
			}
			g := checkpoint.KeyGroup(h.Range.Start + i)
			c := NewCursor(data[s.from:s.to])
			if !c.rawTimers(RawTimer{Group: g}, yield) {
				return
			}
			if c.wantEnd(); c.err != nil {
				yield(RawTimer{}, fmt.Errorf("key group %d, at byte %d: %w", g, s.from, c.err))
				return
			}
		}
	}
}

// rawTimers decodes the services of a key group. It returns false if yield did.
func (c *Cursor) rawTimers(t RawTimer, yield func(RawTimer, error) bool) bool {
	if magic := uint32(c.I32()); magic != rawTimersMagic {
		c.Failf("raw keyed state begins with %#x; timers would with %#x", magic, rawTimersMagic)
	}
	if v := c.I32(); v != rawTimersVersion {
		c.Failf("version %d of timers, want %d", v, rawTimersVersion)
	}
	for range c.Count("timer services", rawTimerServiceMinSize) {
		t.Service = c.UTF()
		key, namespace := DecodeSnapshot(c), DecodeSnapshot(c)
		for _, t.EventTime = range []bool{true, false} {
			for range c.Count("timers", 8) {
				t.Timer = TimerValue{Key: key.Decode(c), Namespace: namespace.Decode(c), Timestamp: c.I64()}
				if c.err != nil {
					return true
				}
				if !yield(t, nil) {
					return false
				}
			}
		}
	}
	return true
}
