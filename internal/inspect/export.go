package inspect

import (
	"fmt"
	"slices"

	"github.com/weirstream/weir/flink"
)

// Exported says what an export has written, and what it could not.
type Exported struct {
	Entries int64
	Lost    UnreadList // state that could not be decoded
	Errors  []error    // what is damaged, as a *DamagedStateError, or could not be read
}

// A DamagedStateError says that the state of a handle is damaged.
type DamagedStateError struct {
	What string // whose state it is
	Err  error
}

func (e *DamagedStateError) Error() string { return fmt.Sprintf("%s is damaged: %v", e.What, e.Err) }
func (e *DamagedStateError) Unwrap() error { return e.Err }

// Damaged reports whether something is damaged.
func (x *Exported) Damaged() bool {
	return slices.ContainsFunc(x.Errors, func(err error) bool {
		_, ok := err.(*DamagedStateError)
		return ok
	})
}

// Export yields every entry of the loaded operators that is of a selected state. No more than
// a key group is in memory. The error is that of yield, which ends the export.
func (c *Checkpoint) Export(yield func(*Handle, *Entry) error) (*Exported, error) {
	x := &Exported{}
	var err error
	for _, op := range c.Operators {
		c.content.each(op.OperatorState, func(h *Handle, e *Entry) bool {
			if err == nil && c.Selected(e.State) {
				x.Entries++
				err = yield(h, e)
			}
			return err == nil
		}, func(h *Handle) {
			if err == nil {
				x.note(c, op, h)
			}
		})
		if err != nil {
			return x, err
		}
	}
	return x, nil
}

// note remembers what could not be exported of a handle.
func (x *Exported) note(c *Checkpoint, op *Operator, h *Handle) {
	where := h.describe(op.Label)
	if h.Problem != nil {
		x.Errors = append(x.Errors, &DamagedStateError{where, h.Problem})
	}
	if h.Failure != nil {
		x.Errors = append(x.Errors, fmt.Errorf("%s: %w", where, h.Failure))
	}
	switch h.Kind {
	case flink.ManagedKeyedStream, flink.ManagedOperatorStream:
	default:
		return // there are no entries
	}
	if !h.Whole && (h.Blind() || slices.ContainsFunc(h.States, c.Selected)) {
		x.Lost.add(h)
	}
}
