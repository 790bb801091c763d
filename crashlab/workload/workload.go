// Package workload is what writes checkpoints onto the disk that is recorded, and, for
// each, the recovery that looks for them after a power cut: Weir's own store, a whole job
// of Weir's, and for comparison Flink's two sequences of system calls and the least that
// is correct.
//
// Both sides run in processes of their own, apart from the one that serves the disk.
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
	What string // for people

	// Prepare makes what is there before the recording begins.
	Prepare func(dir string) error
	// Run writes checkpoints below dir, and tells the world.
	Run func(dir string, s Setup, w World) error
	// Find recovers what a power cut has left below dir. If restart is not 0 a job is run
	// to its end as well, in a way that depends on the number.
	Find func(dir string, s Setup, restart int) judge.Finding
}

// Kind is what a workload stands for.
type Kind int

const (
	// Weirs are Weir's own: the promise is about them.
	Weirs Kind = iota
	// FlinkBefore is Flink's sequence before the fix of FLINK-36421.
	FlinkBefore
	// FlinkAfter is Flink's sequence after it.
	FlinkAfter
	// Minimal is the least that is correct, written by hand.
	Minimal
)

// Workloads are all of them, in the order of the table.
var Workloads = []Workload{log1, log2, minimal, store1, store2, job}

// Parse reads a list of names, separated by commas; "all" is all of them.
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

// A Setup is how the workloads are run.
type Setup struct {
	Checkpoints int           // how many are made, where the workload counts them
	Every       time.Duration // from one to the next, so that write-back has its time

	// Of the job:
	Binary   string  // the program
	Input    string  // the flights, on a disk that is not cut
	Rate     float64 // flights a second
	Expected string  // a file: the sorted output of an undisturbed run
}

// A World is who is told about checkpoints. Each call returns when the mark is in the
// log: what is written later stands behind it.
type World interface {
	Begin(checkpoint.ID) error
	Ack(checkpoint.ID) error
}

// The seed's sizes.
const (
	stateFiles    = 2
	stateBytes    = 54_409
	metadataBytes = 46_265
)

// content is what a part of a checkpoint consists of.
func content(id checkpoint.ID, part, n int) []byte {
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("checkpoint %d part %d", id, part))
	p := make([]byte, n)
	rand.NewChaCha8(seed).Read(p)
	return p
}

// nobody is a world that is not told anything.
type nobody struct{}

func (nobody) Begin(checkpoint.ID) error { return nil }
func (nobody) Ack(checkpoint.ID) error   { return nil }

// cycle makes checkpoints from an id on, at the pace of the setup.
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
