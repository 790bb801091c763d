package main

import (
	"fmt"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/weirstream/weir/durable"
)

// A meter counts the bytes that are read from files, and shows them on a terminal, on a
// line that is redrawn. In a pipe it is silent.
type meter struct {
	read  atomic.Int64
	total atomic.Int64 // how many there are, 0 if that is not known
	since atomic.Int64 // what was read before the meter began, of the same whole
	what  atomic.Pointer[string]
	stop  func()
}

// say changes what is said to be going on.
func (m *meter) say(what string) { m.what.Store(&what) }

// goOn makes it go on from what has been read of the same whole before.
func (m *meter) goOn(read int64) {
	m.read.Store(read)
	m.since.Store(read)
}

// progressAfter is how long nothing is shown: what is done by then needs no progress.
const progressAfter = 400 * time.Millisecond

// measure returns a file system that is counted, and the meter that shows it until it
// is stopped. Nothing else may be written meanwhile.
func (t *tool) measure(what string) (durable.FS, *meter) {
	m := &meter{stop: func() {}}
	m.say(what)
	if !t.errs.live {
		return t.fsys, m
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
					t.errs.Flush()
				}
				return
			case now := <-ticker.C:
				if now.Sub(began) < progressAfter {
					continue
				}
				shown = true
				rate := float64(m.read.Load()-m.since.Load()) / now.Sub(began).Seconds()
				t.errs.printf("\r\x1b[K%s", progressLine(*m.what.Load(), m.read.Load(), m.total.Load(), rate, t.errs.width-1))
				t.errs.Flush()
			}
		}
	}()
	m.stop = func() { close(stop); <-stopped }
	return meteredFS{t.fsys, m}, m
}

// progressLine is what is going on and how far it is, in up to width columns, or any
// number if that is not positive. What gives way is what is going on, a file's name say:
// the numbers are what somebody who waits looks at.
func progressLine(what string, read, total int64, perSecond float64, width int) string {
	if read == 0 && total == 0 {
		return cut(what, width) // it is not about reading
	}
	numbers := "  " + byteCount(read)
	if total > 0 {
		read = min(read, total) // what is read twice counts once
		numbers = fmt.Sprintf("  %d%%  %s of %s", 100*read/total, byteCount(read), byteCount(total))
	}
	numbers += fmt.Sprintf("  %s/s", byteCount(int64(perSecond)))
	if width > 0 {
		what = cut(what, max(minWhat, width-utf8.RuneCountInString(numbers)))
	}
	return cut(what+numbers, width)
}

// minWhat is how much stays of what is going on.
const minWhat = 12

// A meteredFS is a file system that counts what is read.
type meteredFS struct {
	durable.FS
	m *meter
}

func (f meteredFS) Open(name string) (durable.Reader, error) {
	r, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return meteredReader{r, f.m}, nil
}

type meteredReader struct {
	durable.Reader
	m *meter
}

func (r meteredReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.Reader.ReadAt(p, off)
	r.m.read.Add(int64(n))
	return n, err
}
