package store

import "github.com/weirstream/weir/durable"

// behindAfter is how many bytes of a state file its caller writes itself. The bytes after
// them are written by another goroutine: for a small file it is not worth one.
const behindAfter = 1 << 20

// A behind writes to a file in a goroutine of its own, so that the next bytes can be
// encoded and their checksums taken while the last ones go to the kernel, which takes
// longer. It has two buffers: one is being written, the other filled.
type behind struct {
	full  chan []byte
	free  chan written
	ended chan error
}

// A written is a buffer that was written, or the first error there was.
type written struct {
	buf []byte
	err error
}

func newBehind(f durable.File) *behind {
	b := &behind{full: make(chan []byte, 1), free: make(chan written, 2), ended: make(chan error, 1)}
	b.free <- written{}
	b.free <- written{}
	go b.run(f)
	return b
}

// run writes until there is no more, or until there is an error: after that it writes
// nothing.
func (b *behind) run(f durable.File) {
	var err error
	for buf := range b.full {
		if err == nil {
			err = writeAll(f, buf)
		}
		b.free <- written{buf, err}
	}
	b.ended <- err
}

// write takes a copy of p. The error may be about bytes of an earlier call.
func (b *behind) write(p []byte) error {
	w := <-b.free
	if w.err != nil {
		b.free <- w
		return w.err
	}
	b.full <- append(w.buf[:0], p...)
	return nil
}

// end waits until everything is written, or something has failed. Nothing is durable then;
// from then on the caller may use the file again.
func (b *behind) end() error {
	close(b.full)
	return <-b.ended
}
