package weirtest

import (
	"math/rand/v2"
	"sync"

	"github.com/weirstream/weir/durable/crashfs"
)

// A disk is where a run keeps its checkpoints. It outlives processes, and a power cut in
// part.
type disk struct {
	fs *crashfs.FS

	mu         sync.Mutex
	operations int // that would have changed something
	fatal      int // the process crashes before this one; 0 for none
}

func newDisk(fatal int) *disk { return &disk{fs: crashfs.New(crashfs.Strict), fatal: fatal} }

// next counts an operation that changes something, and reports whether it is the one before
// which the process crashes.
func (d *disk) next() (fatal bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.operations++
	return d.operations == d.fatal
}

// states is how many of the states that a power cut may leave are looked at, to choose one.
const states = 64

// cut cuts the power. Which of the states it leaves is drawn from the seed.
func (d *disk) cut(seed uint64) {
	drawn := rand.New(rand.NewPCG(seed, 0))
	n := 0
	var left *crashfs.FS
	for s := range d.fs.Point().States(crashfs.Options{Limit: states, Samples: states, Seed: seed}) {
		if n++; drawn.IntN(n) == 0 {
			left = s.FS()
		}
	}
	d.fs = left
}
