package weir

import (
	"fmt"
	"time"

	"github.com/weirstream/weir/internal/keyed"
)

// A TTL is the time to live of a state: how long what it holds lives after it was last
// used. What is older is never returned. It is removed when it is looked for, and otherwise
// little by little while records are processed, without a pause.
//
// The elements of a list and the values of a map have a time to live each. To count them
// (Len) is to look at each.
//
// State with a time to live is written as Flink writes it. A state that was kept without
// one cannot be read with one, nor the other way round.
type TTL struct {
	// For is how long: at least a millisecond; what is finer is cut off.
	For time.Duration
	// OnRead makes reading a use, too. Otherwise only writing is one.
	OnRead bool
	// Event measures in event time: now is the timestamp of the record that is processed, or
	// the watermark if that is later. So what has expired when records are processed again is
	// the same, whenever that is. Otherwise the clock is read, once per batch.
	Event bool
}

// WithTTL gives a state a time to live.
func WithTTL(t TTL) StateOption { return t }

func (t TTL) state(o *stateOptions) { o.ttl = &t }

// ttlOf returns the time to live of a state for the tables; ok is false if it has none.
func ttlOf[K comparable](c *KeyContext[K], name string, given stateOptions) (ttl keyed.TTL, ok bool) {
	t := given.ttl
	if t == nil {
		return ttl, false
	}
	if t.For < time.Millisecond {
		c.failState(name, fmt.Errorf("a time to live of %v: want at least a millisecond", t.For))
	}
	ttl = keyed.TTL{For: t.For.Milliseconds(), OnRead: t.OnRead, Now: c.eventNow}
	if !t.Event {
		ttl.Now = c.batchNow
		c.clocked = true
	}
	return ttl, true
}

// eventNow is the present of states with a time to live in event time.
func (c *KeyContext[K]) eventNow() int64 {
	if c.firing && c.at != MinTime {
		return int64(c.at) // not the watermark, which may be further in another run
	}
	return int64(max(c.at, c.watermark))
}

// batchNow is the present of states with a time to live in processing time: when the batch
// came.
func (c *KeyContext[K]) batchNow() int64 { return c.came }

// sweepShare is how many records come for each entry of a state with a time to live that is
// looked at, to be removed if it is too old.
const sweepShare = 4

// sweep removes some of what is too old, after a batch of n records.
func (c *KeyContext[K]) sweep(n int) {
	c.at = MinTime
	c.backend.Sweep(max(8, n/sweepShare))
}
