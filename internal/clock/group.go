package clock

import (
	"sync"
	"time"

	"github.com/weirstream/weir/internal/flow"
)

// A Group keeps splits together whose event time is to go on at one pace: a split that is
// too far ahead of the one that is furthest behind must wait (Flink's watermark alignment).
// Any goroutine may use it.
type Group struct {
	mu      sync.Mutex
	clock   *Clock
	waiting map[*Member]func()
}

// NewGroup makes a group without members.
func NewGroup() *Group { return &Group{clock: New(0), waiting: make(map[*Member]func())} }

// A Member is a split in a group.
type Member struct {
	group   *Group
	channel int
	most    time.Duration // how far ahead it may be
	at      flow.Time
	left    bool
}

// Join adds a member that has come to the given time, and may be so much ahead of the
// group.
func (g *Group) Join(at flow.Time, most time.Duration) *Member {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := &Member{group: g, channel: g.clock.Add(at), most: most, at: at}
	g.clock.Settle()
	return m
}

// Mark says how far event time has come in the split. An idle split is not waited for.
func (m *Member) Mark(mark flow.Mark) {
	g := m.group
	var ready []func()
	g.mu.Lock()
	if !m.left {
		m.at = max(m.at, mark.Time)
		if _, changed := g.clock.Mark(m.channel, mark); changed {
			ready = g.ready()
		}
	}
	g.mu.Unlock()
	for _, f := range ready {
		f()
	}
}

// Ahead reports whether the split must wait. If so, ready is called once, when it need not
// wait any more: by a goroutine that uses another member.
func (m *Member) Ahead(ready func()) bool {
	g := m.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if !m.ahead() {
		return false
	}
	g.waiting[m] = ready
	return true
}

// ahead reports whether the member is too far ahead. The lock is held.
func (m *Member) ahead() bool {
	now := m.group.clock.Now()
	return !m.left && !now.Idle && m.at > now.Time.Add(m.most)
}

// Leave takes the member out: nothing comes of the split any more.
func (m *Member) Leave() {
	g := m.group
	var ready []func()
	g.mu.Lock()
	if !m.left {
		m.left = true
		delete(g.waiting, m)
		if _, changed := g.clock.Remove(m.channel); changed {
			ready = g.ready()
		}
	}
	g.mu.Unlock()
	for _, f := range ready {
		f()
	}
}

// ready takes out those that need not wait any more, and returns what is to be called. The
// lock is held.
func (g *Group) ready() (calls []func()) {
	for m, ready := range g.waiting {
		if !m.ahead() {
			delete(g.waiting, m)
			calls = append(calls, ready)
		}
	}
	return calls
}
