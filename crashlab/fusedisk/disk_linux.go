//go:build amd64 || arm64

package fusedisk

import (
	"errors"
	"sync"
	"time"

	"github.com/weirstream/weir/crashlab/blocklog"
)

// maxLogBytes bounds the memory that the log of one disk may take.
const maxLogBytes = 1 << 30

// A Disk is one file. Its methods may be called concurrently.
type Disk struct {
	path string
	size int64

	mu     sync.Mutex
	image  *blocklog.Image
	record bool
	begun  time.Time
	log    blocklog.Log
	bytes  int64 // in log
	full   bool  // log would have grown beyond maxLogBytes
}

// Path returns the name of the disk's file.
func (d *Disk) Path() string { return d.path }

// Show makes the disk show an image. Writes to the disk change the image.
func (d *Disk) Show(image *blocklog.Image) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.image = image
}

// Record begins a log. It returns the content of the disk at this moment, which is the base
// of the log.
func (d *Disk) Record() (base *blocklog.Image) {
	d.mu.Lock()
	defer d.mu.Unlock()
	base = d.image
	d.image = base.Over()
	d.record, d.begun, d.log = true, time.Now(), nil
	return base
}

// Mark puts a mark into the log.
func (d *Disk) Mark(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.enter(blocklog.Event{Kind: blocklog.Mark, Text: text})
}

// Stop ends the log, with a mark at the end.
func (d *Disk) Stop() (blocklog.Log, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.enter(blocklog.Event{Kind: blocklog.Mark, Text: "END"})
	d.record = false
	if d.full {
		return nil, errors.New("the log has reached its limit of 1 GiB")
	}
	return d.log, nil
}

// enter appends to the log. The caller holds mu.
func (d *Disk) enter(e blocklog.Event) {
	if d.bytes+int64(len(e.Data)) > maxLogBytes {
		d.full = true
	}
	if !d.record || d.full {
		return
	}
	e.At = time.Since(d.begun)
	d.bytes += int64(len(e.Data))
	d.log = append(d.log, e)
}

func (d *Disk) read(p []byte, off int64) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off >= d.size {
		return 0
	}
	p = p[:min(int64(len(p)), d.size-off)]
	d.image.ReadAt(p, off)
	return len(p)
}

// write returns false if the disk ends before p does.
func (d *Disk) write(p []byte, off int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off+int64(len(p)) > d.size {
		return false
	}
	d.image.WriteAt(p, off)
	if d.record {
		d.enter(blocklog.Event{Kind: blocklog.Write, Off: off, Data: append([]byte(nil), p...)})
	}
	return true
}

// flush takes in a flush. Writes that were answered before are in the log before it.
func (d *Disk) flush() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.enter(blocklog.Event{Kind: blocklog.Flush})
}
