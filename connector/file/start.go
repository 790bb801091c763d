package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/weirstream/weir"
)

// begin opens the file and goes to the position in it, or on towards it. r.there says that
// it has come there.
func (r *reader[T]) begin(ctx context.Context) error {
	if r.scan == nil {
		if nothing, err := r.nothingNew(); err != nil || nothing {
			return err
		}
	}
	if err := r.tape.open(ctx); err != nil {
		return r.cannotOpen(err)
	}
	if r.scan == nil {
		now, err := lookOpen(r.tape.d.f)
		if err != nil {
			return err
		}
		proven := !r.at.old && r.at.file == now.ident && r.at.file != (ident{}) && r.at.seen.proves(now.stamp)
		r.at.file, r.at.seen, r.at.end, r.encoded = now.ident, now.settled(), false, nil
		c := &content{tape: &r.tape, follow: r.options.follow, warn: r.say.warn}
		scan := newScanner(c, nil, r.options.maxLine)
		if r.format.newCutter != nil {
			scan.cut = r.format.newCutter(&r.options)
		}
		if err := r.learn(scan); err != nil {
			return r.differs(err)
		}
		if r.scan = scan; proven && r.at.n > 0 && c.plain() {
			if err := scan.seek(r.at); err != nil {
				return r.differs(err)
			}
		}
	}
	done, err := r.scan.goTo(ctx, r.at, time.Now().Add(verifyTime))
	if err != nil {
		return r.differs(err)
	}
	r.there = done
	return nil
}

// nothingNew reports whether the file was read to its end and has not changed since.
func (r *reader[T]) nothingNew() (bool, error) {
	now, err := look(r.tape.path)
	switch {
	case err != nil:
		return false, nil // opening it will say why
	case now.mode != 0 && r.options.follow && r.at.file != ident{}:
		_, err := r.moved()
		return true, err
	case now.mode != 0:
		return false, errNotRegular(r.tape.path, now.mode)
	}
	if r.watch.short == now.stamp && now.stamp != (stamp{}) {
		return true, nil
	}
	if !r.at.end || r.at.file != now.ident || r.at.file == (ident{}) || !r.at.seen.proves(now.stamp) {
		return false, nil
	}
	if r.options.follow {
		return true, nil
	}
	r.ended = true
	return true, io.EOF
}

// learn reads what the first record says of the others, if reading begins after it.
func (r *reader[T]) learn(scan *scanner) error {
	if err := scan.in.tell(); err != nil && err != io.EOF {
		return scan.in.blame(err)
	}
	if !r.format.headed {
		return nil
	}
	l, ok, err := scan.header(r.at.n)
	if err != nil || !ok {
		return err
	}
	var none T
	if _, err := r.record(l, &none); err != nil {
		return scan.malformed(err)
	}
	scan.restart() // it is passed over again
	return nil
}

// differs says what follows from an error on the way to the position: above all, that the
// file is not the one that was read.
func (r *reader[T]) differs(err error) error {
	if !errors.Is(err, errShort) && !errors.Is(err, errDiffers) {
		return err
	}
	if !r.options.follow {
		return weir.Permanent(fmt.Errorf("%s: has been read up to line %d, byte %d, and since then it was replaced, rewritten or truncated: %w; put the old file back, or leave it out with file.Exclude, or start the job without a checkpoint",
			r.tape.path, r.at.lines, r.at.n, err))
	}
	if r.at.copied && errors.Is(err, errShort) && r.scan.offset >= r.at.mark.n {
		// The rest was read before it was copied. All that it has is known by the mark.
		r.scan.settle()
		r.at.mark = mark{r.scan.offset, r.scan.digest.all}
		r.at.next = r.at.mark
		r.scan = nil
		now, err := lookOpen(r.tape.d.f)
		r.watch.short = now.stamp
		r.at.seen, r.at.end, r.encoded = now.settled(), true, nil
		r.tape.d.close()
		return err
	}
	r.say.warn("a file is not the one that was read, and is read from its beginning", "file", r.tape.path, "lines of the old one", r.at.lines, "why", err)
	return r.giveUp(truncated)
}

// cannotOpen says what follows from an error of opening the file.
func (r *reader[T]) cannotOpen(err error) error {
	missing := errors.Is(err, fs.ErrNotExist) || errors.Is(err, errAnother)
	switch {
	case missing && r.options.follow:
		_, err := r.moved()
		return err
	case errors.Is(err, errAnother):
		return r.gone("replaced by another file")
	case missing:
		return weir.Permanent(fmt.Errorf("%w: it was there when the files were listed, and whether all of it was read cannot be told", err))
	case errors.Is(err, fs.ErrPermission):
		r.say.warn("a file may not be read and is left out", "file", r.tape.path, "error", err)
		if r.options.follow {
			return nil
		}
		r.ended = true
		return io.EOF
	}
	return err
}

// gone says that a file of a bounded source was changed while it was being read.
func (r *reader[T]) gone(how string) error {
	return weir.Permanent(fmt.Errorf("%s: was %s while it was being read; whether all of it was read cannot be told", r.tape.path, how))
}

// finish makes sure, at the end of a bounded source's file, that it is still the one that
// was read.
func (r *reader[T]) finish() error {
	now, err := lookOpen(r.tape.d.f)
	if err != nil {
		return err
	}
	if now.size < r.tape.at {
		return r.gone(fmt.Sprintf("truncated to %d bytes, of which %d were read,", now.size, r.tape.at))
	}
	if same, err := r.tape.same(); err != nil || !same {
		if err == nil {
			err = r.gone("truncated and rewritten")
		}
		return err
	}
	r.at.seen = now.settled()
	return nil
}

// excuse turns what will pass into nothing that is there now.
func (r *reader[T]) excuse(err error) error {
	switch {
	case err == nil, err == io.EOF:
		return err
	case errors.Is(err, errBusy):
		return nil
	case outOfDescriptors(err):
		r.say.warn("a file cannot be opened now: the process has no descriptor left", "file", r.tape.path)
		return nil
	case stale(err):
		r.say.warn("a file is no longer known to its server and is opened again", "file", r.tape.path)
		r.tape.d.close()
		return nil
	}
	return err
}
