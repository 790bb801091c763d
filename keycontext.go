package weir

import (
	"fmt"
	"time"

	"github.com/weirstream/weir/internal/keyed"
)

// A KeyContext is where the function of a keyed operator declares its state, once per
// subtask, and learns about the key it is working on. It is a [Context] too.
type KeyContext[K comparable] struct {
	*plainContext
	backend   *keyed.Backend[K]
	timers    timers
	stamp     func(at Time) // gives what is emitted from now on its timestamp
	at        Time
	watermark Time
	firing    bool  // a timer fires
	clocked   bool  // came is needed
	came      int64 // when the batch came, in milliseconds
}

// plainContext is a Context under a name that leaves the method Context visible.
type plainContext = Context

// Key returns the key of the record that is being processed; the zero key if there is none.
func (c *KeyContext[K]) Key() K { return c.backend.Current.Key() }

// Timestamp returns the timestamp of the record that is being processed, or of the timer
// that fires. It is MinTime for a record without one, and in a job without event time.
func (c *KeyContext[K]) Timestamp() Time { return c.at }

// Watermark returns how far event time has come: no record with a timestamp at or before
// it is expected any more. It is MinTime before the first watermark, and in a job without
// event time.
func (c *KeyContext[K]) Watermark() Time { return c.watermark }

// Now returns the time of the engine's clock, which tests can set. If a result depends on it,
// the result may be another one when records are processed again after a restart.
func (c *KeyContext[K]) Now() time.Time { return time.Now() }

// failState says what is wrong with a state.
func (c *KeyContext[K]) failState(name string, err error) {
	c.fail(fmt.Errorf("state %q: %w", name, err))
}
