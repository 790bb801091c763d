package store

import (
	"sync"
	"testing"
)

// All methods of a store may be called at the same time: while one goroutine makes
// checkpoints, others delete old ones, remember commits and ask. For the race detector; and
// whatever came first, what the last one left is whole, and known to be committed.
func TestStoreConcurrently(t *testing.T) {
	const checkpoints, aborted = 100, 100
	disk := newDisk(t)
	opts := testOptions(2)
	opts.newName, opts.serial = randomName, false
	s, _ := mustStart(t, disk, opts)
	incarnation, lineage, dir := s.Incarnation(), s.Lineage(), s.Dir()
	var others sync.WaitGroup
	done := make(chan struct{})
	others.Go(func() {
		for {
			if _, err := s.Subsume(); err != nil {
				t.Errorf("subsume: %v", err)
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	// Each is asked by a goroutine of its own, which takes no lock and only receives: anything
	// else would hide a call without the mutex from the race detector.
	var turns []chan bool
	for what, same := range map[string]func() bool{
		"incarnation": func() bool { return s.Incarnation() == incarnation },
		"lineage":     func() bool { return s.Lineage() == lineage },
		"directory":   func() bool { return s.Dir() == dir },
	} {
		turn := make(chan bool, checkpoints)
		turns = append(turns, turn)
		others.Go(func() {
			for range turn {
				if !same() {
					t.Errorf("the %s has changed", what)
				}
			}
		})
	}
	others.Go(func() {
		for range aborted {
			p, err := s.Begin()
			if err != nil {
				t.Errorf("begin: %v", err)
				return
			}
			if err := p.Abort(); err != nil {
				t.Errorf("abort: %v", err)
			}
		}
	})
	for range checkpoints {
		for _, turn := range turns {
			turn <- true
		}
		check(t, s.Committed(mustPublish(t, s, 2)))
	}
	for _, turn := range turns {
		close(turn)
	}
	close(done)
	others.Wait()
	newest := s.Newest()
	check(t, s.Committed(newest))
	check(t, s.Close())
	_, c := mustStart(t, disk, opts)
	if c == nil || c.ID != newest || !c.Committed {
		t.Fatalf("it starts from %+v, want checkpoint %v, committed", c, newest)
	}
	check(t, isWhole(c, 2))
}
