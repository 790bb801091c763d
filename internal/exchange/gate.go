// Package exchange is how records get from one task to another: bounded channels that
// end in a gate, one gate per receiving task. A full channel stops its sender; that is
// the only flow control there is. A channel can be held back while barriers are aligned,
// and then fills up and stops its sender in the same way.
//
// Beside the channels a gate has a lane for control messages (trigger a checkpoint, a
// checkpoint is complete), which are never held back and never wait.
package exchange

import (
	"errors"
	"sync"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
)

// Capacity is how many elements a channel holds: enough that a sender need not wait for
// every batch to be processed, few enough that a barrier does not queue for long.
const Capacity = 4

// ErrClosed says that the gate was closed: the attempt is over.
var ErrClosed = errors.New("exchange closed")

// An Element is what travels on a channel: a batch, a barrier between two batches, or
// the end of what a source has to read.
type Element struct {
	Batch   flow.Batch    // nil for the others
	Barrier checkpoint.ID // 0 for the others
	// End says that all was read. It travels behind the last batch, so that nobody calls
	// a source exhausted while its last records wait in a channel.
	End bool
}

// A Gate is where the channels of one task end. Any number of goroutines send; one
// receives.
type Gate[C any] struct {
	mu       sync.Mutex
	arrived  sync.Cond // something to receive, or closed
	room     []sync.Cond
	channels []ring
	held     []bool
	next     int // the channel to look at first, so that none starves
	control  []C
	closed   bool
}

// ring is a bounded queue.
type ring struct {
	buf  [Capacity]Element
	head int
	n    int
}

// NewGate makes a gate with a number of channels and a lane for control messages of
// type C.
func NewGate[C any](channels int) *Gate[C] {
	g := &Gate[C]{room: make([]sync.Cond, channels), channels: make([]ring, channels), held: make([]bool, channels)}
	g.arrived.L = &g.mu
	for i := range g.room {
		g.room[i].L = &g.mu
	}
	return g
}

// Send puts an element into a channel, waiting while the channel is full. The element's
// batch belongs to the receiver from then on.
func (g *Gate[C]) Send(channel int, e Element) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := &g.channels[channel]
	for q.n == Capacity && !g.closed {
		g.room[channel].Wait()
	}
	if g.closed {
		return ErrClosed
	}
	q.buf[(q.head+q.n)%Capacity] = e
	q.n++
	g.arrived.Signal()
	return nil
}

// Control puts a message into the control lane. It never waits. After Close it does
// nothing.
func (g *Gate[C]) Control(c C) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.control = append(g.control, c)
		g.arrived.Signal()
	}
}

// A Received is what Receive found.
type Received[C any] struct {
	Control *C // if not nil there is no element
	Channel int
	Element Element
}

// Receive returns the next control message or, if there is none, the next element of a
// channel that is not held. If there is nothing it waits, or, if wait is false, returns
// false.
func (g *Gate[C]) Receive(wait bool) (r Received[C], ok bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		if g.closed {
			return r, false, ErrClosed
		}
		if len(g.control) > 0 {
			c := g.control[0]
			g.control = g.control[1:]
			return Received[C]{Control: &c}, true, nil
		}
		for i := range g.channels {
			c := (g.next + i) % len(g.channels)
			q := &g.channels[c]
			if q.n == 0 || g.held[c] {
				continue
			}
			e := q.buf[q.head]
			q.buf[q.head] = Element{}
			q.head = (q.head + 1) % Capacity
			q.n--
			g.next = (c + 1) % len(g.channels)
			g.room[c].Signal()
			return Received[C]{Channel: c, Element: e}, true, nil
		}
		if !wait {
			return r, false, nil
		}
		g.arrived.Wait()
	}
}

// Hold keeps elements of a channel from being received until Release.
func (g *Gate[C]) Hold(channel int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held[channel] = true
}

// Release lets all channels go on.
func (g *Gate[C]) Release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.held)
}

// Close ends the exchange: whoever waits in Send or Receive returns with ErrClosed.
func (g *Gate[C]) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.arrived.Broadcast()
	for i := range g.room {
		g.room[i].Broadcast()
	}
}
