package file

import (
	"context"
	"io"
	"time"

	"github.com/weirstream/weir"
)

// verifyTime is how long one Read goes on to read what was read before a restart; the next
// one goes on with it.
const verifyTime = 250 * time.Millisecond

// reader reads one split: a file, under whatever name it has.
type reader[T any] struct {
	*files
	id     splitID
	format format[T]
	decode decoder[T]
	skips  *skips // nil: a malformed record is an error

	tape          tape
	scan          *scanner // nil: the file was not opened yet
	there         bool     // the scanner is where reading goes on
	ended, closed bool

	at      position // where it was opened and, in it, what is known of the file
	encoded []byte   // the position; nil: it has moved
	watch   watch    // of a follower
}

func newReader[T any](s source[T], id splitID, at position, encoded []byte, path string) *reader[T] {
	r := &reader[T]{files: s.files, id: id, format: s.format, at: at, encoded: encoded}
	r.tape = tape{path: path, d: descriptor{of: s.descriptors}}
	if s.options.follow {
		r.tape.file = at.file
	}
	r.decode = s.format.newDecoder(&s.options)
	if s.options.skipMalformed {
		r.skips = &skips{path: &r.tape.path, total: &s.skipped}
	}
	return r
}

// Read returns the records that are whole in the buffer. Only if there are none it reads
// more. It does not wait.
func (r *reader[T]) Read(ctx context.Context, records []T) (int, error) {
	if len(records) == 0 {
		return 0, nil
	}
	if r.ended || r.at.fate != alive {
		return 0, io.EOF
	}
	if r.watch.idle && r.still() {
		return 0, ctx.Err()
	}
	return r.awake(ctx, records)
}

// awake is Read with hold of the file.
func (r *reader[T]) awake(ctx context.Context, records []T) (int, error) {
	r.tape.d.wake()
	defer r.tape.d.rest()
	n, err := r.read(ctx, records)
	return n, r.excuse(err)
}

func (r *reader[T]) read(ctx context.Context, records []T) (int, error) {
	if !r.there {
		if err := r.begin(ctx); err != nil || !r.there {
			return 0, err
		}
	}
	for {
		n, err := r.buffered(records)
		if n > 0 || err != nil {
			return n, err
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if r.watch.idle {
			if more, err := r.more(ctx); err != nil || !more {
				return 0, err
			}
		}
		if err := r.scan.in.open(ctx); err != nil {
			return 0, r.cannotOpen(err)
		}
		err = r.scan.fill()
		switch {
		case err == nil:
		case err != io.EOF:
			return 0, err
		case r.options.follow:
			r.watch.idle = true
		default:
			return r.last(records)
		}
	}
}

// buffered fills records from those that are whole in the buffer. An error waits until the
// records before it have been given out.
func (r *reader[T]) buffered(records []T) (n int, err error) {
	r.decode.batch(r.scan.end - r.scan.next)
	for n < len(records) {
		l, ok, err := r.scan.peek()
		if !ok || err != nil {
			return n, err
		}
		has, err := r.record(l, &records[n])
		switch {
		case err == nil && has:
			n++
		case err == nil:
		case r.skips != nil && !weir.IsPermanent(err):
			r.skips.add(r.scan.at(), err)
		case n > 0:
			return n, nil
		default:
			return 0, r.scan.malformed(err)
		}
		r.encoded, r.at.end = nil, false
		r.scan.take(l)
	}
	return n, nil
}

// last gives out the last record if it has no newline. If no record comes of it, it stays
// unread: it may be half of one that will be whole the next time.
func (r *reader[T]) last(records []T) (int, error) {
	if err := r.finish(); err != nil {
		return 0, err
	}
	l := r.scan.rest()
	if l.size > 0 {
		has, err := r.record(l, &records[0])
		switch {
		case err == nil && has:
			r.scan.takeRest(l)
			r.end()
			return 1, io.EOF
		case err == nil:
		case r.skips != nil && !weir.IsPermanent(err):
			r.skips.add(r.scan.at(), err)
		default:
			return 0, r.scan.malformed(errUnended{err})
		}
	}
	r.end()
	return 0, io.EOF
}

func (r *reader[T]) end() { r.ended, r.at.end, r.encoded = true, true, nil }

// An errUnended is what is wrong with the last record of a file that has no newline.
type errUnended struct{ error }

func (e errUnended) Unwrap() error { return e.error }
func (e errUnended) Error() string {
	return e.error.Error() + " (the file ends without a newline: is it still being written?)"
}

// record decodes a line, if it holds a record.
func (r *reader[T]) record(l line, record *T) (bool, error) {
	if l.tooLong {
		err := errTooLong(r.options.maxLine)
		if h, ok := r.decode.(interface{ headless() bool }); ok && h.headless() {
			err = weir.Permanent(err)
		}
		return false, err
	}
	return r.decode.decode(l.text, record)
}

// Position is before the next record.
func (r *reader[T]) Position() []byte {
	if r.encoded == nil {
		r.encoded = r.here().encode()
	}
	return r.encoded
}

// here is the position.
func (r *reader[T]) here() position {
	at := r.at
	if r.there {
		p := r.scan.position()
		at.digest, at.lines, at.open, at.old = p.digest, p.lines, p.open, false
	}
	return at
}

// Close lets go of the file.
func (r *reader[T]) Close() error {
	if !r.closed {
		r.closed = true
		r.readers.remove(r.id.String())
	}
	if r.skips != nil {
		r.skips.sum()
	}
	if r.scan != nil {
		r.scan.in.sleep()
	} else {
		r.tape.d.close()
	}
	return nil
}
