package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// A round is a job's life: processes that are struck down, and one that is let live.
type round struct {
	number    int
	smallDisk bool // it lives on a disk that runs full
	strikes   []strike
}

// A strike is one process and what happens to it. Moments are counted from its start.
type strike struct {
	options options
	at      time.Duration // when the blow comes
	blow    blow
	then    time.Duration // of stopThenKill: how long after the first
	fill    moment        // when the disk is filled; it stays so over processes
	free    moment        // when it is emptied
}

// A moment is a time from the start of a process; none is never.
type moment time.Duration

const none moment = -1

// A blow is how a process ends.
type blow int

const (
	kill         blow = iota // SIGKILL
	stop                     // SIGTERM: a final checkpoint, and exit code 0
	stopThenKill             // SIGTERM, and SIGKILL while it is at that
)

func (b blow) String() string { return [...]string{"kill", "stop", "stop, then kill"}[b] }

// options are what a process is told.
type options struct {
	parallelism int
	interval    time.Duration // between checkpoints
	retain      int           // checkpoints
	inline      string        // up to how large a state is kept in _metadata
	rate        int           // flights a second; 0: as fast as it goes
}

func (o options) args() []string {
	return []string{
		"--parallelism", strconv.Itoa(o.parallelism),
		"--checkpoint-interval", o.interval.String(),
		"--retain", strconv.Itoa(o.retain),
		"--inline-threshold", o.inline,
		"--rate", strconv.Itoa(o.rate),
		"--log-level", "info",
	}
}

func (s strike) String() string {
	text := fmt.Sprintf("%v after %v", s.blow, s.at)
	if s.blow == stopThenKill {
		text += fmt.Sprintf(" and %v", s.then)
	}
	if s.fill != none {
		text += fmt.Sprintf(", disk filled after %v", time.Duration(s.fill))
	}
	if s.free != none {
		text += fmt.Sprintf(", disk emptied after %v", time.Duration(s.free))
	}
	return fmt.Sprintf("%s: %v", text, s.options.args())
}

// drawRound draws a round; the same numbers draw the same.
func drawRound(seed uint64, number int) round {
	r := rand.New(rand.NewPCG(seed, uint64(number)))
	plan := round{number: number, smallDisk: r.IntN(2) == 0}
	for range 10 + r.IntN(31) {
		plan.strikes = append(plan.strikes, drawStrike(r, plan.smallDisk))
	}
	return plan
}

func drawStrike(r *rand.Rand, smallDisk bool) strike {
	s := strike{
		options: drawOptions(r),
		at:      milliseconds(r, 0, 500),
		blow:    kill,
		fill:    none,
		free:    none,
	}
	if r.IntN(3) == 0 {
		s.at = milliseconds(r, 0, 60) // while it starts: in recovery
	}
	switch r.IntN(8) {
	case 0:
		s.blow = stop
	case 1:
		s.blow, s.then = stopThenKill, milliseconds(r, 0, 30)
	}
	if smallDisk {
		if r.IntN(3) == 0 {
			s.fill = moment(milliseconds(r, 0, 300))
		}
		if r.IntN(2) == 0 {
			s.free = moment(milliseconds(r, 0, 400))
		}
	}
	return s
}

func drawOptions(r *rand.Rand) options {
	return options{
		parallelism: 1 + r.IntN(8),
		interval:    time.Millisecond * pick[time.Duration](r, 2, 5, 10, 20, 50, 100, 200),
		retain:      1 + r.IntN(4),
		inline:      pick(r, "0", "1KiB", "20KiB", "1MiB"),
		rate:        pick(r, 1000, 2000, 4000, 8000),
	}
}

// undisturbed is how a job ends that nobody is in the way of.
func undisturbed(parallelism int) options {
	return options{parallelism: parallelism, interval: time.Second, retain: 2, inline: "20KiB"}
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// milliseconds draws from [from, to) in steps of a microsecond.
func milliseconds(r *rand.Rand, from, to int) time.Duration {
	return time.Duration(from*1000+r.IntN((to-from)*1000)) * time.Microsecond
}

// An event is something that is done to a process while it runs.
type event struct {
	at time.Duration
	do action
}

type action int

const (
	fillDisk action = iota
	freeDisk
	sendStop
	sendKill
)

// events are what happens in a strike, in order. Nothing comes after the last blow.
func (s strike) events() []event {
	var all []event
	if s.fill != none {
		all = append(all, event{time.Duration(s.fill), fillDisk})
	}
	if s.free != none {
		all = append(all, event{time.Duration(s.free), freeDisk})
	}
	switch s.blow {
	case kill:
		all = append(all, event{s.at, sendKill})
	case stop:
		all = append(all, event{s.at, sendStop})
	case stopThenKill:
		all = append(all, event{s.at, sendStop}, event{s.at + s.then, sendKill})
	}
	slices.SortStableFunc(all, func(a, b event) int { return int(a.at - b.at) })
	last := slices.IndexFunc(all, func(e event) bool {
		return e.do == sendKill || e.do == sendStop && s.blow == stop
	})
	return all[:last+1]
}
