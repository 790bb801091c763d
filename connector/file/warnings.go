package file

import (
	"log/slog"
	"sync"
	"time"
)

// quietTime is how long a kind of warning is not repeated.
const quietTime = time.Minute

// warnings are what a source has to say of its files, by kind: one line a minute and kind
// at most, with the number of those that were left out.
type warnings struct {
	mu    sync.Mutex
	kinds map[string]*said
}

type said struct {
	at   time.Time
	more int // since then
	last []any
}

// warn logs a warning, or counts it. kind is the message; args are as in package slog.
func (w *warnings) warn(kind string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kinds == nil {
		w.kinds = make(map[string]*said)
	}
	now := time.Now()
	s := w.kinds[kind]
	if s == nil {
		s = &said{}
		w.kinds[kind] = s
	} else if now.Sub(s.at) < quietTime {
		s.more++
		s.last = args
		return
	}
	s.say(now, kind, args)
}

// flush logs the counts that have waited for a minute.
func (w *warnings) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	for kind, s := range w.kinds {
		if s.more > 0 && now.Sub(s.at) >= quietTime {
			s.more--
			s.say(now, kind, s.last)
		}
	}
}

func (s *said) say(now time.Time, kind string, args []any) {
	if s.more > 0 {
		args = append(args[:len(args):len(args)], "times", s.more+1)
	}
	slog.Warn(kind, args...)
	*s = said{at: now}
}
