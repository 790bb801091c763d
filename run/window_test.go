package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/window"
)

// A seen is a pane as text: key, start, end and value.
func seen[R any](p weir.Pane[string, R]) (string, error) {
	return fmt.Sprintf("%s [%d,%d) %v", p.Key, p.Start, p.End, p.Value), nil
}

// lineWindows runs a job over the lines of a shelf with the windows that in makes of them, and
// returns what writes lines, lets so much time go by, and says what has come out meanwhile.
type lineJob struct {
	t    *testing.T
	s    *shelf
	opts run.Options
	out  *weir.Collector[string]
	seen int
	make func(job *weir.Job, lines weir.Keyed[string, string]) weir.Stream[string]
	stop func()
}

func newLineJob(t *testing.T, parallelism int, make func(*weir.Job, weir.Keyed[string, string]) weir.Stream[string]) *lineJob {
	j := &lineJob{t: t, s: &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}, opts: options(t, parallelism), out: &weir.Collector[string]{}, make: make}
	j.opts.CheckpointInterval = 5 * time.Second
	j.start()
	return j
}

func (j *lineJob) start() {
	job := weir.NewJob("windows")
	weir.To(j.make(job, events(job, j.s)), "out", j.out)
	j.stop = started(j.t, job, j.opts)
}

// restart stops the job and starts it again at another parallelism.
func (j *lineJob) restart(parallelism int) {
	j.t.Helper()
	j.stop()
	j.opts.Parallelism = parallelism
	j.start()
}

// write writes lines one after the other, so that each is a batch of its own and the watermark
// follows it.
func (j *lineJob) write(lines ...string) {
	for _, line := range lines {
		j.s.change(func() { j.s.logs["log"].lines = append(j.s.logs["log"].lines, line) })
		time.Sleep(3 * time.Second)
	}
}

// wants checks what has come out since it was called last, in the order of text.
func (j *lineJob) wants(want ...string) {
	j.t.Helper()
	time.Sleep(11 * time.Second) // a checkpoint
	got := j.out.Records()[j.seen:]
	j.seen += len(got)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		j.t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// late is where late lines go.
var late = weir.NewTag[string]("late")

// withLate joins panes and late records.
func withLate[R any](panes weir.Stream[weir.Pane[string, R]]) weir.Stream[string] {
	said := weir.Map(weir.SideOutput(panes, late), func(line string) (string, error) { return "late " + line, nil })
	return weir.Union(weir.Map(panes, seen[R]), said)
}

func TestTumblingWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newLineJob(t, 2, func(job *weir.Job, lines weir.Keyed[string, string]) weir.Stream[string] {
			w := weir.Window(lines, window.Tumbling(10*time.Millisecond)).LateTo(late)
			return withLate(weir.AggregateWindow(w, "count", weir.Count[string]()))
		})
		j.write("a 1", "b 2", "a 9", "a 10")
		j.wants("a [0,10) 2", "b [0,10) 1")
		j.write("a 3", "b 19", "b 20")
		j.wants("late a 3", "a [10,20) 1", "b [10,20) 1")
		j.restart(3)
		j.write("a 15", "b 29", "c 25", "b 30")
		j.wants("late a 15", "b [20,30) 2", "c [20,30) 1")
		j.stop()
	})
}
