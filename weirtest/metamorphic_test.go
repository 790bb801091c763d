package weirtest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/weirtest"
)

var (
	replayed = flag.String("replay", "", "tell one `story` of the metamorphic test, as a failure has printed it")
	stories  = flag.Int("stories", 0, "`number` of stories of the metamorphic test, instead of the usual one")
	seeded   = flag.Uint64("seed", 0, "`seed` of the metamorphic test, instead of a new one")
)

// What comes out of a job follows from the job and its records alone: it does not depend on the
// parallelism, on how the input is cut into batches, on when checkpoints are taken, on crashes,
// power cuts, and starts at another parallelism. Random jobs over random input are compared
// with what is computed of all the input at once, without an engine.
func TestMetamorphic(t *testing.T) {
	if *replayed != "" {
		var s story
		if err := json.Unmarshal([]byte(*replayed), &s); err != nil {
			t.Fatalf("-replay: %v", err)
		}
		if diff := s.tell(t); diff != "" {
			t.Error(diff)
		}
		return
	}
	n, seed := 300, uint64(time.Now().UnixNano())
	if testing.Short() {
		n = 60
	}
	if *stories > 0 {
		n = *stories
	}
	if *seeded > 0 {
		seed = *seeded
	}
	t.Logf("%d stories, drawn with -args -stories %d -seed %d", n, n, seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range n {
		s := draw(rng, "")
		if diff := s.tell(t); diff != "" {
			s, diff = s.shrink(t, diff)
			t.Fatalf("%s\nrepeat it with: go test -run 'TestMetamorphic$' ./weirtest -args -replay '%v'", diff, s)
		}
	}
}

// most is how many stories it may take to find a planted bug.
const most = 150

// The metamorphic test finds each of the bugs that are planted in sources, sinks and operators.
func TestMetamorphicFindsPlantedBugs(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if *seeded > 0 {
		seed = *seeded
	}
	t.Logf("drawn with -args -seed %d", seed)
	for i, bug := range bugs {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		n, found := 0, ""
		for n < most && found == "" {
			n++
			s := draw(rng, bug.needs)
			s.Planted = bug.name
			found = s.tell(t)
		}
		if found == "" {
			t.Errorf("%s: not found in %d stories", bug.name, n)
			continue
		}
		found, _, _ = strings.Cut(found, "\n")
		t.Logf("%s: found by story %d: %s", bug.name, n, found)
	}
}

// streams computes all streams of the job at once.
func (s story) streams() [][]stamped {
	streams := make([][]stamped, len(s.Job.Sources))
	for _, m := range s.Script {
		for _, r := range m.Recs {
			streams[m.Source] = append(streams[m.Source], stamped{r, r.At})
		}
	}
	for _, n := range s.Job.Nodes {
		var in [][]stamped
		for _, i := range n.In {
			in = append(in, streams[i])
		}
		streams = append(streams, opOf(n.Op).batch(n, in)...)
	}
	return streams
}

// unread returns the streams that no node reads.
func (j randomJob) unread(streams int) (ends []int) {
	for i := range streams {
		if !slices.ContainsFunc(j.Nodes, func(n node) bool { return slices.Contains(n.In, i) }) {
			ends = append(ends, i)
		}
	}
	return ends
}

func sinkName(stream int) string { return fmt.Sprint("out ", stream) }

// want returns what must be visible at each sink.
func (s story) want() map[string][]string {
	streams := s.streams()
	want := make(map[string][]string)
	for _, end := range s.Job.unread(len(streams)) {
		lines := []string{}
		for _, r := range streams[end] {
			lines = append(lines, fmt.Sprintf("%+v", r.rec))
		}
		want[sinkName(end)] = lines
	}
	return want
}

// build builds the job. starts is how often it was built before.
func (s story) build(sources []*weirtest.Source[rec], sinks map[string]shownSink, starts int) *weir.Job {
	b := &builder{job: weir.NewJob("random"), planted: s.Planted, starts: starts}
	var streams []weir.Stream[rec]
	for i, src := range s.Job.Sources {
		w := sources[i].Watermarks()
		if src.Disorder {
			w = weir.OutOfOrder((spread-1)*time.Millisecond, rec.at)
		}
		in := weir.From(b.job, fmt.Sprint("source ", i), sourceWith(s.Planted, sources[i]), w)
		streams = append(streams, at(in, node{P: src.P})...)
	}
	for i, n := range s.Job.Nodes {
		var in []weir.Stream[rec]
		for _, j := range n.In {
			in = append(in, streams[j])
		}
		b.index = i
		streams = append(streams, opOf(n.Op).build(b, n, in)...)
	}
	for _, end := range s.Job.unread(len(streams)) {
		weir.To(streams[end], sinkName(end), sinks[sinkName(end)])
	}
	return b.job
}

// tell runs the job through the script, and says how what is visible at the end differs from
// what must be, "" if it does not.
func (s story) tell(t *testing.T) (diff string) {
	want := s.want()
	failure := weirtest.Attempt(t, func(r *weirtest.Run) {
		sources := make([]*weirtest.Source[rec], len(s.Job.Sources))
		for i, src := range s.Job.Sources {
			sources[i] = &weirtest.Source[rec]{}
			for split := range src.Splits {
				sources[i].Split(fmt.Sprint(split))
			}
		}
		sinks := make(map[string]shownSink)
		for name := range want {
			sinks[name] = sinkWith(s.Planted, &weirtest.Sink[rec]{})
		}
		starts := 0
		start := func() {
			r.Start(func() *weir.Job { starts++; return s.build(sources, sinks, starts-1) },
				run.Options{Parallelism: s.Widths[starts%len(s.Widths)]})
		}
		start()
		idle := make(map[[2]int]bool)
		for _, m := range s.Script {
			switch m.Do {
			case "push":
				split := sources[m.Source].Split(fmt.Sprint(m.Split))
				for _, rec := range m.Recs {
					split.PushAt(rec.At, rec)
				}
				r.Settle()
			case "mark":
				for i, src := range s.Job.Sources {
					for split := range src.Splits {
						if !src.Disorder && !idle[[2]int{i, split}] {
							sources[i].Split(fmt.Sprint(split)).Watermark(m.At)
						}
					}
				}
				r.Settle()
			case "idle":
				idle[[2]int{m.Source, m.Split}] = true
				sources[m.Source].Split(fmt.Sprint(m.Split)).Idle()
			case "checkpoint":
				r.Checkpoint()
			case "stop":
				r.Stop()
				start()
			case "crash":
				r.Crash()
				start()
			case "power":
				r.PowerCut()
				start()
			case "crashAt", "powerAt":
				r.CrashAt(m.N, m.Do == "powerAt")
			}
		}
		for _, src := range sources {
			src.End()
		}
		if err := r.Wait(); err != nil {
			diff = fmt.Sprintf("the job has failed: %v", err)
			return
		}
		got := make(map[string][]string)
		for name, sink := range sinks {
			for _, v := range sink.Visible() {
				got[name] = append(got[name], fmt.Sprintf("%+v", v))
			}
		}
		diff = weirtest.Differ(want, got)
	})
	return failure + diff
}
