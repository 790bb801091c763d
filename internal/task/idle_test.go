package task

import (
	"testing"
	"testing/synctest"
	"time"
)

// looks returns how often n splits that have nothing are read from one point in time to
// another, all together.
func looks(n int, from, to time.Duration) (count int) {
	var l idleList
	for range n {
		l.add(&reading{}, false)
	}
	began := time.Now()
	for {
		at, ok := l.next()
		if !ok || at.Sub(began) >= to {
			return count
		}
		time.Sleep(time.Until(at))
		for _, r := range l.due(nil) {
			if at.Sub(began) >= from {
				count++
			}
			l.add(r, false)
		}
	}
}

// A split that has nothing is read again soon, then less and less often, and once a second
// in the end. Many splits together are read a limited number of times a second.
func TestIdleSplitsAreReadLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if n := looks(1, 0, 100*time.Millisecond); n != 3 { // after 10, 30 and 70 ms
			t.Fatalf("a split is read %d times in the first 100 ms, want 3 times", n)
		}
		if n := looks(1, time.Minute, 2*time.Minute); n < 59 || n > 61 {
			t.Fatalf("a split that has long had nothing is read %d times a minute, want 60 times", n)
		}
		if n := looks(2000, time.Minute, 2*time.Minute); n < 20_000 || n > 40_000 {
			t.Errorf("2,000 splits that have long had nothing are read %d times a minute, want 30,000 times", n)
		}
	})
}

// A split that had something is read again soon.
func TestIdlePauseBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l idleList
		r := &reading{}
		pause := func(any bool) time.Duration {
			l.add(r, any)
			at, _ := l.next()
			wait := time.Until(at)
			time.Sleep(wait)
			if got := l.due(nil); len(got) != 1 {
				t.Fatalf("%d splits are due", len(got))
			}
			return wait
		}
		for range 10 {
			pause(false)
		}
		if d := pause(false); d != time.Second {
			t.Errorf("a split that has long had nothing pauses for %v", d)
		}
		if d := pause(true); d != 10*time.Millisecond {
			t.Errorf("a split that had something pauses for %v", d)
		}
	})
}
