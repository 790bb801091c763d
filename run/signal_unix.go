//go:build unix

package run

import (
	"os"
	"os/signal"
	"syscall"
)

// endSignals are the signals that ask the program to end. SIGHUP, which a terminal sends
// when it is closed, is left alone if the program was started to survive that (nohup).
func endSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// pipeSignals are the signals of a pipe whose reader has gone away.
func pipeSignals() []os.Signal { return []os.Signal{syscall.SIGPIPE} }
