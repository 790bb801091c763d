// Package exchange takes records from one task to another: through bounded channels that
// end in a gate, one gate per receiving task. A full channel stops its sender; that is
// the only flow control there is. A channel can be held back while barriers are aligned;
// then it fills up and stops its sender in the same way.
//
// Beside the channels a gate has a lane for control messages (trigger a checkpoint, a
// checkpoint is complete), which are never held back and never wait.
//
// Between two operators of parallelism p there are p×p channels where records are routed
// by key, so an empty channel costs a few bytes: the room for its elements comes from a
// list that the gate keeps, and goes back to it.
package exchange

import (
	"errors"
	"sync"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
)

// Capacity is how many elements a channel holds: enough that a sender need not wait for
// every batch to be processed, few enough that a barrier does not queue for long.
const Capacity = 4

// ErrClosed says that the gate was closed: the attempt is over.
var ErrClosed = errors.New("exchange closed")

// Kind is what an element is.
type Kind uint8

const (
	// Records: a batch.
	Records Kind = iota
	// Barrier: of a checkpoint, between two batches.
	Barrier
	// Mark: how far event time has come.
	Mark
	// End: a source has read all there is. It travels after the last batch, so that a
	// source is not called exhausted while its last records wait in a channel.
	End
)

// An Element is what travels on a channel.
type Element struct {
	Kind    Kind
	Batch   flow.Batch    // of Records
	Barrier checkpoint.ID // of Barrier
	Mark    flow.Mark     // of Mark
}

// A Gate is where the channels of one task end. Any number of goroutines send; one
// receives.
//
// Invariants: ready has a channel once if its queued is set, and not otherwise; a channel
// with elements that is not held is queued; held has the channels that are held; once the
// gate has been as full as it gets, an element allocates nothing.
type Gate[C any] struct {
	mu       sync.Mutex
	arrived  sync.Cond // something to receive, or closed
	channels []channel
	ready    list // channels to receive from, in turn, so that none starves
	held     []int32
	room     map[int]*sync.Cond // of channels that a sender has waited for
	free     *node
	control  []C
	closed   bool
}

// channel is a bounded queue.
type channel struct {
	head, tail   *node
	next         int32 // the channel after it in ready
	n            uint8
	queued, held bool
}

// list is channels in a queue, linked by their next.
type list struct {
	first, last int32
	n           int
}

// node is an element in a queue.
type node struct {
	Element
	next *node
}

// NewGate makes a gate with a number of channels and a lane for control messages of
// type C.
func NewGate[C any](channels int) *Gate[C] {
	g := &Gate[C]{channels: make([]channel, channels)}
	g.arrived.L = &g.mu
	return g
}

// Send puts an element into a channel, and returns how long it has waited because the
// channel was full. The element's batch belongs to the receiver from then on.
func (g *Gate[C]) Send(channel int, e Element) (waited time.Duration, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := &g.channels[channel]
	if q.n == Capacity && !g.closed {
		began := time.Now()
		room := g.room[channel]
		if room == nil {
			room = sync.NewCond(&g.mu)
			if g.room == nil {
				g.room = make(map[int]*sync.Cond)
			}
			g.room[channel] = room
		}
		for q.n == Capacity && !g.closed {
			room.Wait()
		}
		waited = time.Since(began)
	}
	if g.closed {
		return waited, ErrClosed
	}
	g.push(q, e)
	if !q.held {
		g.queue(int32(channel))
		g.arrived.Signal()
	}
	return waited, nil
}

// push appends an element to a channel.
func (g *Gate[C]) push(q *channel, e Element) {
	n := g.free
	if n == nil {
		n = &node{}
	} else {
		g.free = n.next
	}
	n.Element, n.next = e, nil
	if q.tail == nil {
		q.head = n
	} else {
		q.tail.next = n
	}
	q.tail = n
	q.n++
}

// pop takes the first element of a channel.
func (g *Gate[C]) pop(q *channel) Element {
	n := q.head
	q.head = n.next
	if q.head == nil {
		q.tail = nil
	}
	q.n--
	e := n.Element
	n.Element, n.next = Element{}, g.free
	g.free = n
	return e
}

// queue appends a channel to those that are ready, if it is not among them.
func (g *Gate[C]) queue(channel int32) {
	q := &g.channels[channel]
	if q.queued {
		return
	}
	q.queued = true
	if g.ready.n == 0 {
		g.ready.first = channel
	} else {
		g.channels[g.ready.last].next = channel
	}
	g.ready.last = channel
	g.ready.n++
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
		if channel, ok := g.next(); ok {
			q := &g.channels[channel]
			e := g.pop(q)
			if q.n > 0 {
				g.queue(channel)
			}
			if room := g.room[int(channel)]; room != nil {
				room.Signal()
			}
			return Received[C]{Channel: int(channel), Element: e}, true, nil
		}
		if !wait {
			return r, false, nil
		}
		g.arrived.Wait()
	}
}

// next takes the channel out of ready whose turn it is. It passes over channels that were
// held after they were queued.
func (g *Gate[C]) next() (int32, bool) {
	for g.ready.n > 0 {
		channel := g.ready.first
		q := &g.channels[channel]
		g.ready.first = q.next
		g.ready.n--
		q.queued = false
		if !q.held { // it was queued with an element, which only Receive takes
			return channel, true
		}
	}
	return 0, false
}

// Hold holds a channel back: its elements are not received before Release.
func (g *Gate[C]) Hold(channel int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if q := &g.channels[channel]; !q.held {
		q.held = true
		g.held = append(g.held, int32(channel))
	}
}

// Release ends the holding of all channels.
func (g *Gate[C]) Release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, channel := range g.held {
		q := &g.channels[channel]
		q.held = false
		if q.n > 0 {
			g.queue(channel)
		}
	}
	g.held = g.held[:0]
}

// Close ends the exchange: Send and Receive return ErrClosed, and calls that wait return
// it, too.
func (g *Gate[C]) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.arrived.Broadcast()
	for _, room := range g.room {
		room.Broadcast()
	}
}
