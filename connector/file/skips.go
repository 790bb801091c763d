package file

import (
	"log/slog"
	"sync/atomic"
)

// loggedSkips is how many skipped records of a file are logged one by one.
const loggedSkips = 3

// skips counts the malformed records that a reader passes over, and logs them.
type skips struct {
	path  *string
	total *atomic.Int64 // of the source
	here  int64
}

func (s *skips) add(at string, err error) {
	s.total.Add(1)
	s.here++
	if s.here <= loggedSkips {
		slog.Warn("malformed record skipped", "line", at, "error", err)
	}
}

// sum logs how many there were, once, if not all of them were logged one by one.
func (s *skips) sum() {
	if s.here > loggedSkips {
		slog.Warn("malformed records skipped", "file", *s.path, "count", s.here)
	}
	s.here = 0
}
