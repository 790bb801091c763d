package keyed

// A timerOrder knows which of several queues has the earliest timer: it is a heap of
// queues by the time of the first timer of each.
type timerOrder struct {
	heap []int   // the queues that have timers
	pos  []int   // of each queue in heap, or none
	at   []int64 // the time of each queue's first timer
}

func newTimerOrder(queues int) timerOrder {
	o := timerOrder{pos: make([]int, queues), at: make([]int64, queues)}
	for q := range o.pos {
		o.pos[q] = none
	}
	return o
}

// first returns the earliest time and the queue that has it.
func (o *timerOrder) first() (at int64, queue int, ok bool) {
	if len(o.heap) == 0 {
		return 0, 0, false
	}
	return o.at[o.heap[0]], o.heap[0], true
}

// fix notes what the first timer of a queue is, if it has one.
func (o *timerOrder) fix(queue int, at int64, ok bool) {
	i := o.pos[queue]
	switch {
	case !ok && i == none:
		return
	case !ok: // the last of the heap takes its place
		last := len(o.heap) - 1
		o.put(i, o.heap[last])
		o.heap, o.pos[queue] = o.heap[:last], none
		if i < last {
			o.down(o.up(i))
		}
	case i == none:
		o.at[queue] = at
		o.heap = append(o.heap, queue)
		o.put(len(o.heap)-1, queue)
		o.up(len(o.heap) - 1)
	case o.at[queue] != at:
		o.at[queue] = at
		o.down(o.up(i))
	}
}

func (o *timerOrder) put(i, queue int) { o.heap[i], o.pos[queue] = queue, i }

// up moves what is at i up to where it belongs, and returns where that is.
func (o *timerOrder) up(i int) int {
	queue := o.heap[i]
	for i > 0 {
		parent := (i - 1) / 2
		if o.at[o.heap[parent]] <= o.at[queue] {
			break
		}
		o.put(i, o.heap[parent])
		i = parent
	}
	o.put(i, queue)
	return i
}

// down moves what is at i down to where it belongs.
func (o *timerOrder) down(i int) {
	queue := o.heap[i]
	for {
		child := 2*i + 1
		if child+1 < len(o.heap) && o.at[o.heap[child+1]] < o.at[o.heap[child]] {
			child++
		}
		if child >= len(o.heap) || o.at[queue] <= o.at[o.heap[child]] {
			break
		}
		o.put(i, o.heap[child])
		i = child
	}
	o.put(i, queue)
}
