// Package judge compares what a recovery has found after a power cut with what the world
// had been told before it, counts the verdicts, and says whether the counts are as expected.
// The world is everything outside of the machine: a power cut there does not make it forget.
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
	Begin = "BEGIN" // with an id: a recovery may find the checkpoint from now on
	Ack   = "ACK"   // with an id: the checkpoint has been reported complete
)

// Told is what the world has been told at some moment.
type Told struct {
	Begun   checkpoint.ID // the newest that may exist; 0 if the log does not say
	Acked   checkpoint.ID // the newest reported complete; 0 for none
	AckedAt time.Duration // since the log began
}

// ToldBefore returns what the world has been told before an event of a log.
func ToldBefore(l blocklog.Log, event int) (t Told) {
	id := func(s string) checkpoint.ID {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			panic(err) // the mark was made of a checkpoint.ID
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

// A Finding is the result of mounting one image and recovering from it.
type Finding struct {
	Unmountable string        `json:"unmountable,omitempty"` // why it cannot be mounted
	Recovered   checkpoint.ID `json:"recovered"`             // 0: there is no checkpoint
	Torn        string        `json:"torn,omitempty"`        // what looks whole and is not
	Refused     string        `json:"refused,omitempty"`     // the error of recovery
	Wrong       string        `json:"wrong,omitempty"`       // what went wrong after recovery
}

// A State is the verdict on an image.
type State int

const (
	// OK: the acknowledged checkpoint, or a newer one that was begun, is there and whole.
	OK State = iota
	// Regressed: only an older checkpoint is there.
	Regressed
	// Lost: a checkpoint was acknowledged and none is there.
	Lost
	// Torn: something that looks like a checkpoint has other bytes than were written.
	Torn
	// Wrong: the right checkpoint is there, but the next step fails: the next checkpoint, or
	// the output of the job.
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
