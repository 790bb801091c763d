package weirtest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/weirtest"
)

// EveryCrash tries crashes at steps and at operations, and says with which of them a bug shows.
func TestEveryCrashFindsBugs(t *testing.T) {
	script := func(planted string) func(r *weirtest.Run) {
		return func(r *weirtest.Run) {
			starts := 0
			in, sink := &weirtest.Source[rec]{}, &weirtest.Sink[rec]{}
			r.Start(func() *weir.Job {
				b := &builder{planted: planted, starts: starts}
				starts++
				j := weir.NewJob("bug")
				stream := weir.From(j, "in", sourceWith(planted, in), in.Watermarks())
				weir.To(opOf("count").build(b, node{}, []weir.Stream[rec]{stream})[0], "out", sinkWith(planted, sink))
				return j
			}, run.Options{})
			in.Push(rec{K: 1}, rec{K: 2})
			r.Checkpoint()
			in.Push(rec{K: 1}, rec{K: 2})
			r.Settle()
		}
	}
	for planted, want := range map[string][]string{
		"":                                nil,
		"state outside of the checkpoint": {"crash after step 2", "power cut before operation "},
		"a position one record behind":    {"crash after step 2", "crash before operation "},
		"output that is visible when it is prepared": {"crash before operation ", "power cut before operation "},
	} {
		telling := weirtest.Telling(t, script(planted), 1, 3, 2)
		for _, w := range want {
			if !slices.ContainsFunc(telling, func(s string) bool { return strings.HasPrefix(s, w) }) {
				t.Errorf("%q shows with %q, want %q", planted, telling, w)
			}
		}
		if want == nil && telling != nil {
			t.Errorf("without a bug %q fail", telling)
		}
	}
}
