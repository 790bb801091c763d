package align

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
)

// Scripts read "channel:barrier=action …".
func TestScripts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		channels int
		script   string
	}{
		{"one channel never waits", 1, "0:1=take 0:2=take 0:4=take"},
		{"two channels", 2, "0:1=hold 1:1=take 1:2=hold 0:2=take"},
		{"a barrier twice on one channel", 2, "0:1=hold 0:1=ignore 1:1=take"},
		{"overtaken", 2, "0:1=hold 1:2=restart 0:2=take"},
		{"the overtaken one arrives late", 3, "0:1=hold 1:2=restart 2:1=ignore 2:2=hold 0:2=take"},
		{"one that was taken comes again", 2, "0:3=hold 1:3=take 0:2=ignore 1:3=ignore"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := New(tt.channels)
			for _, step := range strings.Fields(tt.script) {
				var channel, id int
				var want string
				if _, err := fmt.Sscanf(strings.NewReplacer(":", " ", "=", " ").Replace(step), "%d %d %s", &channel, &id, &want); err != nil {
					t.Fatal(err)
				}
				if got := a.Barrier(channel, checkpoint.ID(id)); got.String() != want {
					t.Fatalf("%s: got %s", step, got)
				}
			}
		})
	}
}

// Channels that carry the same rising barriers (some channels miss some of them) are
// interleaved at random. A snapshot is taken only when the last barrier seen on every
// channel is the one taken, and the newest barrier is always taken in the end.
func TestTakenMeansArrivedEverywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 4).Draw(t, "channels")
		queues := make([][]checkpoint.ID, channels)
		const last = 5
		for c := range queues {
			for id := checkpoint.ID(1); id < last; id++ {
				if rapid.Bool().Draw(t, "carries") {
					queues[c] = append(queues[c], id)
				}
			}
			queues[c] = append(queues[c], last)
		}
		a := New(channels)
		seen := make([]checkpoint.ID, channels)
		held := make([]bool, channels)
		var taken checkpoint.ID
		for {
			var free []int
			for c := range queues {
				if !held[c] && len(queues[c]) > 0 {
					free = append(free, c)
				}
			}
			if len(free) == 0 {
				break
			}
			c := rapid.SampledFrom(free).Draw(t, "channel")
			id := queues[c][0]
			queues[c] = queues[c][1:]
			seen[c] = id
			switch a.Barrier(c, id) {
			case Hold:
				held[c] = true
			case Restart:
				clear(held)
				held[c] = true
			case Take:
				clear(held)
				for o, s := range seen {
					if s != id {
						t.Fatalf("took %d while channel %d had seen %d", id, o, s)
					}
				}
				if id <= taken {
					t.Fatalf("took %d after %d", id, taken)
				}
				taken = id
			}
		}
		if taken != last {
			t.Fatalf("everything is read or held, and the last one taken is %d of %d", taken, last)
		}
	})
}
