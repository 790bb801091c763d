//go:build !unix

package run

import (
	"os"
	"syscall"
)

// endSignals are the signals that ask the program to end.
func endSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// pipeSignals are the signals of a pipe whose reader has gone away: there are none here.
func pipeSignals() []os.Signal { return []os.Signal{nosuchSignal{}} }

// nosuchSignal never comes. Notify without signals would mean all of them.
type nosuchSignal struct{}

func (nosuchSignal) String() string { return "none" }
func (nosuchSignal) Signal()        {}
