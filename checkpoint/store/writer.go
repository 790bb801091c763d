package store

import (
	"errors"
	"fmt"
	"math"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// bufferBytes is how much a writer gathers before it writes to its file. Larger pieces are
// not copied.
const bufferBytes = 64 << 10

// A Blob is a state that was written: its bytes are durable, or they are in it.
type Blob struct {
	// Handle is what goes into the metadata: nil for a state without bytes, an
	// *flink.InlineHandle or a *flink.RelativeHandle.
	Handle flink.StreamHandle
	// File is the state file and its checksums; its Name is empty if there is none.
	File checkpoint.File
}

// A StateWriter takes the bytes of one state of one subtask. It is used by one
// goroutine at a time; different writers are independent of each other.
//
// After an error it is dead: every later call returns that error, the file is removed as
// far as possible, and nothing is tried again.
type StateWriter struct {
	pending *Pending
	name    string
	what    string
	subtask checkpoint.Subtask

	buf    []byte       // not yet written
	file   durable.File // nil as long as all bytes are in buf
	behind *behind      // writes to file, once it is large
	sum    *sum         // of all bytes, once there is a file
	err    error        // the first error, or errWriterClosed
	opened bool         // counted in pending.writers
}

var (
	errWriterClosed = errors.New("the state writer has been closed")
	errWriterAbort  = errors.New("the state writer has been aborted")
)

// NewWriter makes a writer for a state of a subtask; what describes the state for people.
// It must be closed or aborted before Publish.
func (p *Pending) NewWriter(what string, subtask checkpoint.Subtask) *StateWriter {
	w := &StateWriter{pending: p, what: cut(what, maxWhatBytes), subtask: subtask}
	if subtask < math.MinInt32 || subtask > math.MaxInt32 {
		w.err = fmt.Errorf("write %s: there is no subtask %v", what, subtask)
		return w
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over != nil {
		w.err = w.wrap(p.over)
		return w
	}
	p.writers++
	w.opened = true
	w.name = p.store.opts.newName()
	return w
}

// Write takes bytes. Nothing is durable on return.
func (w *StateWriter) Write(b []byte) (int, error) {
	if w.err != nil || len(b) == 0 {
		return 0, w.err
	}
	if w.file == nil {
		if len(w.buf)+len(b) <= w.pending.store.opts.InlineThreshold {
			w.buf = append(w.buf, b...)
			return len(b), nil
		}
		if err := w.create(); err != nil {
			return 0, w.fail(err)
		}
	}
	if len(w.buf)+len(b) < bufferBytes {
		w.buf = append(w.buf, b...)
		return len(b), nil
	}
	if err := w.flush(); err != nil {
		return 0, w.fail(err)
	}
	if len(b) < bufferBytes {
		w.buf = append(w.buf, b...)
		return len(b), nil
	}
	if err := w.writeOut(b); err != nil {
		return 0, w.fail(err)
	}
	return len(b), nil
}

// create makes the file, by its path in the staging directory: once the checkpoint is
// published or aborted that path is gone, and a writer that is late fails instead of
// writing into a complete checkpoint.
func (w *StateWriter) create() error {
	p := w.pending
	if over := p.ended(); over != nil {
		return over
	}
	f, err := p.store.fsys.Create(checkpoint.FileIn(p.dir, w.name))
	if err != nil {
		return fmt.Errorf("create state file: %w", err)
	}
	w.file = f
	w.sum = newSum(p.of, w.subtask, w.name, blockBytes)
	return nil
}

func (w *StateWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.writeOut(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *StateWriter) writeOut(b []byte) error {
	if err := w.pending.ended(); err != nil {
		return err // the bytes would be written for nothing
	}
	w.sum.add(b)
	if w.sum.length <= behindAfter {
		return writeAll(w.file, b)
	}
	if w.behind == nil {
		w.behind = newBehind(w.file)
	}
	return w.behind.write(b)
}

func writeAll(f durable.File, b []byte) error {
	if n, err := f.Write(b); err != nil {
		return fmt.Errorf("write state file: %w", err)
	} else if n < len(b) {
		return fmt.Errorf("write state file: %d of %d bytes were taken", n, len(b))
	}
	return nil
}

// settle waits for the goroutine that writes behind and takes the file back.
func (w *StateWriter) settle() error {
	if w.behind == nil {
		return nil
	}
	err := w.behind.end()
	w.behind = nil
	return err
}

// Close ends the state. On return the bytes are durable or, if they are few, in the
// Blob; the name of the file becomes durable with Publish. After an error the state is
// lost, and the checkpoint can only be aborted.
func (w *StateWriter) Close() (Blob, error) {
	if w.err != nil {
		return Blob{}, w.err
	}
	if w.file == nil {
		return w.closeInline()
	}
	if err := w.flush(); err != nil {
		return Blob{}, w.fail(err)
	}
	if err := w.settle(); err != nil {
		return Blob{}, w.fail(err)
	}
	if err := w.file.Sync(); err != nil {
		return Blob{}, w.fail(fmt.Errorf("sync state file: %w", err))
	}
	err := w.file.Close()
	w.file = nil
	if err != nil {
		w.remove()
		return Blob{}, w.fail(fmt.Errorf("close state file: %w", err))
	}
	f := checkpoint.File{Name: w.name, What: w.what, Subtask: w.subtask, Length: w.sum.length, BlockBytes: blockBytes}
	f.CRCs, f.Hash = w.sum.result()
	if err := w.finish(&f); err != nil {
		w.remove()
		return Blob{}, err
	}
	return Blob{Handle: &flink.RelativeHandle{Path: f.Name, Length: f.Length}, File: f}, nil
}

func (w *StateWriter) closeInline() (Blob, error) {
	if err := w.finish(nil); err != nil {
		return Blob{}, err
	}
	if len(w.buf) == 0 {
		return Blob{}, nil
	}
	return Blob{Handle: &flink.InlineHandle{Name: w.name, Data: w.buf}}, nil
}

// finish ends the writer without an error, unless the checkpoint has ended before.
func (w *StateWriter) finish(f *checkpoint.File) error {
	p := w.pending
	p.mu.Lock()
	defer p.mu.Unlock()
	w.release()
	if p.over != nil {
		w.err = w.wrap(p.over)
		return w.err
	}
	if f != nil {
		p.files[f.Name] = *f
	}
	w.err = errWriterClosed
	return nil
}

// Abort drops the state. After Close it does nothing.
func (w *StateWriter) Abort() {
	if w.err == nil {
		_ = w.fail(errWriterAbort) // it returns what it was given
	}
}

// fail makes the writer dead and removes its file.
func (w *StateWriter) fail(err error) error {
	w.err = w.wrap(err)
	w.buf = nil
	if w.file != nil {
		// The file is removed, so no later error of it matters.
		_ = w.settle()
		_ = w.file.Close()
		w.file = nil
		w.remove()
	}
	w.pending.mu.Lock()
	defer w.pending.mu.Unlock()
	w.release()
	return w.err
}

// remove deletes the file in the staging directory, as far as possible: what is left is not
// referenced and goes with the staging directory.
func (w *StateWriter) remove() {
	_ = w.pending.store.fsys.Remove(checkpoint.FileIn(w.pending.dir, w.name))
}

// release uncounts the writer. The caller holds the pending checkpoint's mu.
func (w *StateWriter) release() {
	if w.opened {
		w.pending.writers--
		w.opened = false
	}
}

// wrap says which state an error is about.
func (w *StateWriter) wrap(err error) error {
	return &StateError{ID: w.pending.of.ID, What: w.what, Subtask: w.subtask, Err: err}
}

// A StateError says that a state could not be written. The checkpoint it belongs to can
// only be aborted.
type StateError struct {
	ID      checkpoint.ID
	What    string // the state
	Subtask checkpoint.Subtask
	Err     error
}

func (e *StateError) Error() string {
	return fmt.Sprintf("checkpoint %v: %s of subtask %v: %v", e.ID, e.What, e.Subtask, e.Err)
}

func (e *StateError) Unwrap() error { return e.Err }

// Permanent reports whether no retry heals it.
func (e *StateError) Permanent() bool { return !durable.Heals(e.Err) }
