package exchange

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/checkpoint"
)

// element is a barrier: enough to tell elements apart.
func element(n int) Element { return Element{Kind: Barrier, Barrier: checkpoint.ID(n)} }

// send is Send without how long it has waited.
func send[C any](g *Gate[C], channel int, e Element) error {
	_, err := g.Send(channel, e)
	return err
}

func TestAFullChannelStopsItsSenderOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate[int](2)
		sent := make(chan int, 100)
		go func() {
			for i := range Capacity + 2 {
				if send(g, 0, element(i+1)) == nil {
					sent <- i
				}
			}
		}()
		synctest.Wait()
		if len(sent) != Capacity {
			t.Fatalf("%d elements went into a channel of %d", len(sent), Capacity)
		}
		if err := send(g, 1, element(99)); err != nil {
			t.Fatal(err)
		}
		var got []int
		for range Capacity + 3 {
			r, ok, err := g.Receive(false)
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			got = append(got, int(r.Element.Barrier))
			synctest.Wait()
		}
		// Channels in turn, each in its order.
		if want := []int{1, 99, 2, 3, 4, 5, 6}; !slices.Equal(got, want) {
			t.Errorf("received %v, want %v", got, want)
		}
		if _, ok, _ := g.Receive(false); ok {
			t.Error("received from empty channels")
		}
	})
}

func TestHeldChannelsWait(t *testing.T) {
	g := NewGate[int](2)
	send(g, 0, element(1))
	send(g, 1, element(2))
	g.Hold(0)
	r, ok, _ := g.Receive(false)
	if !ok || r.Channel != 1 {
		t.Fatalf("received %+v, want channel 1", r)
	}
	if r, ok, _ := g.Receive(false); ok {
		t.Fatalf("received %+v from a channel that is held", r)
	}
	g.Control(7)
	if r, _, _ := g.Receive(true); r.Control == nil || *r.Control != 7 {
		t.Fatalf("received %+v, want the control message", r)
	}
	g.Release()
	if r, ok, _ := g.Receive(false); !ok || r.Channel != 0 {
		t.Fatalf("received %+v, want channel 0", r)
	}
}

func TestCloseWakesAllThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate[int](1)
		var wg sync.WaitGroup
		errs := make(chan error, 2)
		for range Capacity {
			send(g, 0, element(1))
		}
		wg.Go(func() { errs <- send(g, 0, element(2)) })
		g.Hold(0)
		wg.Go(func() { _, _, err := g.Receive(true); errs <- err })
		time.Sleep(time.Hour)
		if len(errs) > 0 {
			t.Fatalf("a call returned before Close: %v", <-errs)
		}
		g.Close()
		wg.Wait()
		for range 2 {
			if err := <-errs; !errors.Is(err, ErrClosed) {
				t.Errorf("got %v, want ErrClosed", err)
			}
		}
	})
}
