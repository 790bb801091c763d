package file

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
)

// running is what a sink knows of this process: which runs hold the folder, and what
// writers that are open have prepared. Nothing else is trusted: it is read back from the
// disk before it becomes visible.
type running struct {
	mu       sync.Mutex
	runs     map[owner]run
	prepared map[string]inProgress // hidden names of files that are not published yet
	draw     func() uint32
}

func newRunning() *running {
	return &running{runs: make(map[owner]run), prepared: make(map[string]inProgress), draw: random}
}

func random() uint32 {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint32(b[:])
}

// begin begins a run of an owner.
func (r *running) begin(o owner, l lineage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs[o] = run{lineage: l, number: r.draw()}
}

func (r *running) end(o owner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.runs, o)
}

// of returns the run of an owner, if there is one.
func (r *running) of(o owner) (run, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run, ok := r.runs[o]
	return run, ok
}

// wrote notes what an open writer has prepared.
func (r *running) wrote(name inProgress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prepared[name.String()] = name
}

// trusts reports whether an open writer has prepared a file that is not published yet.
func (r *running) trusts(hidden string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.prepared[hidden]
	return ok
}

func (r *running) published(hidden string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.prepared, hidden)
}

// closed forgets a writer: name is one of its files.
func (r *running) closed(name inProgress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name.counter = 0
	for hidden, n := range r.prepared {
		n.counter = 0
		if n == name {
			delete(r.prepared, hidden)
		}
	}
}
