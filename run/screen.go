package run

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/weirstream/weir/internal/bytesize"
)

// A screen shows log lines and progress. On a terminal its last line is redrawn with the
// progress, and log lines go above it. Elsewhere only log lines are written.
type screen struct {
	out  io.Writer
	live bool

	mu   sync.Mutex
	line string // the text of the redrawn line
}

const clearLine = "\r\x1b[K"

// Write writes a log line above the redrawn one.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == "" {
		return s.out.Write(p)
	}
	_, err := fmt.Fprintf(s.out, "%s%s%s", clearLine, p, s.line)
	return len(p), err
}

// say writes a line if the screen is a terminal.
func (s *screen) say(format string, args ...any) {
	if s.live {
		fmt.Fprintf(s.out, format+"\n", args...)
	}
}

// redraw replaces the last line. An empty one removes it.
func (s *screen) redraw(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = line
	fmt.Fprint(s.out, clearLine, line)
}

// follow shows the progress of a job until the function that it returns is called. The
// last progress stays on the screen.
func (s *screen) follow(m *Monitor) (done func()) {
	if !s.live {
		return func() {}
	}
	began := time.Now()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		last, at, rate := int64(0), began, 0.0
		for {
			select {
			case <-stop:
				st := m.Status()
				s.redraw(progress(st, float64(st.Records)/time.Since(began).Seconds()))
				s.mu.Lock()
				s.line = ""
				s.mu.Unlock()
				fmt.Fprintln(s.out)
				return
			case now := <-ticker.C:
				st := m.Status()
				rate = float64(st.Records-last) / now.Sub(at).Seconds()
				last, at = st.Records, now
				s.redraw(progress(st, rate))
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

// progress returns the text of the redrawn line.
func progress(st Status, perSecond float64) string {
	line := fmt.Sprintf("%s records  %s/s  checkpoints: %d", bytesize.Grouped(st.Records), bytesize.Grouped(int64(perSecond)), st.Completed)
	switch {
	case st.LastComplete == 0:
		line += ", none complete yet"
	case st.Completed == 0:
		line += fmt.Sprintf(", going on from %d", st.LastComplete)
	default:
		line += fmt.Sprintf(", last complete %d in %v", st.LastComplete, st.Last.Took.Round(100*time.Microsecond))
	}
	if st.Failed > 0 {
		line += fmt.Sprintf(", %d failed", st.Failed)
	}
	if st.Attempt > 1 {
		line += fmt.Sprintf(", attempt %d", st.Attempt)
	}
	return line
}
