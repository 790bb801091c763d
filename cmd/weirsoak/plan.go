package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// A round is the plan of processes that are ended one after the other. A last one, which is
// not in the plan, runs to its end.
type round struct {
	number    int
	smallDisk bool // the job runs on a disk that runs full
	steps     []step
}

// A step is one process and what is done to it. Moments are counted from its start.
type step struct {
	options options
	at      time.Duration // when the first signal is sent
	ending  ending
	then    time.Duration // of stopThenKill: from the first signal to the second
	fill    moment        // when the disk is filled; it stays full until it is emptied
	free    moment        // when it is emptied
}

// A moment is a time from the start of a process; none is never.
type moment time.Duration

const none moment = -1

// An ending is how a process ends.
type ending int

const (
	kill         ending = iota // SIGKILL
	stop                       // SIGTERM: a final checkpoint, and exit code 0
	stopThenKill               // SIGTERM, and SIGKILL while it is stopping
)

func (b ending) String() string { return [...]string{"kill", "stop", "stop, then kill"}[b] }

// options are the options of a process.
type options struct {
	parallelism int
	interval    time.Duration // between checkpoints
	retain      int           // checkpoints
	inline      string        // the size up to which a state is kept in _metadata
	rate        int           // flights a second; 0 means no limit
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

func (s step) String() string {
	text := fmt.Sprintf("%v after %v", s.ending, s.at)
	if s.ending == stopThenKill {
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
		plan.steps = append(plan.steps, drawStep(r, plan.smallDisk))
	}
	return plan
}

func drawStep(r *rand.Rand, smallDisk bool) step {
	s := step{
		options: drawOptions(r),
		at:      milliseconds(r, 0, 500),
		ending:  kill,
		fill:    none,
		free:    none,
	}
	if r.IntN(3) == 0 {
		s.at = milliseconds(r, 0, 60) // while it starts: in recovery
	}
	switch r.IntN(8) {
	case 0:
		s.ending = stop
	case 1:
		s.ending, s.then = stopThenKill, milliseconds(r, 0, 30)
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

// undisturbed returns the options of a process that is left alone.
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

// events returns what is done to the process of a step, in order. Nothing comes after the
// last signal.
func (s step) events() []event {
	var all []event
	if s.fill != none {
		all = append(all, event{time.Duration(s.fill), fillDisk})
	}
	if s.free != none {
		all = append(all, event{time.Duration(s.free), freeDisk})
	}
	switch s.ending {
	case kill:
		all = append(all, event{s.at, sendKill})
	case stop:
		all = append(all, event{s.at, sendStop})
	case stopThenKill:
		all = append(all, event{s.at, sendStop}, event{s.at + s.then, sendKill})
	}
	slices.SortStableFunc(all, func(a, b event) int { return int(a.at - b.at) })
	last := slices.IndexFunc(all, func(e event) bool {
		return e.do == sendKill || e.do == sendStop && s.ending == stop
	})
	return all[:last+1]
}
