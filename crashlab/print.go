package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/crashlab/lab"
)

// A printer shows results: in a table when all are there, or each as JSON at once. On a
// terminal it also shows the progress. Its methods may be called concurrently.
type printer struct {
	settings settings
	out      io.Writer
	screen   io.Writer // the terminal, nil if there is none

	mu         sync.Mutex
	results    []*lab.Result
	complaints int
	err        error // the first error of writing results
}

func newPrinter(s settings) *printer {
	p := &printer{settings: s, out: os.Stdout}
	if fi, err := os.Stderr.Stat(); err == nil && fi.Mode()&os.ModeCharDevice != 0 {
		p.screen = os.Stderr
	}
	return p
}

const clearLine = "\r\x1b[K"

func (p *printer) progress(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.screen != nil {
		fmt.Fprintf(p.screen, clearLine+format, args...)
	}
}

func (p *printer) result(r *lab.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.results = append(p.results, r)
	p.complaints += len(r.Complaints)
	if p.settings.json {
		p.check(json.NewEncoder(p.out).Encode(asJSON(r, p.settings.Seed)))
	}
}

// check keeps the first error of writing results: a table that was lost is not a good end.
func (p *printer) check(err error) {
	if p.err == nil {
		p.err = err
	}
}

// end prints the table.
func (p *printer) end(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.screen != nil {
		fmt.Fprint(p.screen, clearLine)
	}
	if p.settings.json || len(p.results) == 0 {
		return
	}
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "file system\tworkload\twrites\tcuts\tok\tregressed\tlost\ttorn\twrong\tunmountable\twindow\timages/s\tverdict")
	images := 0
	for _, r := range p.results {
		c := r.Tally.Both()
		images += c.All()
		fmt.Fprintf(t, "%s\t%s\t%d\t%d+%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%.0f\t%s\n",
			r.Config.Name, r.Workload.Name, r.Writes, r.Tally.Prefixes.All(), r.Tally.Reordered.All(),
			c[judge.OK], c[judge.Regressed], c[judge.Lost], c[judge.Torn], c[judge.Wrong], c[judge.Unmountable],
			window(&r.Tally), float64(c.All())/r.Took.Seconds(), verdict(r))
	}
	p.check(t.Flush())
	fmt.Fprintf(p.out, "\n%d images in %v, reorderings drawn by -seed %d\n", images, took.Round(100*time.Millisecond), p.settings.Seed)
	for _, r := range p.results {
		p.explain(r)
	}
}

// explain shows what is wrong with a result.
func (p *printer) explain(r *lab.Result) {
	if len(r.Complaints) == 0 && p.settings.Keep == "" {
		return
	}
	for _, c := range r.Complaints {
		fmt.Fprintf(p.out, "\n%s on %s: %s\n", r.Workload.Name, r.Config.Name, c)
	}
	for _, b := range r.Bad {
		fmt.Fprintf(p.out, "  %s: %v: %s", b.Cut, b.State, b.Why)
		if b.Kept != "" {
			fmt.Fprintf(p.out, " (%s)", b.Kept)
		}
		fmt.Fprintln(p.out)
	}
}

// window says for how long a power cut could still destroy an acknowledged checkpoint.
func window(t *judge.Tally) string {
	if t.Window == 0 {
		return "none"
	}
	s := fmt.Sprintf("%.1f s", t.Window.Seconds())
	if t.Window < time.Second {
		s = fmt.Sprintf("%d ms", t.Window.Milliseconds())
	}
	if t.WindowOpen {
		return "> " + s // it was still open when the record ended
	}
	return s
}

func verdict(r *lab.Result) string {
	bad := r.Tally.Both().Bad()
	switch {
	case len(r.Complaints) > 0:
		return "NOT AS EXPECTED"
	case r.Expect == judge.Caught || r.Expect == judge.CaughtLosing:
		return "caught"
	case bad > 0:
		return "broken; outside the promise"
	case r.Tally.Restarts > 0:
		return fmt.Sprintf("clean, %d jobs run to their end", r.Tally.Restarts)
	}
	return "clean"
}

// A line is a result as JSON. Fields may be added; a field never changes its meaning.
type line struct {
	FileSystem string         `json:"file_system"`
	Workload   string         `json:"workload"`
	Seed       uint64         `json:"seed"`
	Writes     int            `json:"writes"`
	Flushes    int            `json:"flushes"`
	RecordS    float64        `json:"record_seconds"`
	Prefixes   map[string]int `json:"prefixes"`
	Reordered  map[string]int `json:"reordered"`
	WindowS    float64        `json:"window_seconds"`
	WindowOpen bool           `json:"window_open"`
	Restarts   int            `json:"restarts"`
	TookS      float64        `json:"took_seconds"`
	Keeps      bool           `json:"keeps"`
	Verdict    string         `json:"verdict"`
	Complaints []string       `json:"complaints"`
	Bad        []badLine      `json:"bad"`
}

type badLine struct {
	Cut   string `json:"cut"`
	State string `json:"state"`
	Why   string `json:"why"`
	Kept  string `json:"kept,omitempty"`
}

func asJSON(r *lab.Result, seed uint64) line {
	l := line{
		FileSystem: r.Config.Name, Workload: r.Workload.Name, Seed: seed,
		Writes: r.Writes, Flushes: r.Flushes, RecordS: r.Length.Seconds(),
		Prefixes: byName(r.Tally.Prefixes), Reordered: byName(r.Tally.Reordered),
		WindowS: r.Tally.Window.Seconds(), WindowOpen: r.Tally.WindowOpen,
		Restarts: r.Tally.Restarts, TookS: r.Took.Seconds(), Keeps: r.Config.Keeps,
		Verdict: verdict(r), Complaints: append([]string{}, r.Complaints...), Bad: []badLine{},
	}
	for _, b := range r.Bad {
		l.Bad = append(l.Bad, badLine{b.Cut, b.State.String(), strings.TrimSpace(b.Why), b.Kept})
	}
	return l
}

func byName(c judge.Counts) map[string]int {
	m := map[string]int{}
	for s, n := range c {
		m[judge.State(s).String()] = n
	}
	return m
}
