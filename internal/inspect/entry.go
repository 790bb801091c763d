package inspect

import (
	"fmt"
	"time"

	"github.com/weirstream/weir/flink"
)

// An Entry is one entry of a state. It is good until the callback that got it returns.
type Entry struct {
	State    *State
	KeyGroup int  // -1 if it is in none
	Keyed    bool // there is a Key, which may be null
	InMap    bool // there is a UserKey
	Key      flink.Value
	// Namespace is nil where there is only one.
	Namespace flink.Value
	UserKey   flink.Value // the key within the map
	Value     flink.Value

	opaque bool // it could not be decoded as a whole
}

// Text returns the entry as people read it: name[key @ namespace][user key] = value.
func (e *Entry) Text() string {
	b := []byte(Name(e.State.Name))
	if e.Keyed {
		b = AppendText(append(b, '['), e.Key)
		if e.Namespace != nil {
			b = AppendText(append(b, " @ "...), e.Namespace)
		}
		b = append(b, ']')
	}
	if e.InMap {
		b = append(AppendText(append(b, '['), e.UserKey), ']')
	}
	b = append(b, " = "...)
	if timer, ok := e.Value.(flink.TimerValue); ok {
		return string(append(b, timerText(timer.Timestamp)...))
	}
	return string(AppendText(b, e.Value))
}

// timerText returns a timestamp, and which moment that is if it looks like one.
func timerText(ms int64) string {
	at := time.UnixMilli(ms).UTC()
	if ms < 0 || at.Year() > 9999 {
		return fmt.Sprintf("timer at %d", ms)
	}
	return fmt.Sprintf("timer at %d (%s)", ms, at.Format("2006-01-02 15:04:05.000 UTC"))
}
