package window

import (
	"errors"

	"github.com/weirstream/weir/eventtime"
)

// A Trigger says when what is in a window is emitted: when the window fires. It is a value
// without state; what it needs to remember is state of the operator.
type Trigger struct {
	open  func(Context) Rule
	atEnd bool // it is AtWatermark and nothing more
	err   error
}

// By makes a trigger of its own. open is called once in each subtask, when the operator is
// opened: it declares the numbers that the rule needs, and returns the rule.
func By(open func(c Context) Rule) Trigger {
	if open == nil {
		return Trigger{err: errors.New("the trigger has a nil function")}
	}
	return Trigger{open: open}
}

// A Rule decides when windows fire: Flink's Trigger. Its methods are called for one key and
// one window at a time, to which the [Context] belongs meanwhile. A rule is used by one
// goroutine, and keeps nothing about keys or windows itself: that is what [Number] is for.
type Rule interface {
	// OnRecord is called for each record after it has been added to the window. at is the
	// record's timestamp; of windows of processing time, the time of the clock.
	OnRecord(at eventtime.Time, w Bounds) Result
	// OnEventTime is called when a timer of event time fires that was set for at, and when
	// the window is about to be removed.
	OnEventTime(at eventtime.Time, w Bounds) Result
	// OnProcessingTime is called when a timer of processing time fires that was set for at.
	OnProcessingTime(at eventtime.Time, w Bounds) Result
	// OnMerge is called when sessions have become one, with that one. It merges the rule's
	// numbers, and sets timers for the window. Clear is called for each of the former windows
	// after that.
	OnMerge(w Bounds)
	// Clear is called when a window is removed. It removes the rule's numbers and timers.
	Clear(w Bounds)
}

// A Context is what a rule can do and know. All but Number is about the key and window for
// which the rule is called.
type Context interface {
	// Watermark returns how far event time has come.
	Watermark() eventtime.Time
	// Now returns the time of the clock.
	Now() eventtime.Time
	// ProcessingTime reports whether the windows are of processing time.
	ProcessingTime() bool
	// EventTimer sets a timer: OnEventTime is called when the watermark has come to at. Of
	// several for one time there is one.
	EventTimer(at eventtime.Time)
	// DeleteEventTimer deletes a timer, if there is one.
	DeleteEventTimer(at eventtime.Time)
	// ProcessingTimer sets a timer: OnProcessingTime is called when the clock has passed at.
	ProcessingTimer(at eventtime.Time)
	// DeleteProcessingTimer deletes a timer, if there is one.
	DeleteProcessingTimer(at eventtime.Time)
	// Number declares a number that is kept for each key and window. It is state under that
	// name. merge makes one number of two when sessions become one. It is called when the
	// rule is opened.
	Number(name string, merge func(a, b int64) int64) Number
}

// A Number is a number of the current key and window.
type Number interface {
	Get() (n int64, ok bool)
	Set(n int64)
	Clear()
	// Merge is called in OnMerge: the number becomes what the sessions have had that became
	// one.
	Merge()
}

// Result is what a rule says is to be done with a window.
type Result uint8

const (
	// Continue does nothing.
	Continue Result = 0
	// Fire emits what is in the window.
	Fire Result = 1
	// Purge removes what is in the window. The window itself stays.
	Purge Result = 2
	// FireAndPurge emits what is in the window, and removes it.
	FireAndPurge = Fire | Purge
)

// Fires reports whether the window is emitted.
func (r Result) Fires() bool { return r&Fire != 0 }

// Purges reports whether what is in the window is removed.
func (r Result) Purges() bool { return r&Purge != 0 }

// Open makes the rule of a subtask.
func (t Trigger) Open(c Context) Rule { return t.open(c) }

// OnlyAtEnd reports whether the trigger is AtWatermark and nothing more. Operators do what
// it does without asking it.
func (t Trigger) OnlyAtEnd() bool { return t.atEnd }

// Check returns what is wrong with the trigger, or nil.
func (t Trigger) Check() error {
	if t.err == nil && t.open == nil {
		return errors.New("no trigger: make one with AtWatermark, EveryCount, Every or By")
	}
	return t.err
}
