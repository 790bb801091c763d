package clock

import (
	"fmt"
	"testing"
	"time"

	"github.com/weirstream/weir/internal/flow"
)

// A member waits while it is more ahead of the slowest one than it may be, and is called
// when that has come closer, has become idle or has left. New members are waited for.
func TestGroup(t *testing.T) {
	g := NewGroup()
	var called []string
	ahead := func(m *Member, name string) bool {
		return m.Ahead(func() { called = append(called, name) })
	}
	wants := func(what string, got bool, want bool, calls ...string) {
		t.Helper()
		if got != want || fmt.Sprint(called) != fmt.Sprint(calls) {
			t.Errorf("%s: must wait: %t, want %t; called %v, want %v", what, got, want, called, calls)
		}
		called = nil
	}
	mark := func(m *Member, at int64) { m.Mark(flow.Mark{Time: flow.Time(at)}) }
	fast, slow := g.Join(flow.MinTime, 10*time.Millisecond), g.Join(flow.MinTime, 10*time.Millisecond)
	wants("nothing read", ahead(fast, "fast"), false)
	mark(fast, 1)
	wants("the other one not read", ahead(fast, "fast"), true)
	mark(slow, 1)
	wants("both read", ahead(slow, "slow"), false, "fast")
	mark(fast, 11)
	wants("just so much ahead", ahead(fast, "fast"), false)
	mark(fast, 12)
	wants("too far ahead", ahead(fast, "fast"), true)
	wants("the slow one", ahead(slow, "slow"), false)
	mark(slow, 2)
	wants("closer", ahead(slow, "slow"), false, "fast")
	mark(fast, 100)
	wants("ahead again", ahead(fast, "fast"), true)
	slow.Mark(flow.Mark{Time: 2, Idle: true})
	wants("the slow one is idle", ahead(fast, "fast"), false, "fast")
	third := g.Join(50, time.Second)
	mark(fast, 200)
	wants("a new member is behind", ahead(fast, "fast"), true)
	wants("it may be further ahead itself", ahead(third, "third"), false)
	third.Leave()
	third.Leave()
	wants("it has left", ahead(fast, "fast"), false, "fast")
	mark(third, 1000)
	fast.Leave()
	wants("all have left or are idle", ahead(slow, "slow"), false)
}
