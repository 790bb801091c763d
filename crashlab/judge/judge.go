// Package judge holds what a recovery found after a power cut against what the world had
// been told before it, sums that up, and says whether the sum is what it has to be.
//
// It is pure: values in, verdicts out.
package judge

import (
	"fmt"
	"strconv"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/crashlab/blocklog"
)

// The words of the marks in a log.
const (
	Begin = "BEGIN" // and an id: the checkpoint may be found from now on
	Ack   = "ACK"   // and an id: the checkpoint has been reported complete
)

// Told is what the world has been told at some moment.
type Told struct {
	Begun   checkpoint.ID // the newest that may exist; 0 if nothing was said about that
	Acked   checkpoint.ID // the newest reported complete; 0 for none
	AckedAt time.Duration // since the log began
}

// ToldBefore is what the world has been told before an event of a log.
func ToldBefore(l blocklog.Log, event int) (t Told) {
	id := func(s string) checkpoint.ID {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			panic(err) // marks are checked when they are made
		}
		return checkpoint.ID(n)
	}
	if s, _, ok := l.Last(event, Begin); ok {
		t.Begun = id(s)
	}
	if s, at, ok := l.Last(event, Ack); ok {
		t.Acked, t.AckedAt = id(s), at
	}
	return t
}

// A Finding is what came of mounting and recovering one image.
type Finding struct {
	Unmountable string        `json:"unmountable,omitempty"` // why it cannot be mounted
	Recovered   checkpoint.ID `json:"recovered"`             // 0: there is nothing to start from
	Torn        string        `json:"torn,omitempty"`        // what looks whole and is not
	Refused     string        `json:"refused,omitempty"`     // why recovery gave nothing back
	Wrong       string        `json:"wrong,omitempty"`       // what went wrong when going on from there
}

// A State is the verdict on an image.
type State int

const (
	// OK: what was acknowledged is there, whole, and so is nothing else.
	OK State = iota
	// Regressed: only an older checkpoint is there.
	Regressed
	// Lost: a checkpoint was acknowledged and none is there.
	Lost
	// Torn: something that looks like a checkpoint has other bytes than were written.
	Torn
	// Wrong: the right checkpoint is there, and going on from it goes wrong.
	Wrong
	// Unmountable: the file system itself did not survive.
	Unmountable

	States = int(Unmountable) + 1
)

func (s State) String() string {
	return [...]string{"ok", "regressed", "lost", "torn", "wrong", "unmountable"}[s]
}

// Verdict judges a finding, and says why if it is bad.
func Verdict(t Told, f Finding) (State, string) {
	switch {
	case f.Unmountable != "":
		return Unmountable, f.Unmountable
	case f.Torn != "":
		return Torn, f.Torn
	case t.Begun > 0 && f.Recovered > t.Begun:
		return Torn, fmt.Sprintf("recovered checkpoint %v, and the newest that was begun is %v", f.Recovered, t.Begun)
	case f.Refused != "":
		return Lost, f.Refused
	case f.Recovered >= t.Acked && f.Wrong != "":
		return Wrong, f.Wrong
	case f.Recovered >= t.Acked:
		return OK, ""
	case f.Recovered == 0:
		return Lost, fmt.Sprintf("checkpoint %v was acknowledged, and there is none", t.Acked)
	default:
		return Regressed, fmt.Sprintf("checkpoint %v was acknowledged, and the newest is %v", t.Acked, f.Recovered)
	}
}
