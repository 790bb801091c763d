package file

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
)

var lives = flag.Int("lives", 60, "how many lives of files are tried")
var lifeSeed = flag.Uint64("life", 0, "the first of them, to repeat one")

// A scribe does to the files of a folder what programs and people do to them, and knows
// which lines it has written.
type scribe struct {
	*driver
	rnd   *rand.Rand
	lines []string
	logs  []*logFile
	story strings.Builder
	next  int
	last  snapshot

	seen, lastSeen map[int]bool // generations of files
}

// A logFile is a file that is written to, and its older ones.
type logFile struct {
	name   string
	header bool
	old    int    // there are name.1 … name.old, or .gz of them
	packed int    // from this one on they are packed; 0: none is
	half   string // of a line that is begun
	gens   []int  // numbers of the file and of the older ones
}

func (w *scribe) say(format string, args ...any) {
	fmt.Fprintf(&w.story, format+"\n", args...)
}

func (w *scribe) line(l *logFile) string {
	w.next++
	s := fmt.Sprintf("%s line %d %s", l.name, w.next, strings.Repeat("x", w.rnd.IntN(60)))
	w.lines = append(w.lines, s)
	return s
}

// begin makes the content that a new file of a log begins with.
func (w *scribe) begin(l *logFile) string {
	if !l.header {
		return ""
	}
	w.next++
	h := fmt.Sprintf("# header %s %d", strings.Repeat("=", 300), w.next)
	w.lines = append(w.lines, h)
	return h + "\n"
}

// save takes a checkpoint.
func (w *scribe) save() {
	w.last, w.lastSeen = w.checkpoint(), maps.Clone(w.seen)
}

// ticked notes which files the job has read something of.
func (w *scribe) ticked() {
	for _, l := range w.logs {
		for i, g := range l.gens {
			name := l.nameOf(i)
			content, err := os.ReadFile(w.path(name))
			if err != nil {
				continue // it is about to get this name
			}
			for id, b := range w.known {
				at, err := decodePosition(b)
				must(w.t, err)
				if s, _ := parseSplitID(id); at.fate != alive || at.n == 0 || cmp.Or(at.name, s.name) != name {
					continue
				}
				var d digest
				d.add(content[:min(len(content), int(at.n))])
				w.seen[g] = w.seen[g] || strings.HasSuffix(name, ".gz") || d.of(&at.digest)
			}
		}
	}
}

// knows reports whether the job has seen a file, and had when the last checkpoint was
// taken: of two files that it sees for the first time it cannot tell that one is a copy.
func (w *scribe) knows(generation int) bool { return w.seen[generation] && w.lastSeen[generation] }

func (w *scribe) create() {
	l := &logFile{name: fmt.Sprintf("log%d.txt", len(w.logs)), header: w.rnd.IntN(2) == 0}
	w.logs = append(w.logs, l)
	w.generation(l)
	w.say("create %s, header %v", l.name, l.header)
	w.write(l.name, w.begin(l))
}

// generation numbers the next file of a log.
func (w *scribe) generation(l *logFile) {
	w.next++
	l.gens = append([]int{w.next}, l.gens...)
}

func (w *scribe) append(l *logFile) {
	w.say("append to %s", l.name)
	for range 1 + w.rnd.IntN(5) {
		if l.half == "" {
			l.half = w.line(l) + "\n"
		}
		n := len(l.half)
		if w.rnd.IntN(6) == 0 {
			n = w.rnd.IntN(n)
		}
		w.add(l.name, l.half[:n])
		l.half = l.half[n:]
	}
}

func (w *scribe) finish(l *logFile) {
	if l.half != "" {
		w.add(l.name, l.half)
		l.half = ""
	}
}

func (l *logFile) nameOf(i int) string {
	if i == 0 {
		return l.name
	}
	if l.packed != 0 && i >= l.packed {
		return fmt.Sprintf("%s.%d.gz", l.name, i)
	}
	return fmt.Sprintf("%s.%d", l.name, i)
}

// shift renames the older files of a log, and removes the oldest, which was read.
func (w *scribe) shift(l *logFile) {
	if l.old == 3 {
		w.run(12)
		w.ticked()
		w.save()
		w.remove(l.nameOf(3))
		l.gens = l.gens[:3]
		if l.old--; l.packed > l.old {
			l.packed = 0
		}
	}
	for i := l.old; i >= 1; i-- {
		from := l.nameOf(i)
		to := strings.Replace(from, fmt.Sprintf(".%d", i), fmt.Sprintf(".%d", i+1), 1)
		w.rename(from, to)
	}
	l.old++
	if l.packed != 0 {
		l.packed++
	}
}

