package weir

import (
	"time"

	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/window"
)

// A windowRule is the trigger of a subtask, with all that it may ask of the operator. It is
// the window.Context of the trigger's rule.
type windowRule struct {
	window.Rule
	watermark, ending func() Time
	processingTime    bool
	event, processing windowTimers
	number            func(name string) windowValue[int64]
	numbers           []*windowNumber
	now               window.Bounds    // the current window
	joined            *window.Sessions // what it has just become one of
}

func newWindowRule[K comparable, T any](w *windows[K, T], event, processing windowTimers) *windowRule {
	r := &windowRule{
		watermark: w.c.Watermark,
		ending: func() Time {
			if w.ending {
				return MaxTime
			}
			return MinTime
		},
		processingTime: w.shape.ProcessingTime,
		event:          event, processing: processing,
		joined: &w.joined,
	}
	r.number = func(name string) windowValue[int64] {
		of, err := codec.Of[int64]()
		if err != nil {
			w.c.failState(name, err)
		}
		return declareWindowValue(w.c, w.shape.Kind == window.KindGlobal, name, keyed.ReducingValue, of)
	}
	r.Rule = w.trigger.Open(r)
	if r.Rule == nil {
		w.c.fail(errNoRule)
	}
	return r
}

// in makes a window the current one.
func (r *windowRule) in(w window.Bounds) {
	r.now = w
	for _, n := range r.numbers {
		n.in(w)
	}
}

func (r *windowRule) Watermark() Time      { return r.watermark() }
func (r *windowRule) ProcessingTime() bool { return r.processingTime }

// Now is the end of time when the input has ended.
func (r *windowRule) Now() Time { return max(At(time.Now()), r.ending()) }

func (r *windowRule) EventTimer(at Time)            { r.event.register(at, r.now) }
func (r *windowRule) DeleteEventTimer(at Time)      { r.event.delete(at, r.now) }
func (r *windowRule) ProcessingTimer(at Time)       { r.processing.register(at, r.now) }
func (r *windowRule) DeleteProcessingTimer(at Time) { r.processing.delete(at, r.now) }

func (r *windowRule) Number(name string, merge func(a, b int64) int64) window.Number {
	n := &windowNumber{rule: r, windowValue: r.number(name), merge: merge}
	r.numbers = append(r.numbers, n)
	return n
}

// A windowNumber is a number that a rule keeps for each key and window.
type windowNumber struct {
	windowValue[int64]
	rule  *windowRule
	merge func(a, b int64) int64
}

// Clear removes the number.
func (n *windowNumber) Clear() { n.windowValue.Clear() }

// Merge makes the number of the current window what those have that it is made of. Theirs go
// when the rule's Clear is called for them.
func (n *windowNumber) Merge() {
	var sum int64
	any := false
	for _, j := range *n.rule.joined {
		n.in(j.Window)
		v, ok := n.Get()
		if !ok {
			continue
		}
		if any {
			v = n.merge(sum, v)
		}
		sum, any = v, true
	}
	n.in(n.rule.now)
	if any {
		n.Set(sum)
	}
}
