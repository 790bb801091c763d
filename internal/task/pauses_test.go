package task

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/internal/flow"
)

// While a split has nothing, the pauses between two reads grow to a second; once it has had
// records they begin anew. With very many idle splits they grow further.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a"})
		defer b.close()
		pauses := func(n int) (all []time.Duration) {
			synctest.Wait()
			for reads, last := b.count(), time.Now(); len(all) < n; {
				time.Sleep(firstPause / 2)
				if synctest.Wait(); b.count() != reads {
					all = append(all, time.Since(last).Round(firstPause))
					reads, last = b.count(), time.Now()
				}
			}
			return all
		}
		want := []time.Duration{10, 20, 40, 80, 160, 320, 640, 1000, 1000}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if got := pauses(len(want)); !slices.Equal(got, want) {
			t.Errorf("pauses %v, want %v", got, want)
		}
		b.stream.add("a", "1")
		time.Sleep(lastPause)
		b.wants("a record", "a1=1")
		if got := pauses(3); !slices.Equal(got, want[:3]) {
			t.Errorf("pauses after a record %v, want %v", got, want[:3])
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var l idleList
		many := make([]*reading, 3*busiest)
		for i := range many {
			many[i] = &reading{sleep: sleep{pause: lastPause}}
			l.add(many[i], false)
			l.add(many[i], true) // it is in the list
		}
		last := many[len(many)-1]
		if len(l.heap) != len(many) || last.sleep.pause != 2*lastPause {
			t.Errorf("%d idle splits, the last with a pause of %v; want %d and %v, for there is twice as much time to twice as many", len(l.heap), last.sleep.pause, len(many), 2*lastPause)
		}
		// Any of them may leave, and the others are due in their order.
		for i := 0; i < len(many); i += 3 {
			l.remove(many[i])
			l.remove(many[i])
		}
		time.Sleep(lastPause)
		first := l.due(nil)
		for i, r := range first {
			if r.sleep.at != 0 || r.sleep.until.After(time.Now()) || i > 0 && r.sleep.until.Before(first[i-1].sleep.until) {
				t.Fatalf("split %d of those that are due: %+v", i, r.sleep)
			}
		}
		time.Sleep(time.Hour)
		rest := l.due(nil)
		if len(first) == 0 || len(rest) == 0 || len(first)+len(rest) != 2*busiest {
			t.Errorf("%d and %d are due, want all of %d", len(first), len(rest), 2*busiest)
		}
		if _, ok := l.next(); ok {
			t.Error("the list is not empty")
		}
	})
}
