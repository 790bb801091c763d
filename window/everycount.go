package window

import (
	"fmt"

	"github.com/weirstream/weir/eventtime"
)

// EveryCount fires with every nth record of a window (Flink's CountTrigger). It fires for
// nothing else: if there are less than n records left when a window ends, they are removed
// without being emitted.
func EveryCount(n int) Trigger {
	if n <= 0 {
		return Trigger{err: fmt.Errorf("every %d records: want more than 0", n)}
	}
	return By(func(c Context) Rule {
		return everyCount{int64(n), c.Number("count", func(a, b int64) int64 { return a + b })}
	})
}

type everyCount struct {
	n     int64
	count Number
}

func (e everyCount) OnRecord(eventtime.Time, Bounds) Result {
	n, _ := e.count.Get()
	if n+1 < e.n {
		e.count.Set(n + 1)
		return Continue
	}
	e.count.Clear()
	return Fire
}

func (e everyCount) OnEventTime(eventtime.Time, Bounds) Result      { return Continue }
func (e everyCount) OnProcessingTime(eventtime.Time, Bounds) Result { return Continue }
func (e everyCount) OnMerge(Bounds)                                 { e.count.Merge() }
func (e everyCount) Clear(Bounds)                                   { e.count.Clear() }