// full reports whether the oldest file would have to go that may not have been read.
func (w *scribe) full(l *logFile) bool { return l.old == 3 && w.readers == nil }

func (w *scribe) rotate(l *logFile) {
	if w.full(l) {
		return
	}
	w.say("rotate %s", l.name)
	w.finish(l)
	w.shift(l)
	w.rename(l.name, l.name+".1")
	if w.rnd.IntN(3) == 0 {
		w.tickMaybe()
	}
	w.generation(l)
	w.write(l.name, w.begin(l))
}

// copytruncate copies a file that the job knows: of two files that it sees for the first
// time it cannot tell that one is a copy of the other.
func (w *scribe) copytruncate(l *logFile) {
	if w.full(l) || !w.knows(l.gens[0]) {
		return
	}
	w.say("copy and truncate %s", l.name)
	w.finish(l)
	w.shift(l)
	w.copy(l.name, l.name+".1", plainly)
	w.tickMaybe()
	must(w.t, os.Truncate(w.path(l.name), 0))
	w.generation(l)
	w.tickMaybe()
	w.add(l.name, w.begin(l))
}

func (w *scribe) pack(l *logFile) {
	last := l.old
	if l.packed != 0 {
		last = l.packed - 1
	}
	if last < 1 {
		return
	}
	from := l.nameOf(last)
	if !w.knows(l.gens[last]) {
		return
	}
	w.say("pack %s", from)
	w.copy(from, from+".gz", zip)
	w.tickMaybe()
	w.remove(from)
	l.packed = last
}

func (w *scribe) tickMaybe() {
	if w.readers != nil && w.rnd.IntN(2) == 0 {
		w.say("tick")
		if err := w.tick(); err != nil {
			w.t.Fatal(err)
		}
		w.ticked()
		time.Sleep(time.Duration(w.rnd.IntN(2000)) * time.Millisecond)
	}
}

// Whatever happens to files that are followed, in whatever order, with the job running,
// down, or going back to a checkpoint: every line comes once.
func TestLivesOfFiles(t *testing.T) {
	n := *lives
	if testing.Short() {
		n = min(n, 25)
	}
	for seed := *lifeSeed; seed < *lifeSeed+uint64(n); seed++ {
		synctest.Test(t, func(t *testing.T) {
			if seed%2 == 1 {
				afterNow(t)
			}
			w := &scribe{driver: drive(t, t.TempDir(), Follow()), rnd: rand.New(rand.NewPCG(seed, 1))}
			defer func() {
				if t.Failed() {
					t.Logf("-life %d -lives 1:\n%s", seed, w.story.String())
				}
			}()
			if seed%4 == 3 { // hardly any descriptors
				w.new = func() weir.Source[string] {
					src := Lines(w.dir, Follow()).(source[string])
					src.descriptors = newDescriptors(2)
					return src
				}
				w.start(w.last)
			}
			w.seen = map[int]bool{}
			w.create()
			w.save()
			for range 60 {
				l := w.logs[w.rnd.IntN(len(w.logs))]
				switch w.rnd.IntN(14) {
				case 0:
					if len(w.logs) < 4 {
						w.create()
					}
				case 1, 2, 3, 4:
					w.append(l)
				case 5:
					w.rotate(l)
				case 6:
					w.copytruncate(l)
				case 7:
					w.pack(l)
				case 8:
					if w.readers != nil {
						w.say("checkpoint")
						w.save()
					}
				case 9:
					if w.readers != nil {
						w.say("the process ends")
						w.stop()
					}
				case 10, 11:
					if w.readers == nil {
						w.say("a process starts from the checkpoint")
						w.seen = maps.Clone(w.lastSeen)
						w.start(w.last)
						w.run(12)
						w.ticked()
						w.save()
					} else if w.rnd.IntN(3) == 0 {
						w.say("another attempt from the checkpoint")
						w.stop()
						w.again(w.last)
						w.seen = maps.Clone(w.lastSeen)
					}
				default:
					w.tickMaybe()
				}
			}
			for _, l := range w.logs {
				w.finish(l)
			}
			if w.readers == nil {
				w.start(w.last)
			}
			w.run(15)
			w.wantAll()
		})
		if t.Failed() {
			return
		}
	}
}

// wantAll makes sure that every line has come once, and says which has not.
func (w *scribe) wantAll() {
	w.t.Helper()
	count := map[string]int{}
	for _, l := range w.lines {
		count[l]++
	}
	for _, l := range w.got {
		count[l]--
	}
	for l, n := range count {
		if n != 0 {
			w.t.Errorf("%.40q: %+d too few", l, n)
		}
	}
	if w.t.Failed() {
		w.t.Log(w.text())
	}
}
