package site

import (
	"context"
	"sync"
	"time"
)

// A Pace has events come at a rate: event n is due n/rate after the first one was asked for.
// An event that comes late does not make the next ones late.
type Pace struct {
	perSecond float64
	once      sync.Once
	began     time.Time
}

// NewPace makes a pace of so many events in a second, over all splits.
func NewPace(perSecond float64) *Pace { return &Pace{perSecond: perSecond} }

// least is the time for which events are held back, so that they come in small batches and
// not one by one.
const least = 100 * time.Microsecond

// Due returns when an event is due. It must not be called before the first one was read.
func (p *Pace) Due(n int64) time.Time {
	return p.began.Add(time.Duration(float64(n) / p.perSecond * 1e9))
}

// wait waits until event n is due, and returns the number of the first one that is not.
func (p *Pace) wait(ctx context.Context, n int64) (int64, error) {
	p.once.Do(func() { p.began = time.Now() })
	if wait := time.Until(p.Due(n)); wait > 0 {
		timer := time.NewTimer(max(wait, least))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return max(n, int64(time.Since(p.began).Seconds()*p.perSecond)) + 1, nil
}
