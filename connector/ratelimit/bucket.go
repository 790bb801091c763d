package ratelimit

import (
	"math"
	"sync"
	"time"
)

const (
	// batchTime is how much time's records are read at once, by all readers together:
	// the shorter, the smoother.
	batchTime = 20 * time.Millisecond
	// catchUpTime is how much of the time in which nothing was read is made up for. It
	// has to cover how late a timer may be, or the rate would be missed.
	catchUpTime = 50 * time.Millisecond
)

// A bucket says when a reader may read. What was read is paid for afterwards, since only
// then it is known how much it was: so readers that find nothing cost the others nothing.
type bucket struct {
	perSecond float64

	mu      sync.Mutex
	readers int
	balance float64   // records; while it is negative no reader reads
	at      time.Time // when the balance was that
}

// settle brings the balance up to date. The caller holds mu.
func (b *bucket) settle() {
	now := time.Now()
	if !b.at.IsZero() {
		b.balance += now.Sub(b.at).Seconds() * b.perSecond
		b.balance = min(b.balance, catchUpTime.Seconds()*b.perSecond)
	}
	b.at = now
}

// ask returns how many records may be read now or, if none, how long to wait.
func (b *bucket) ask() (n int, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle()
	if b.balance < 0 {
		seconds := -b.balance / b.perSecond
		return 0, time.Duration(math.Ceil(min(seconds, 1e6) * 1e9))
	}
	share := b.perSecond * batchTime.Seconds() / float64(max(1, b.readers))
	return int(max(1, min(share, 1e9))), 0
}

// pay takes n records off.
func (b *bucket) pay(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle()
	b.balance -= float64(n)
}

// join counts a reader in, or out with -1.
func (b *bucket) join(d int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readers += d
}
