package window

import (
	"cmp"
	"slices"

	"github.com/weirstream/weir/eventtime"
)

// Sessions are the sessions of a key, in the order of their starts. No two of them touch.
type Sessions []Span

// A Span is a session's window. What is in it is kept under the window State, which is
// the one that the session had when it began: so a session that grows is not moved, and of
// several that become one all but one are.
type Span struct{ Window, State Bounds }

// Find returns where the session is that a window lies in, or -1.
func (s Sessions) Find(w Bounds) int {
	// Few keys have more than one session.
	i := len(s) - 1
	if i >= 0 && s[i].Window.Start > w.Start {
		i = s.after(w.Start+1) - 1
	}
	if i >= 0 && s[i].Window.Start <= w.Start && w.End <= s[i].Window.End {
		return i
	}
	return -1
}

// Touches reports whether a window would become one with a session.
func (s Sessions) Touches(w Bounds) bool {
	i := s.after(w.Start)
	return i < len(s) && s[i].Window.touches(w) || i > 0 && s[i-1].Window.touches(w)
}

// after returns where the first session is that begins at a time or after it.
func (s Sessions) after(start eventtime.Time) int {
	i, _ := slices.BinarySearchFunc(s, start, func(in Span, start eventtime.Time) int { return cmp.Compare(in.Window.Start, start) })
	return i
}

// Join adds a window, and makes it one with all sessions that it touches. It returns the
// sessions, where the resulting one is among them, and those that are part of it now, in
// order, appended to joined. The state of the result is that of the first of them. If there
// are none, the window is a session of its own; if the only one has the result's window
// already, none is appended.
func (s Sessions) Join(w Bounds, joined Sessions) (_ Sessions, at int, _ Sessions) {
	from := s.after(w.Start)
	if from > 0 && s[from-1].Window.touches(w) {
		from--
	}
	to := from
	result := Span{w, w}
	for ; to < len(s) && s[to].Window.touches(w); to++ {
		result.Window = result.Window.cover(s[to].Window)
	}
	switch {
	case from == to:
		return slices.Insert(s, from, result), from, joined
	case from+1 == to && s[from].Window == result.Window:
		return s, from, joined
	}
	result.State = s[from].State
	joined = append(joined, s[from:to]...)
	s[from] = result
	return slices.Delete(s, from+1, to), from, joined
}

// Index returns where the session with a window is, or -1.
func (s Sessions) Index(w Bounds) int {
	if i := s.after(w.Start); i < len(s) && s[i].Window == w {
		return i
	}
	return -1
}

// Sort puts sessions in order that come from elsewhere.
func (s Sessions) Sort() {
	slices.SortFunc(s, func(a, b Span) int { return cmp.Compare(a.Window.Start, b.Window.Start) })
}
