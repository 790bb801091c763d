package run_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/window"
)

// A lineScript is a bounded source of lines. A line that is a watermark ends a batch, so that it
// comes at the same place each time.
type lineScript []string

func (s lineScript) Splits(context.Context) ([]string, error) { return []string{"script"}, nil }
func (s lineScript) Bounded() bool                            { return true }
func (s lineScript) Open(_ context.Context, split weir.Split) (weir.Reader[string], error) {
	r := &lineReader{lines: s}
	if split.Position != nil {
		r.at = int(binary.BigEndian.Uint64(split.Position))
	}
	return r, nil
}

type lineReader struct {
	lines []string
	at    int
}

func (r *lineReader) Read(_ context.Context, records []string) (n int, err error) {
	for n < len(records) && r.at < len(r.lines) {
		records[n] = r.lines[r.at]
		n++
		r.at++
		if strings.HasPrefix(records[n-1], "- ") {
			break
		}
	}
	if r.at == len(r.lines) {
		err = io.EOF
	}
	return n, err
}
func (r *lineReader) Position() []byte { return binary.BigEndian.AppendUint64(nil, uint64(r.at)) }
func (r *lineReader) Close() error     { return nil }

// numberOfLine is the number of a line "key milliseconds number".
func numberOfLine(line string) int64 {
	n, _ := strconv.ParseInt(line[strings.LastIndexByte(line, ' ')+1:], 10, 64)
	return n
}

// numbersOf keeps the numbers of lines, and how often there was each. The accumulator refers to
// memory that is changed in place, also when it is merged.
var numbersOf = weir.Aggregating(
	func(all map[int64]int, line string) (map[int64]int, error) {
		return more(all, numberOfLine(line), 1), nil
	},
	func(all map[int64]int) (string, error) {
		var numbers []int64
		for n, times := range all {
			numbers = append(numbers, slices.Repeat([]int64{n}, times)...)
		}
		return textOf(numbers), nil
	},
).WithMerge(func(a, b map[int64]int) (map[int64]int, error) {
	for n, times := range b {
		a = more(a, n, times)
	}
	return a, nil
})

func more(all map[int64]int, n int64, times int) map[int64]int {
	if all == nil {
		all = make(map[int64]int)
	}
	all[n] += times
	return all
}

func textOf(numbers []int64) string { return fmt.Sprint(slices.Sorted(slices.Values(numbers))) }

// A windowModel says what windows are to make of lines, one line after the other, in the most
// simple way.
type windowModel struct {
	size, slide, gap, lateness int64
	watermark                  int64
	windows                    map[string][]modelWindow // of each key
	out                        []string
}

type modelWindow struct {
	start, end int64
	numbers    []int64
}

func (m *windowModel) emit(key string, w modelWindow) {
	m.out = append(m.out, fmt.Sprintf("%s [%d,%d) %s", key, w.start, w.end, textOf(w.numbers)))
}

// isGone is worked out from the end of a window: the last millisecond, and the lateness.
func (m *windowModel) isGone(end int64) bool { return m.watermark >= end-1+m.lateness }

func (m *windowModel) record(key string, at, n int64, line string) {
	var of []modelWindow // those it belongs to
	if m.gap > 0 {
		w := modelWindow{start: at, end: at + m.gap}
		var rest []modelWindow
		for _, o := range m.windows[key] {
			if o.start <= w.end && w.start <= o.end {
				w = modelWindow{min(w.start, o.start), max(w.end, o.end), append(w.numbers, o.numbers...)}
			} else {
				rest = append(rest, o)
			}
		}
		if len(rest) == len(m.windows[key]) && m.isGone(w.end) {
			m.out = append(m.out, "late "+line)
			return
		}
		m.windows[key] = rest
		of = append(of, w)
	} else {
		for start := at - m.size + 1; start <= at; start++ {
			if ((start%m.slide)+m.slide)%m.slide == 0 && !m.isGone(start+m.size) {
				w := modelWindow{start: start, end: start + m.size}
				m.windows[key] = slices.DeleteFunc(m.windows[key], func(o modelWindow) bool {
					if o.start == start {
						w = o
					}
					return o.start == start
				})
				of = append(of, w)
			}
		}
		if len(of) == 0 {
			m.out = append(m.out, "late "+line)
		}
	}
	for _, w := range of {
		w.numbers = append(slices.Clone(w.numbers), n)
		m.windows[key] = append(m.windows[key], w)
		if m.watermark >= w.end-1 {
			m.emit(key, w)
		}
	}
}

