package exchange

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Every element of every channel comes, in its order and in its turn, whichever channels
// are held and released meanwhile, and control messages before all.
func TestGateAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 5).Draw(t, "channels")
		g := NewGate[int](channels)
		model := make([][]int, channels)
		held := make([]bool, channels)
		passed := make([]int, channels) // elements of others that came while it had one
		var control []int
		sent := 0
		channel := rapid.IntRange(0, channels-1)
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				c := channel.Draw(t, "channel")
				if len(model[c]) == Capacity {
					return
				}
				sent++
				if waited, err := g.Send(c, element(sent)); waited != 0 || err != nil {
					t.Fatal(waited, err)
				}
				model[c] = append(model[c], sent)
			},
			"control": func(t *rapid.T) {
				sent++
				g.Control(sent)
				control = append(control, sent)
			},
			"hold": func(t *rapid.T) {
				c := channel.Draw(t, "channel")
				g.Hold(c)
				held[c], passed[c] = true, 0
			},
			"release": func(t *rapid.T) {
				g.Release()
				clear(held)
			},
			"receive": func(t *rapid.T) {
				r, ok, err := g.Receive(false)
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case len(control) > 0:
					if !ok || r.Control == nil || *r.Control != control[0] {
						t.Fatalf("received %+v, want the control message %d", r, control[0])
					}
					control = control[1:]
				case ok:
					c := r.Channel
					if r.Control != nil || held[c] || len(model[c]) == 0 || int(r.Element.Barrier) != model[c][0] {
						t.Fatalf("received %+v; channel %d is held: %t, and has %v", r, c, held[c], model[c])
					}
					model[c], passed[c] = model[c][1:], 0
					for other := range model {
						if other == c || held[other] || len(model[other]) == 0 {
							continue
						}
						if passed[other]++; passed[other] > channels {
							t.Fatalf("channel %d has waited for %d elements of %d others", other, passed[other], channels-1)
						}
					}
				default:
					for c := range model {
						if !held[c] && len(model[c]) > 0 {
							t.Fatalf("nothing is received, and channel %d has %v", c, model[c])
						}
					}
				}
			},
			"": func(t *rapid.T) {
				queued := 0
				for c := range g.channels {
					if q := &g.channels[c]; q.queued {
						queued++
					} else if q.n > 0 && !q.held {
						t.Fatalf("channel %d has %d elements and is not queued", c, q.n)
					}
				}
				holding := 0
				for _, h := range held {
					if h {
						holding++
					}
				}
				if queued != g.ready.n || holding != len(g.held) {
					t.Fatalf("%d channels are ready and %d held, want %d and %d", g.ready.n, len(g.held), queued, holding)
				}
			},
		})
	})
}

// An element that was received is not held on to, and takes no new memory after the first.
func TestElementsTakeNoMemory(t *testing.T) {
	g := NewGate[int](2)
	if n := testing.AllocsPerRun(100, func() {
		for c := range 2 {
			send(g, c, element(1))
		}
		for range 2 {
			g.Receive(false)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for n := g.free; n != nil; n = n.next {
		if n.Element != (Element{}) {
			t.Errorf("%+v is held on to", n.Element)
		}
	}
}

// However many send to one full channel, it takes no more than its capacity; they are told
// how long they have waited; and Close wakes them all.
func TestManySendersOfOneChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate[int](1)
		type result struct {
			waited time.Duration
			err    error
		}
		results := make(chan result, 100)
		start := func() {
			go func() {
				waited, err := g.Send(0, element(1))
				results <- result{waited, err}
			}()
		}
		for range Capacity {
			start()
		}
		synctest.Wait()
		for range Capacity {
			if r := <-results; r != (result{}) {
				t.Errorf("into an empty channel: %+v", r)
			}
		}
		for i := range 20 {
			start()
			synctest.Wait()
			time.Sleep(time.Second)
			g.Receive(false)
			start() // at the same time as the one that waits wakes up
			synctest.Wait()
			if n := int(g.channels[0].n); n != Capacity {
				t.Fatalf("round %d: %d elements in a channel of %d", i, n, Capacity)
			}
			if r := <-results; r.err != nil || r.waited%time.Second != 0 {
				t.Fatalf("round %d: %+v", i, r)
			}
		}
		time.Sleep(time.Second)
		g.Control(1)
		g.Close()
		g.Control(2)
		synctest.Wait()
		if len(results) != 20 {
			t.Errorf("%d of 20 senders are awake", len(results))
		}
		var longest time.Duration
		for range len(results) {
			r := <-results
			if r.err != ErrClosed {
				t.Errorf("after Close: %v", r.err)
			}
			longest = max(longest, r.waited)
		}
		if longest < time.Second {
			t.Errorf("none has waited longer than %v", longest)
		}
		if r, ok, err := g.Receive(true); ok || err != ErrClosed {
			t.Errorf("received %+v after Close: %v", r, err)
		}
		if !slices.Equal(g.control, []int{1}) {
			t.Errorf("control messages after Close are kept: %v", g.control)
		}
	})
}
