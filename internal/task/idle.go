package task

import (
	"container/heap"
	"context"
	"time"
)

// A split that has nothing is read again after a pause. The pause doubles each time the
// split still has nothing.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second
	// busiest is how many idle splits a subtask reads in a second at most. With more idle
	// splits the longest pause grows.
	busiest = 500
)

// sleep says when an idle split is read again.
type sleep struct {
	until time.Time
	pause time.Duration
	at    int // place in the list, counted from 1; 0 if it is not in it
}

// idleList has the splits that have nothing. The first is the one to be read next.
type idleList struct{ heap idleHeap }

// add puts a split into the list. any says that it had records since it was in the list
// last; then its pause begins anew.
func (l *idleList) add(r *reading, any bool) {
	if r.sleep.at != 0 {
		return
	}
	if any || r.sleep.pause == 0 {
		r.sleep.pause = firstPause
	} else {
		longest := max(lastPause, time.Duration(len(l.heap)+1)*time.Second/busiest)
		r.sleep.pause = min(2*r.sleep.pause, longest)
	}
	r.sleep.until = time.Now().Add(r.sleep.pause)
	heap.Push(&l.heap, r)
}

// remove takes a split out of the list before its time.
func (l *idleList) remove(r *reading) {
	if r.sleep.at != 0 {
		heap.Remove(&l.heap, r.sleep.at-1)
	}
}

// due takes the splits whose time has come out of the list and appends them to dst.
func (l *idleList) due(dst []*reading) []*reading {
	if len(l.heap) == 0 {
		return dst
	}
	for now := time.Now(); len(l.heap) > 0 && !l.heap[0].sleep.until.After(now); {
		dst = append(dst, heap.Pop(&l.heap).(*reading))
	}
	return dst
}

// next returns when the next split is due.
func (l *idleList) next() (time.Time, bool) {
	if len(l.heap) == 0 {
		return time.Time{}, false
	}
	return l.heap[0].sleep.until, true
}

type idleHeap []*reading

func (h idleHeap) Len() int           { return len(h) }
func (h idleHeap) Less(a, b int) bool { return h[a].sleep.until.Before(h[b].sleep.until) }
func (h idleHeap) Swap(a, b int) {
	h[a], h[b] = h[b], h[a]
	h[a].sleep.at, h[b].sleep.at = a+1, b+1
}
func (h *idleHeap) Push(r any) {
	r.(*reading).sleep.at = len(*h) + 1
	*h = append(*h, r.(*reading))
}
func (h *idleHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	r.sleep.at = 0
	return r
}

// alarm is a timer that is set again and again.
type alarm struct{ timer *time.Timer }

func newAlarm() *alarm {
	a := &alarm{time.NewTimer(time.Hour)}
	a.timer.Stop()
	return a
}

// set makes the alarm go off at the given time, or not at all if ok is false. Splits that
// are due within a few milliseconds of each other are read together.
func (a *alarm) set(at time.Time, ok bool) {
	if !ok {
		a.timer.Stop()
		return
	}
	a.timer.Reset(max(time.Until(at), firstPause/2))
}

func (a *alarm) c() <-chan time.Time { return a.timer.C }
func (a *alarm) stop()               { a.timer.Stop() }

// pause waits. It returns an error if ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
