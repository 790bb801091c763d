package job

import "time"

// Restart says how patiently a job is restarted: after a pause that doubles from Initial
// to Max, and at most Limit times without a complete checkpoint in between.
type Restart struct {
	Initial, Max time.Duration
	Limit        int
}

// backoff counts the restarts since the last complete checkpoint.
type backoff struct {
	Restart
	failures int
}

// next returns the pause before the next attempt; ok is false if there is to be none.
func (b *backoff) next(progress bool) (pause time.Duration, ok bool) {
	if progress {
		b.failures = 0
	}
	if b.failures >= b.Limit {
		return 0, false
	}
	pause = b.Initial
	for range b.failures {
		if pause >= b.Max/2 {
			pause = b.Max
			break
		}
		pause *= 2
	}
	b.failures++
	return min(pause, b.Max), true
}
