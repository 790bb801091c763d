package judge

import "fmt"

// An Expectation is what must come out for a workload on a file system.
type Expectation int

const (
	// Watch: nothing is demanded, it is only reported.
	Watch Expectation = iota
	// Clean: no image may be bad. That is the promise.
	Clean
	// Caught: some image must be bad: a bench that does not see what is known to be
	// broken proves nothing about the rest.
	Caught
	// CaughtLosing: on some image everything must be lost.
	CaughtLosing
)

// Complaint says how a tally falls short of what is expected, "" if it does not.
func (e Expectation) Complaint(t *Tally) string {
	c := t.Both()
	switch {
	case c.All() == 0:
		return "there were no images to look at"
	case e == Clean && c.Bad() > 0:
		return fmt.Sprintf("the promise is broken on %d of %d images", c.Bad(), c.All())
	case e == Caught && c.Bad() == 0:
		return fmt.Sprintf("a sequence that is known to be broken was not caught on any of %d images: the bench is blind", c.All())
	case e == CaughtLosing && c[Lost]+c[Torn] == 0:
		return fmt.Sprintf("a sequence that is known to lose everything was not caught doing so on any of %d images: the bench is blind", c.All())
	}
	return ""
}
