package judge

import (
	"time"

	"github.com/weirstream/weir/crashlab/blocklog"
)

// Counts are numbers of images by verdict.
type Counts [States]int

// Bad is how many are not OK.
func (c Counts) Bad() (n int) {
	for s, k := range c {
		if State(s) != OK {
			n += k
		}
	}
	return n
}

// All is how many there are.
func (c Counts) All() int { return c.Bad() + c[OK] }

// A Tally sums up the verdicts on the images of one log.
type Tally struct {
	Prefixes  Counts // the disk kept the order of the writes
	Reordered Counts // it did not, within a flush epoch

	// Window is how long after an acknowledgement a power cut was last seen to take the
	// acknowledged checkpoint away, in prefixes.
	Window time.Duration
	// WindowOpen: that was so at the end of the log still.
	WindowOpen bool

	// Restarts is on how many images the whole job was run to its end.
	Restarts int
}

// Both are the counts of all images.
func (t *Tally) Both() (c Counts) {
	for s := range c {
		c[s] = t.Prefixes[s] + t.Reordered[s]
	}
	return c
}

// Add adds the verdict on a cut of a log.
//
// The disk is in the state that a prefix leaves until the next write: that long could
// the power have been cut with this result.
func (t *Tally) Add(l blocklog.Log, c blocklog.Cut, told Told, s State) {
	if !c.Prefix() {
		t.Reordered[s]++
		return
	}
	t.Prefixes[s]++
	if s == OK || told.Acked == 0 {
		return
	}
	until, open := l.End(), true
	if c.Before < len(l) {
		until, open = l[c.Before].At, false
	}
	if w := until - told.AckedAt; w > t.Window {
		t.Window = w
	}
	t.WindowOpen = t.WindowOpen || open
}
