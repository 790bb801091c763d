package main

import (
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/weirstream/weir/internal/bytesize"
	"github.com/weirstream/weir/internal/inspect"
)

// A meter shows on a terminal what is being done and how far it is, on a line that is redrawn.
// In a pipe it shows nothing. Its methods may be called by several goroutines.
type meter struct {
	mu    sync.Mutex
	parts []*inspect.Progress
	what  string // what is being done; "" shows what the first part says
	since int64  // bytes of the same whole that were read before the meter began
	stop  func()
}

// say sets what is shown as being done.
func (m *meter) say(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.what = what
}

// part returns a function that is told how far one part of the work is. What is shown is the
// sum of all parts.
func (m *meter) part() func(inspect.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := &inspect.Progress{}
	m.parts = append(m.parts, p)
	return func(now inspect.Progress) {
		m.mu.Lock()
		defer m.mu.Unlock()
		*p = now
	}
}

// now returns what is to be shown.
func (m *meter) now() (what string, read, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	what = m.what
	for _, p := range m.parts {
		read, total = read+p.Read, total+p.Total
		if what == "" {
			what = p.Doing
		}
	}
	return what, read, total
}

// progressAfter is how long nothing is shown: short work needs no progress.
const progressAfter = 400 * time.Millisecond

// measure returns a meter that is shown until it is stopped. Nothing else may be written
// meanwhile. An empty what shows what its parts say.
func (t *tool) measure(what string) *meter {
	m := &meter{what: what, stop: func() {}}
	if !t.errs.live {
		return m
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	began := time.Now()
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		shown := false
		for {
			select {
			case <-stop:
				if shown {
					t.errs.printf("\r\x1b[K")
					_ = t.errs.Flush() // it is only progress
				}
				return
			case now := <-ticker.C:
				if now.Sub(began) < progressAfter {
					continue
				}
				shown = true
				what, read, total := m.now()
				rate := float64(read-m.since) / now.Sub(began).Seconds()
				t.errs.printf("\r\x1b[K%s", progressLine(printable(what), read, total, rate, t.errs.width-1))
				_ = t.errs.Flush() // it is only progress
			}
		}
	}()
	m.stop = func() { close(stop); <-stopped }
	return m
}

// progressLine returns what is being done and how far it is, in up to width columns, or any
// number if that is not positive. What is being done, such as the name of a file, is cut
// first: a person who waits looks at the numbers.
func progressLine(what string, read, total int64, perSecond float64, width int) string {
	if read == 0 && total == 0 {
		return cut(what, width) // it is not about reading
	}
	numbers := "  " + bytesize.Format(read)
	if total > 0 {
		read = min(read, total) // what is read twice counts once
		numbers = fmt.Sprintf("  %d%%  %s of %s", 100*read/total, bytesize.Format(read), bytesize.Format(total))
	}
	numbers += fmt.Sprintf("  %s/s", bytesize.Format(int64(perSecond)))
	if width > 0 {
		what = cut(what, max(minWhat, width-utf8.RuneCountInString(numbers)))
	}
	return cut(what+numbers, width)
}

// minWhat is how much stays of what is being done.
const minWhat = 12

// reader returns a reader of checkpoints that shows on m how far it is.
func (t *tool) reader(m *meter, f readFlags) *inspect.Reader {
	return &inspect.Reader{FS: t.fsys, AllowOutside: f.allowOutside, MaxBlock: int64(f.maxBlock), Progress: m.part()}
}

// look finds out what lies at a path.
func (t *tool) look(given string) (inspect.Place, error) {
	return (&inspect.Reader{FS: t.fsys}).Look(given)
}
