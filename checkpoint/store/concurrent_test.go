package store

import (
	"fmt"
	"sync"
	"testing"
)

// All methods of a store may be called at the same time: while one goroutine makes
// checkpoints, others delete old ones, remember commits and ask. For the race detector; and
// whatever came first, what the last one left is whole, and known to be committed.
func TestStoreConcurrently(t *testing.T) {
	const checkpoints = 20
	disk := newDisk(t)
	opts := testOptions(2)
	opts.newName, opts.serial = randomName, false
	s, _ := mustStart(t, disk, opts)
	incarnation, lineage, dir := s.Incarnation(), s.Lineage(), s.Dir()
	var others sync.WaitGroup
	done := make(chan struct{})
	meanwhile := func(what string, do func() error) {
		others.Go(func() {
			for {
				if err := do(); err != nil {
					t.Errorf("%s: %v", what, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	meanwhile("subsume", func() error { _, err := s.Subsume(); return err })
	meanwhile("committed", func() error {
		if id := s.Newest(); id > 0 {
			return s.Committed(id)
		}
		return nil
	})
	meanwhile("ask", func() error {
		if i, l, d := s.Incarnation(), s.Lineage(), s.Dir(); i != incarnation || l != lineage || d != dir {
			return fmt.Errorf("it has become incarnation %v of lineage %v in %v", i, l, d)
		}
		return nil
	})
	meanwhile("begin and abort", func() error {
		p, err := s.Begin()
		if err != nil {
			return err
		}
		return p.Abort()
	})
	for range checkpoints {
		mustPublish(t, s, 2)
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
