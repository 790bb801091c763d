package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// errSignal is the cause of the end of a program's context. ErrStopped is joined with it.
var errSignal = errors.New("by a signal")

// signalContext returns a context that ends with the first signal that asks the program to
// end. heed decides about later signals. If one of them ends the program at once, it prints
// what state says.
func signalContext(state func() string) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, endSignals()...)
	// A write to a pipe without a reader fails; without this it would end the program if
	// the pipe is standard output or standard error.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, pipeSignals()...)
	go func() {
		var h heed
		for s := range signals {
			switch h.take(s, time.Now()) {
			case endNow:
				fmt.Fprintf(os.Stderr, "\nended without a final checkpoint; %s\n", state())
				os.Exit(ExitAborted)
			case end:
				cancel(errSignal)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel(nil)
	}
}

// pressedTwice is the least time between two signals of Ctrl-C that a person has sent. A
// program that passes signals on repeats them within moments.
const pressedTwice = time.Second

// reaction is what a signal does.
type reaction uint8

const (
	ignore reaction = iota
	end
	endNow
)

// heed decides what a signal does. The first one ends the job with a final checkpoint.
// After that only a Ctrl-C that a person has pressed again ends it at once: GNU timeout,
// shells and supervisors send a signal to the program and to its group, and some repeat it.
type heed struct {
	began time.Time // when the first signal came, zero before
}

func (h *heed) take(s os.Signal, now time.Time) reaction {
	switch {
	case h.began.IsZero():
		h.began = now
		return end
	case s == os.Interrupt && now.Sub(h.began) >= pressedTwice:
		return endNow
	}
	return ignore
}