func (m *windowModel) mark(at int64) {
	was := m.watermark
	m.watermark = max(was, at)
	for key, all := range m.windows {
		m.windows[key] = slices.DeleteFunc(all, func(w modelWindow) bool {
			if was < w.end-1 && w.end-1 <= m.watermark {
				m.emit(key, w)
			}
			return m.isGone(w.end)
		})
	}
}

// Over records out of order, and late, the windows of every kind make what the model makes:
// whatever the parallelism, where it crashes, and where it is stopped and goes on at another
// parallelism.
func TestRandomWindows(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("WINDOW_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("repeat with WINDOW_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	rounds := 40
	if testing.Short() {
		rounds = 12
	}
	for i := range rounds {
		if t.Failed() {
			return
		}
		kind := []string{"tumbling", "sliding", "sliding apart", "sessions", "list", "list of sessions", "sliding"}[i%7]
		t.Run(fmt.Sprint(i, " ", kind), func(t *testing.T) { randomWindows(t, rng, kind) })
	}
}

func randomWindows(t *testing.T, rng *rand.Rand, kind string) {
	m := &windowModel{watermark: -1 << 60, windows: make(map[string][]modelWindow), lateness: max(0, rng.Int64N(30)-10)}
	m.size = 1 + rng.Int64N(30)
	m.slide = m.size
	assigner := window.Tumbling(time.Duration(m.size) * ms)
	switch {
	case strings.Contains(kind, "sliding"):
		m.slide = 1 + rng.Int64N(m.size)
		assigner = window.Sliding(time.Duration(m.size)*ms, time.Duration(m.slide)*ms)
	case strings.Contains(kind, "sessions"):
		m.gap = 1 + rng.Int64N(12)
		assigner = window.Session(time.Duration(m.gap) * ms)
	}
	var script lineScript
	now := rng.Int64N(200) - 100
	const lines = 400
	for n := range lines {
		if rng.IntN(8) == 0 {
			at := now - rng.Int64N(25)
			script = append(script, fmt.Sprintf("- %d", at))
			m.mark(at)
			continue
		}
		key, at := string(rune('a'+rng.IntN(4))), now-rng.Int64N(40)
		line := fmt.Sprintf("%s %d %d", key, at, n)
		script = append(script, line)
		m.record(key, at, int64(n), line)
		now += rng.Int64N(4)
	}
	m.mark(1 << 60)
	crashes := map[string]bool{}
	for range rng.IntN(4) {
		crashes[script[rng.IntN(lines)]] = true
	}
	var out weir.Collector[string]
	build := func() *weir.Job {
		job := weir.NewJob("windows")
		keyed := marked(job, ratelimit.Source(weir.Source[string](script), 400), func(line string) error {
			if crashes[line] {
				delete(crashes, line)
				return fmt.Errorf("crash at %q", line)
			}
			return nil
		})
		in := weir.Window(keyed, assigner).LateTo(late).AllowedLateness(time.Duration(m.lateness) * ms)
		fn := numbersOf
		if kind == "sliding apart" {
			fn.Merge = nil
		}
		var panes weir.Stream[weir.Pane[string, string]]
		if strings.HasPrefix(kind, "list") {
			panes = weir.ProcessWindow(in, "w", func(c *weir.KeyContext[string], out *weir.Out[weir.Pane[string, string]]) func(window.Bounds, iter.Seq[string]) error {
				return func(w window.Bounds, all iter.Seq[string]) error {
					var n []int64
					for line := range all {
						n = append(n, numberOfLine(line))
					}
					out.Emit(weir.Pane[string, string]{Key: c.Key(), Start: w.Start, End: w.End, Value: textOf(n)})
					return nil
				}
			})
		} else {
			panes = weir.AggregateWindow(in, "w", fn)
		}
		weir.To(shown(panes), "out", &out)
		return job
	}
	synctest.Test(t, func(t *testing.T) {
		opts := options(t, 1+rng.IntN(3))
		for {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(200+rng.IntN(1500))*ms)
			err := run.Local(ctx, build(), opts)
			stopped := ctx.Err() != nil
			cancel()
			if err == nil {
				break
			}
			if !stopped {
				t.Fatal(err)
			}
			opts.Parallelism = 1 + rng.IntN(3)
		}
	})
	got, want := out.Records(), m.out
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%v, lateness %d:\n%s", assigner, m.lateness, firstDifference(got, want))
	}
}

func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			return fmt.Sprintf("%d and %d lines; got\n\t%s\nwant\n\t%s", len(got), len(want),
				strings.Join(got[min(i, len(got)):min(i+3, len(got))], "\n\t"), strings.Join(want[min(i, len(want)):min(i+3, len(want))], "\n\t"))
		}
	}
	return ""
}
