package file

import (
	"container/list"
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"
)

// descriptors is how many files may be open at once, which all sources of a process share.
// A reader that is not in a Read lets its file rest: it stays open until another reader
// has nothing left to open its own with, and then the one that has rested longest is
// closed. If none rests, readers wait in the order in which they came.
type descriptors struct {
	mu      sync.Mutex
	free    int
	resting list.List // of *descriptor, the longest first
	waiting []chan struct{}
}

// processDescriptors leaves three quarters of what the process may have to all else: its
// checkpoints, its output, what the user opens.
var processDescriptors = sync.OnceValue(func() *descriptors {
	return newDescriptors(min(max(descriptorLimit()/4, 4), 4096))
})

func newDescriptors(n int) *descriptors { return &descriptors{free: n} }

// errBusy says that there was no descriptor to be had for a while.
var errBusy = errors.New("all descriptors are in use")

// descriptorWait is how long one Read waits for a descriptor; the next one goes on waiting.
const descriptorWait = 100 * time.Millisecond

// A descriptor is a file that may be closed while it rests. Between wake and rest it
// belongs to the reader that uses it.
type descriptor struct {
	of    *descriptors
	f     *os.File      // nil: closed
	rests *list.Element // nil: it is in use, or closed
}

// wake takes hold of the file, if it is still open.
func (d *descriptor) wake() {
	d.of.mu.Lock()
	defer d.of.mu.Unlock()
	if d.rests != nil {
		d.of.resting.Remove(d.rests)
		d.rests = nil
	}
}

// rest lets go of the file. If another reader waits, it is closed at once.
func (d *descriptor) rest() {
	d.of.mu.Lock()
	if d.f == nil || d.rests != nil {
		d.of.mu.Unlock()
		return
	}
	if len(d.of.waiting) == 0 {
		d.rests = d.of.resting.PushBack(d)
		d.of.mu.Unlock()
		return
	}
	f := d.f
	d.f = nil
	d.of.mu.Unlock()
	f.Close() // before another file is opened in its place
	d.of.give()
}

// open opens a file, if it is not open. It returns errBusy if there is no descriptor.
func (d *descriptor) open(ctx context.Context, path string) error {
	if d.f != nil {
		return nil
	}
	if err := d.of.take(ctx); err != nil {
		return err
	}
	f, err := openFile(path)
	if err != nil {
		if outOfDescriptors(err) { // not even what was counted on is there
			d.of.closeResting()
		}
		d.of.give()
		return err
	}
	d.f = f
	return nil
}

// close closes the file.
func (d *descriptor) close() {
	d.wake()
	if d.f == nil {
		return
	}
	f := d.f
	d.f = nil
	f.Close() // it was only read
	d.of.give()
}

// take takes a descriptor out of what there is.
func (d *descriptors) take(ctx context.Context) error {
	d.mu.Lock()
	if d.free > 0 {
		d.free--
		d.mu.Unlock()
		return nil
	}
	if f := d.longest(); f != nil {
		d.mu.Unlock()
		f.Close() // it was only read
		return nil
	}
	turn := make(chan struct{})
	d.waiting = append(d.waiting, turn)
	d.mu.Unlock()
	timer := time.NewTimer(descriptorWait)
	defer timer.Stop()
	select {
	case <-turn:
		return nil
	case <-timer.C:
		return d.leave(turn, errBusy)
	case <-ctx.Done():
		return d.leave(turn, ctx.Err())
	}
}

// longest takes the file that has rested longest from its reader. The caller holds mu.
func (d *descriptors) longest() *os.File {
	e := d.resting.Front()
	if e == nil {
		return nil
	}
	victim := d.resting.Remove(e).(*descriptor)
	f := victim.f
	victim.f, victim.rests = nil, nil
	return f
}

// leave stops waiting. It returns nil if the turn has come meanwhile.
func (d *descriptors) leave(turn chan struct{}, err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(d.waiting, turn); i >= 0 {
		d.waiting = slices.Delete(d.waiting, i, i+1)
		return err
	}
	return nil
}

// give puts a descriptor back.
func (d *descriptors) give() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handOver()
}

// handOver gives a descriptor to the reader that has waited longest. The caller holds mu.
func (d *descriptors) handOver() {
	if len(d.waiting) == 0 {
		d.free++
		return
	}
	close(d.waiting[0])
	d.waiting = d.waiting[1:]
}

// closeResting closes all files that rest.
func (d *descriptors) closeResting() {
	for {
		d.mu.Lock()
		f := d.longest()
		d.mu.Unlock()
		if f == nil {
			return
		}
		f.Close() // before another file is opened in its place
		d.give()
	}
}
