package file

import (
	"log/slog"
	"sync/atomic"
)

// loggedSkips is how many skipped lines of a file are logged one by one.
const loggedSkips = 3

// skips counts the malformed lines that a reader passes over, and tells of them.
type skips struct {
	path  string
	total *atomic.Int64 // of the source
	here  int64
}

func (s *skips) add(at string, err error) {
	s.total.Add(1)
	s.here++
	if s.here <= loggedSkips {
		slog.Warn("malformed line skipped", "line", at, "error", err)
	}
}

// sum tells how many there were, once, if not all of them were logged.
func (s *skips) sum() {
	if s.here > loggedSkips {
		slog.Warn("malformed lines skipped", "file", s.path, "count", s.here)
	}
	s.here = 0
}
