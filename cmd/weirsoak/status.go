package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// A status shows the progress: on a terminal in one line that changes, elsewhere with a line
// for each round, or as JSON.
type status struct {
	out    io.Writer
	live   bool
	asJSON bool
	s      settings
	began  time.Time
	rounds int
	counts counts // of the rounds that are over
	err    error  // the first one of writing to out
}

func newStatus(out io.Writer, s settings) *status {
	f, ok := out.(*os.File)
	st := &status{out: out, asJSON: s.json, s: s, began: time.Now()}
	st.live = ok && !s.json && term.IsTerminal(int(f.Fd()))
	st.say("seed %d: repeat a round with -seed %d -round N", s.seed, s.seed)
	return st
}

// say writes a line, unless the output is JSON.
func (st *status) say(format string, args ...any) {
	if !st.asJSON {
		st.write(fmt.Sprintf(st.clear()+format+"\n", args...))
	}
}

// clear returns the text that removes the line that changes.
func (st *status) clear() string {
	if st.live {
		return "\r\x1b[K"
	}
	return ""
}

// progress shows the counts in the middle of a round.
func (st *status) progress(now counts) {
	if !st.live {
		return
	}
	now.add(st.counts)
	st.write(fmt.Sprintf("%s%s, %s left", st.clear(), st.text(now), max(0, st.s.duration-time.Since(st.began)).Round(time.Second)))
}

func (st *status) text(c counts) string {
	return fmt.Sprintf("%d rounds, %d kills, %d stops, %d ends, %d full disks (%d failures), %d checkpoints verified",
		st.rounds, c.Kills, c.Stops, c.Ends, c.FullDisks, c.Failures, c.Checkpoints)
}

// round shows the result of a round.
func (st *status) round(n int, res result) {
	st.rounds++
	st.counts.add(res.counts)
	if st.asJSON {
		st.object(struct {
			Type  string `json:"message_type"`
			Round int    `json:"round"`
			counts
			Difference string `json:"difference,omitempty"`
			Dir        string `json:"dir,omitempty"`
			Log        string `json:"log,omitempty"`
		}{"round", n, res.counts, res.difference, res.dir, logOf(st.s, n, res)})
		return
	}
	if res.difference == "" {
		if !st.live {
			st.say("round %d: %s", n, st.text(st.counts))
		}
		return
	}
	st.say(`round %d: %s
  files of the job      %s
  log of the round      %s
  repeat it with        -seed %d -round %d
Look at the checkpoints with "go run ./cmd/weir ls" and "verify". If a disk is mounted there,
unmount it by hand.`, n, res.difference, res.dir, logOf(st.s, n, res), st.s.seed, n)
}

func logOf(s settings, n int, res result) string {
	if res.difference == "" {
		return ""
	}
	return fmt.Sprintf("%s%cround-%d.log", s.dir, os.PathSeparator, n)
}

// end shows the sums. The error is the first one of writing the status.
func (st *status) end(different bool, err error) error {
	differences := 0
	if different {
		differences = 1
	}
	if st.asJSON {
		code := exitSame
		switch {
		case err != nil:
			code = exitFailed
		case different:
			code = exitDifferent
		}
		st.object(struct {
			Type   string `json:"message_type"`
			Seed   uint64 `json:"seed"`
			Rounds int    `json:"rounds"`
			counts
			Differences int     `json:"differences"`
			Seconds     float64 `json:"seconds"`
			ExitCode    int     `json:"exit_code"`
		}{"summary", st.s.seed, st.rounds, st.counts, differences, time.Since(st.began).Round(time.Millisecond).Seconds(), code})
		return st.err
	}
	st.say("%s, %d differences, in %v; seed %d", st.text(st.counts), differences, time.Since(st.began).Round(time.Second), st.s.seed)
	return st.err
}

func (st *status) object(v any) {
	b, _ := json.Marshal(v) // strings and numbers always have a form in JSON
	st.write(string(b) + "\n")
}

// write writes text, and keeps the first error for end: a round may go on without its status,
// but a script must not take a status that is cut off for the whole one.
func (st *status) write(text string) {
	if _, err := io.WriteString(st.out, text); err != nil && st.err == nil {
		st.err = fmt.Errorf("write the status: %w", err)
	}
}
