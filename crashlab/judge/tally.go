package judge

import (
	"time"

	"github.com/weirstream/weir/crashlab/blocklog"
)

// Counts are numbers of images by verdict.
type Counts [States]int

// Bad returns how many are not OK.
func (c Counts) Bad() (n int) {
	for s, k := range c {
		if State(s) != OK {
			n += k
		}
	}
	return n
}

// All returns how many there are.
func (c Counts) All() int { return c.Bad() + c[OK] }

// A Tally sums up the verdicts on the images of one log.
type Tally struct {
	Prefixes  Counts // the disk kept the order of the writes
	Reordered Counts // it did not, between two flushes

	// Window is the longest time after an acknowledgement at which a power cut still
	// destroyed the acknowledged checkpoint, in prefixes.
	Window time.Duration
	// WindowOpen says that this was still so at the end of the log.
	WindowOpen bool

	// Restarts is the number of images on which the job was run to the end of its input.
	Restarts int
}

// Both returns the counts of all images.
func (t *Tally) Both() (c Counts) {
	for s := range c {
		c[s] = t.Prefixes[s] + t.Reordered[s]
	}
	return c
}

// Add adds the verdict on a cut of a log.
//
// The disk stays in the state of a prefix until the next write. During that time a power
// cut has this result.
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
