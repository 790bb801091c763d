package judge

import "fmt"

// An Expectation is the result that a workload must have on a file system.
type Expectation int

const (
	// Watch: any result is allowed. It is only reported.
	Watch Expectation = iota
	// Clean: no image may be bad. That is the promise.
	Clean
	// Caught: at least one image must be bad. If the bench does not see the losses of a
	// sequence that is known to be broken, its other results prove nothing.
	Caught
	// CaughtLosing: on at least one image every checkpoint must be lost.
	CaughtLosing
)

// Complaint says how a tally differs from the expectation, or "" if it does not.
func (e Expectation) Complaint(t *Tally) string {
	c := t.Both()
	switch {
	case c.All() == 0:
		return "there were no images"
	case e == Clean && c.Bad() > 0:
		return fmt.Sprintf("the promise is broken on %d of %d images", c.Bad(), c.All())
	case e == Caught && c.Bad() == 0:
		return fmt.Sprintf("a sequence that is known to be broken was not caught on any of %d images: the bench is blind", c.All())
	case e == CaughtLosing && c[Lost]+c[Torn] == 0:
		return fmt.Sprintf("a sequence that is known to lose everything was not caught doing so on any of %d images: the bench is blind", c.All())
	}
	return ""
}
