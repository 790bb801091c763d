package window

import "github.com/weirstream/weir/eventtime"

// Purge has a window emptied whenever it fires, so that each record is emitted in one
// result (Flink's PurgingTrigger).
func (t Trigger) Purge() Trigger {
	if t.open == nil {
		return t
	}
	open := t.open
	t.open = func(c Context) Rule { return purging{open(c)} }
	t.atEnd = false
	return t
}

type purging struct{ Rule }

func purged(r Result) Result {
	if r.Fires() {
		return FireAndPurge
	}
	return r
}

func (p purging) OnRecord(at eventtime.Time, w Bounds) Result { return purged(p.Rule.OnRecord(at, w)) }

func (p purging) OnEventTime(at eventtime.Time, w Bounds) Result {
	return purged(p.Rule.OnEventTime(at, w))
}

func (p purging) OnProcessingTime(at eventtime.Time, w Bounds) Result {
	return purged(p.Rule.OnProcessingTime(at, w))
}
