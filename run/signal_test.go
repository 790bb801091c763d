package run

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// The first signal ends the job with a final checkpoint. After it only a Ctrl-C that a person
// can have pressed again ends it at once; signals that supervisors repeat do not.
func TestHeed(t *testing.T) {
	at := time.Unix(0, 0)
	for _, tt := range []struct {
		name  string
		sent  []os.Signal
		after []time.Duration
		want  []reaction
	}{
		{"once", []os.Signal{syscall.SIGTERM}, []time.Duration{0}, []reaction{end}},
		{"GNU timeout", []os.Signal{syscall.SIGTERM, syscall.SIGTERM}, []time.Duration{0, 50 * time.Microsecond}, []reaction{end, ignore}},
		{"a patient supervisor", []os.Signal{syscall.SIGTERM, syscall.SIGTERM, syscall.SIGTERM}, []time.Duration{0, 10 * time.Second, time.Minute}, []reaction{end, ignore, ignore}},
		{"Ctrl-C through a wrapper", []os.Signal{os.Interrupt, os.Interrupt}, []time.Duration{0, time.Millisecond}, []reaction{end, ignore}},
		{"Ctrl-C twice", []os.Signal{os.Interrupt, os.Interrupt}, []time.Duration{0, 2 * time.Second}, []reaction{end, endNow}},
		{"Ctrl-C twice, as soon as a person can", []os.Signal{os.Interrupt, os.Interrupt, os.Interrupt}, []time.Duration{0, pressedTwice - 1, pressedTwice}, []reaction{end, ignore, endNow}},
		{"Ctrl-C after a supervisor", []os.Signal{syscall.SIGTERM, os.Interrupt}, []time.Duration{0, 2 * time.Second}, []reaction{end, endNow}},
	} {
		var h heed
		for i, s := range tt.sent {
			if got := h.take(s, at.Add(tt.after[i])); got != tt.want[i] {
				t.Errorf("%s: reaction to signal %d is %d, want %d", tt.name, i+1, got, tt.want[i])
			}
		}
	}
}
