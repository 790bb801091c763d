package fsynclint

import "strings"

// A record is one event of the trace: a line, or several of which a mail program has
// made it.
type record struct {
	prefix
	line Line // the first
	text string
}

// An assembler makes records of lines.
type assembler struct {
	lines *lineReader
	cur   record
	open  bool // cur waits for more
	n     int  // lines of cur

	wrapped int // records that were put together
	noise   int // lines that are no part of any record
	records int

	err error // the end of the lines
}

// next returns the next record; the error is that of the reader, io.EOF at the end. A
// line is held back until the next one has begun a record, as it may go on there.
func (a *assembler) next() (record, error) {
	for a.err == nil {
		text, err := a.lines.next()
		if err != nil {
			a.err = err
			break
		}
		p, rest := cutPrefix(text)
		switch {
		case a.starts(p, rest):
			done, ok := a.take()
			a.cur, a.open, a.n = record{p, a.lines.line, strings.TrimRight(rest, " ")}, true, 1
			if ok {
				return done, nil
			}
		case p.named && rest == "" && (!a.open || isComplete(a.cur.text)):
			done, ok := a.take() // a prefix at the end of a line, which was wrapped after it
			a.cur, a.open, a.n = record{p, a.lines.line, ""}, true, 1
			if ok {
				return done, nil
			}
		case !a.open:
			if strings.TrimSpace(text) != "" {
				a.noise++
			}
		case isComplete(a.cur.text):
			if t := strings.TrimSpace(text); t != "" && !strings.HasPrefix(t, "(") && !strings.HasSuffix(t, ")") {
				a.noise++
			}
		default:
			a.extend(text, rest)
		}
	}
	if done, ok := a.take(); ok {
		return done, nil
	}
	return record{}, a.err
}

// starts reports whether a line begins a record. While a record with a thread is open, a line
// without one is the rest of it, even if it looks like a call.
func (a *assembler) starts(p prefix, rest string) bool {
	if !begins(rest) {
		return false
	}
	return !a.open || p.named || !a.cur.named || isComplete(a.cur.text)
}

func (a *assembler) extend(text, rest string) {
	if a.n >= maxWrapped || len(a.cur.text)+len(text) > maxLine {
		a.open = false
		a.noise++
		return
	}
	if a.n == 1 {
		a.wrapped++
	}
	a.n++
	if a.cur.text == "" {
		a.cur.text = strings.TrimRight(rest, " ") // after a prefix; the time stands here
		return
	}
	text = strings.TrimSpace(text)
	a.cur.text += " " + strings.TrimPrefix(text, "> ") // quoted in a mail
}

// take gives the open record away.
func (a *assembler) take() (record, bool) {
	ok := a.open && a.cur.text != ""
	a.open = false
	if ok {
		a.records++
	}
	return a.cur, ok
}
