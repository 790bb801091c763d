// Package workload has the programs that write checkpoints onto the recorded disk, and for
// each the recovery that looks for them after a power cut. They are Weir's own store, a
// whole job, and for comparison Flink's two sequences of system calls and a minimal correct
// one.
//
// Workloads and recoveries run in other processes than the one that serves the disk.
package workload

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/crashlab/judge"
)

// A Workload is one way to write checkpoints, and to find them again.
type Workload struct {
	Name string
	Kind Kind
	What string // a description

	// Prepare makes the files that are there before the recording begins.
	Prepare func(dir string) error
	// Run writes checkpoints in dir, and tells the world.
	Run func(dir string, s Setup, w World) error
	// Find recovers from what a power cut has left in dir. If restart is not 0 it also runs
	// the job to the end of its input. The number decides the parallelism.
	Find func(dir string, s Setup, restart int) judge.Finding
}

// Kind is what a workload stands for.
type Kind int

const (
	// Weirs are the workloads of Weir. The promise is about them.
	Weirs Kind = iota
	// FlinkBefore is Flink's sequence before the fix of FLINK-36421.
	FlinkBefore
	// FlinkAfter is Flink's sequence after the fix.
	FlinkAfter
	// Minimal is a minimal correct sequence, written by hand.
	Minimal
)

// Workloads has all workloads, in the order of the table.
var Workloads = []Workload{log1, log2, minimal, store1, store2, job}

// Parse reads a list of names, separated by commas; "all" stands for all of them.
func Parse(list string) (ws []Workload, err error) {
	if list == "all" {
		return Workloads, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		w, ok := Named(strings.TrimSpace(name))
		if !ok {
			var names []string
			for _, w := range Workloads {
				names = append(names, w.Name)
			}
			return nil, fmt.Errorf("there is no workload %q here: want %s, or all", name, strings.Join(names, ", "))
		}
		ws = append(ws, w)
	}
	return ws, nil
}

// Named finds a workload.
func Named(name string) (Workload, bool) {
	i := slices.IndexFunc(Workloads, func(w Workload) bool { return w.Name == name })
	if i < 0 {
		return Workload{}, false
	}
	return Workloads[i], true
}

// A Setup says how to run the workloads.
type Setup struct {
	Checkpoints int           // how many to make; the job ignores it
	Every       time.Duration // from one checkpoint to the next; write-back needs some time

	// Of the job:
	Binary   string  // the program
	Input    string  // the flights, on a disk that is not cut
	Rate     float64 // flights a second
	Expected string  // a file: the sorted output of an undisturbed run
}

// A World is told about checkpoints. Each call returns when the mark is in the log: what is
// written later comes after the mark.
type World interface {
	Begin(checkpoint.ID) error
	Ack(checkpoint.ID) error
}

// The sizes of the files in FLINK-36421.
const (
	stateFiles    = 2
	stateBytes    = 54_409
	metadataBytes = 46_265
)

// content returns n bytes for a part of a checkpoint, the same ones each time.
func content(id checkpoint.ID, part, n int) []byte {
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("checkpoint %d part %d", id, part))
	p := make([]byte, n)
	rand.NewChaCha8(seed).Read(p)
	return p
}

// untold is a world that ignores what it is told.
type untold struct{}

func (untold) Begin(checkpoint.ID) error { return nil }
func (untold) Ack(checkpoint.ID) error   { return nil }

// cycle makes checkpoints, the first with the given id, at the pace of the setup.
func cycle(first checkpoint.ID, s Setup, w World, one func(checkpoint.ID) error) error {
	begin := time.Now()
	for i := range s.Checkpoints {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * s.Every)))
		id := first + checkpoint.ID(i)
		if err := w.Begin(id); err != nil {
			return err
		}
		if err := one(id); err != nil {
			return fmt.Errorf("checkpoint %v: %w", id, err)
		}
	}
	return nil
}
