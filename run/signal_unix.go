//go:build unix

package run

import (
	"os"
	"os/signal"
	"syscall"
)

// endSignals are the signals that ask the program to end. Two of them come from a terminal,
// when it is closed and at Ctrl-C. They are left alone if the program was started with them
// ignored, as nohup and shells do for programs that are to go on without the terminal.
func endSignals() []os.Signal {
	signals := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signals = append(signals, s)
		}
	}
	return signals
}

// pipeSignals are the signals of a pipe whose reader has gone away.
func pipeSignals() []os.Signal { return []os.Signal{syscall.SIGPIPE} }
