// Package clock decides how far event time has come where several channels meet: it has come
// as far as on the channel that is furthest behind. Idle channels do not count.
//
// The rules are those of Flink's StatusWatermarkValve. The package is pure: it gets marks and
// returns marks.
package clock

import "github.com/weirstream/weir/internal/flow"

// A Clock follows the marks of a number of channels. Channels may be added and removed.
//
// Invariants: out.Time never falls. The heap holds the channels that count, with the one that
// is furthest behind first. A channel that was idle counts again only when it has reached
// out.Time, so it never holds back a time that has passed already.
type Clock struct {
	channels []channel
	free     []int // numbers of removed channels
	heap     []int // numbers of the channels that count, ordered by time
	active   int   // channels that are neither removed nor idle
	out      flow.Mark
}

type channel struct {
	time    flow.Time
	at      int // place in the heap, or one of the states below
	idle    bool
	removed bool
}

// outside says that a channel is not in the heap.
const outside = -1

// New makes a clock for channels 0 to n-1, all of which are before every moment.
func New(n int) *Clock {
	c := &Clock{out: flow.Mark{Time: flow.MinTime}}
	for range n {
		c.Add(flow.MinTime)
	}
	return c
}

// Add adds a channel that has come to the given time, and returns its number. It counts at
// once: time does not go on until the channel has reached the present time.
func (c *Clock) Add(t flow.Time) int {
	var n int
	if last := len(c.free) - 1; last >= 0 {
		n = c.free[last]
		c.free = c.free[:last]
	} else {
		n = len(c.channels)
		c.channels = append(c.channels, channel{})
	}
	c.channels[n] = channel{time: t, at: outside}
	c.active++
	c.push(n)
	return n
}

// Remove removes a channel. If that changes the mark, it returns the new mark, which is to be
// passed on, and true.
func (c *Clock) Remove(n int) (m flow.Mark, changed bool) {
	ch := &c.channels[n]
	if ch.removed {
		return c.out, false
	}
	wasIdle := ch.idle
	c.drop(n)
	ch.removed = true
	c.free = append(c.free, n)
	if !wasIdle {
		c.active--
	}
	return c.judge(flow.MinTime)
}

// Mark takes the mark of a channel. If that changes the mark of the clock, it returns the new
// one, which is to be passed on, and true.
func (c *Clock) Mark(n int, m flow.Mark) (out flow.Mark, changed bool) {
	ch := &c.channels[n]
	if ch.removed {
		return c.out, false
	}
	last := ch.time
	ch.time = max(ch.time, m.Time)
	switch {
	case m.Idle && !ch.idle:
		c.drop(n)
		ch.idle = true
		c.active--
		// The channel may be the one that held time back: then what the others have come
		// to is as far as all of them, idle ones among them, have come.
		return c.judge(last)
	case m.Idle:
		return c.out, false
	case ch.idle:
		ch.idle = false
		c.active++
	}
	switch {
	case ch.at != outside:
		c.down(ch.at)
	case ch.time >= c.out.Time:
		c.push(n)
	}
	return c.judge(flow.MinTime)
}

// Settle returns the mark that follows from channels that were added, and whether it is a new
// one.
func (c *Clock) Settle() (m flow.Mark, changed bool) { return c.judge(flow.MinTime) }

// Now returns the last mark that was to be passed on.
func (c *Clock) Now() flow.Mark { return c.out }

// judge returns the mark that follows from the channels, and whether it is a new one. If a
// channel has just become idle, last is the time it had.
func (c *Clock) judge(last flow.Time) (flow.Mark, bool) {
	next := flow.Mark{Time: c.out.Time, Idle: c.active == 0 && len(c.channels) > 0}
	switch {
	case len(c.heap) > 0:
		next.Time = max(next.Time, c.channels[c.heap[0]].time)
	case next.Idle && !c.out.Idle && last == c.out.Time:
		for _, ch := range c.channels {
			if !ch.removed {
				next.Time = max(next.Time, ch.time)
			}
		}
	}
	changed := next != c.out
	c.out = next
	return next, changed
}

func (c *Clock) less(a, b int) bool { return c.channels[c.heap[a]].time < c.channels[c.heap[b]].time }

func (c *Clock) swap(a, b int) {
	c.heap[a], c.heap[b] = c.heap[b], c.heap[a]
	c.channels[c.heap[a]].at, c.channels[c.heap[b]].at = a, b
}

func (c *Clock) push(n int) {
	c.heap = append(c.heap, n)
	c.channels[n].at = len(c.heap) - 1
	c.up(len(c.heap) - 1)
}

// drop takes a channel out of the heap, if it is in it.
func (c *Clock) drop(n int) {
	at := c.channels[n].at
	if at == outside {
		return
	}
	last := len(c.heap) - 1
	c.swap(at, last)
	c.heap = c.heap[:last]
	c.channels[n].at = outside
	if at < last {
		c.down(at)
		c.up(at)
	}
}

func (c *Clock) up(i int) {
	for i > 0 && c.less(i, (i-1)/2) {
		c.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (c *Clock) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(c.heap); child++ {
			if c.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		c.swap(i, least)
		i = least
	}
}
