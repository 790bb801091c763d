package fsynclint

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// An event is the next thing that the trace shows.
type event struct {
	kind   eventKind
	call   call     // of returned, and of started as far as it is known
	thread ThreadID // of all
}

type eventKind int

const (
	returned eventKind = iota // a call is complete
	started                   // a call has begun and will return later
	exited                    // the thread is gone
)

// A reader makes events of a trace.
type reader struct {
	records *assembler
	halves  map[ThreadID]half

	calls   int
	orphans int // halves whose other half is not in the trace
	orphan  Ref // the first of them
	garbled int // records that are no calls
}

// A half is the beginning of a call.
type half struct {
	line Line
	text string
}

func newReader(r io.Reader) *reader {
	return &reader{records: &assembler{lines: &lineReader{r: bufio.NewReaderSize(r, maxLine)}}, halves: map[ThreadID]half{}}
}

// next returns the next event; the error is that of the reader, io.EOF at the end.
func (r *reader) next() (event, error) {
	for {
		rec, err := r.records.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				r.leftOver()
			}
			return event{}, err
		}
		if ev, ok := r.read(rec); ok {
			return ev, nil
		}
	}
}

func (r *reader) read(rec record) (event, bool) {
	switch {
	case strings.HasPrefix(rec.text, "--- "):
		return event{}, false
	case strings.HasPrefix(rec.text, "+++ "):
		if strings.Contains(rec.text, "superseded by execve") {
			return event{}, false
		}
		delete(r.halves, rec.thread) // it was killed in the middle of it
		return event{kind: exited, thread: rec.thread}, true
	case strings.HasPrefix(rec.text, "<... "):
		return r.resume(rec)
	case strings.HasSuffix(rec.text, unfinishedMark):
		return r.begin(rec)
	}
	c, ok := parseCall(rec.thread, rec.line, rec.line, rec.text)
	if !ok {
		r.garbled++
		return event{}, false
	}
	r.calls++
	return event{returned, c, rec.thread}, true
}

// begin keeps the first half of a call.
func (r *reader) begin(rec record) (event, bool) {
	text := strings.TrimRight(strings.TrimSuffix(rec.text, unfinishedMark), " ")
	if len(r.halves) >= maxThreads {
		r.garbled++
		return event{}, false
	}
	if old, ok := r.halves[rec.thread]; ok {
		r.orphaned(Ref{Line: old.line, Ended: old.line, Thread: rec.thread, Call: shorten(old.text)})
	}
	r.halves[rec.thread] = half{rec.line, text}
	name, _, _ := strings.Cut(text, "(")
	return event{started, call{name: name, args: []string{text}, Ref: Ref{Line: rec.line, Ended: rec.line, Thread: rec.thread, Call: shorten(text)}}, rec.thread}, true
}

// resume joins the second half of a call to the first.
func (r *reader) resume(rec record) (event, bool) {
	name, rest, ok := strings.Cut(strings.TrimPrefix(rec.text, "<... "), resumedMark)
	if !ok {
		r.garbled++
		return event{}, false
	}
	first, ok := r.halves[rec.thread]
	if begun, _, _ := strings.Cut(first.text, "("); !ok || begun != name && name != "" {
		r.orphaned(Ref{Line: rec.line, Ended: rec.line, Thread: rec.thread, Call: shorten(rec.text)})
		return event{}, false
	}
	if rest, more := strings.CutSuffix(rest, unfinishedMark); more { // interrupted once more
		first.text = shortenLine(first.text + rest)
		r.halves[rec.thread] = first
		return event{}, false
	}
	delete(r.halves, rec.thread)
	text := first.text
	if !strings.HasSuffix(text, "(") && !strings.HasPrefix(rest, ")") && !strings.HasPrefix(rest, ",") && rest != "" {
		text += " "
	}
	c, ok := parseCall(rec.thread, first.line, rec.line, shortenLine(text+strings.TrimLeft(rest, " ")))
	if !ok {
		r.garbled++
		return event{}, false
	}
	r.calls++
	return event{returned, c, rec.thread}, true
}

func shortenLine(s string) string {
	if len(s) > maxLine {
		return s[:maxLine]
	}
	return s
}

func (r *reader) orphaned(at Ref) {
	if r.orphans == 0 || at.Line < r.orphan.Line {
		r.orphan = at
	}
	r.orphans++
}

// leftOver counts calls that may have happened and did not return in the trace. Calls that wait,
// such as reads, do not count: every trace ends with some.
func (r *reader) leftOver() {
	for thread, h := range r.halves {
		name, _, _ := strings.Cut(h.text, "(")
		if changesFiles[name] {
			r.orphaned(Ref{Line: h.line, Ended: h.line, Thread: thread, Call: shorten(h.text)})
		}
	}
}
