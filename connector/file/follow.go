package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"time"
)

// idleTime is how long a followed file that says nothing stays open.
const idleTime = time.Minute

// looksPerSecond is how many files that say nothing are looked at in a second, together:
// with more of them each is looked at less often.
const looksPerSecond = 2000

// watch is what the reader of a followed file knows of it at the end of what is there.
type watch struct {
	idle   bool      // there was no more
	seen   stamp     // of the file, when it was looked at last
	since  time.Time // it has been as it is
	next   time.Time // it is looked at again
	missed time.Time // its path has not named it
	asleep bool      // it was closed because of that
	short  stamp     // of a copy that has less than what was read
}

// still reports whether a file that had nothing more has not changed, as far as it was
// looked at. It is what most Reads of many followed files do, and takes little.
func (r *reader[T]) still() bool {
	now := time.Now()
	if now.Before(r.watch.next) {
		return true
	}
	st, err := look(r.tape.path)
	if err != nil || st.mode != 0 || st.ident != r.tape.file || st.stamp != r.watch.seen || r.tires(now, st.stamp) {
		return false // more looks closer
	}
	r.later(now)
	return true
}

// later puts off the next look at a file that has said nothing for longer than that.
func (r *reader[T]) later(now time.Time) {
	if pause := time.Duration(r.readers.all.Load()) * time.Second / looksPerSecond; now.Sub(r.watch.since) > 2*pause {
		r.watch.next = now.Add(pause)
	}
}

// tires reports whether a file that has not changed has not changed for so long that
// there is something to do about it.
func (r *reader[T]) tires(now time.Time, st stamp) bool {
	return !r.at.end || r.at.seen.changed == 0 && st.settled().changed != 0 || !r.watch.asleep && now.Sub(r.watch.since) >= idleTime
}

// more looks at a followed file and reports whether there may be more in it than was
// there. A file that has another name now is followed under that. io.EOF says that it is
// gone, and so is what it had.
func (r *reader[T]) more(ctx context.Context) (bool, error) {
	now, err := look(r.tape.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r.moved()
	case err != nil:
		r.say.warn("a file that is followed cannot be looked at", "file", r.tape.path, "error", err)
		return false, nil
	case now.mode != 0 || now.ident != r.tape.file:
		return r.moved()
	}
	r.watch.missed = time.Time{}
	if now.stamp == r.watch.seen {
		return false, r.stays(now.stamp)
	}
	if err := r.tape.open(ctx); err != nil {
		return false, r.cannotOpen(err)
	}
	if goesOn, err := r.goesOn(now.size, nil); err != nil || !goesOn {
		return false, err
	}
	r.watch = watch{seen: now.stamp, since: time.Now()}
	return true, nil
}

// goesOn reports whether what the file has more now follows what was read. If it does not,
// the split ends, or the file is looked at anew.
func (r *reader[T]) goesOn(size int64, err error) (bool, error) {
	same := false
	if err == nil && size >= r.tape.at {
		same, err = r.tape.same()
	}
	switch {
	case err != nil:
		return false, err
	case same:
		r.watch.idle, r.at.end = false, false
		return true, nil
	case r.scan.end > r.scan.next:
		r.again()
		return false, nil
	case size < r.tape.at:
		return false, r.rewritten("it is shorter than it was")
	}
	return false, r.rewritten("it has other bytes where it was read")
}

// again has the next Read begin at the position, as after a restart. A line without an end
// was read ahead, and no record was made of it: its writer may take it back or write over
// it, as one that fills its file with zeros does. The position says whether what comes
// before that line is still there.
func (r *reader[T]) again() {
	r.at = r.here()
	r.at.seen, r.at.end, r.encoded = stamp{}, false, nil
	r.tape.at, r.tape.first, r.tape.last = 0, nil, nil
	r.scan, r.there, r.watch = nil, false, watch{}
}

// stays is what follows from a file that has not changed.
func (r *reader[T]) stays(now stamp) error {
	if settled := now.settled(); !r.at.end || r.at.seen != settled {
		r.at.end, r.at.seen, r.encoded = true, settled, nil
	}
	if !r.watch.asleep && time.Since(r.watch.since) >= idleTime {
		r.watch.asleep = true
		r.scan.sleep()
	}
	return nil
}

// moved is what follows from a path that does not name the file any more: it may have got
// another name. If it has none, what is left of it is read as long as it is open. Once it
// is closed, its number may be another file's: then the split ends, and the planner looks
// into the files.
func (r *reader[T]) moved() (bool, error) {
	if r.tape.d.f == nil {
		return false, r.giveUp(moved)
	}
	if r.watch.missed.IsZero() {
		r.watch.missed = time.Now()
	}
	path, searched, err := r.folder.where(r.tape.file, r.watch.missed)
	if err != nil {
		return false, err
	}
	if path != "" { // the next Read goes on
		if r.tape.path, r.at.name, r.encoded = path, filepath.Base(path), nil; r.at.name == r.id.name {
			r.at.name = ""
		}
		return false, nil
	}
	if r.there {
		size, err := r.tape.size()
		if err != nil || size > r.tape.at {
			return r.goesOn(size, err)
		}
	}
	if !searched {
		return false, nil
	}
	return false, r.giveUp(moved)
}

// rewritten gives up a file whose content is gone.
func (r *reader[T]) rewritten(how string) error {
	r.say.warn("a file was truncated or rewritten, and is read from its beginning", "file", r.tape.path, "why", how)
	return r.giveUp(truncated)
}

// giveUp ends the split: its file is gone, or its content is. The position stays for a
// while, to know the file again.
func (r *reader[T]) giveUp(why fate) error {
	if r.there && r.scan.end > r.scan.next {
		r.say.warn("a file is gone that ended without a newline, and its last line was not read", "file", r.tape.path, "bytes", r.scan.end-r.scan.next)
	}
	r.ended = true
	p := r.here()
	if p.old { // there is nothing to know the file by
		p = position{}
	}
	if p.fate, p.gone = why, time.Now(); why != moved {
		p.file = ident{}
	}
	r.encoded = p.encode()
	if r.scan != nil {
		r.scan.in.sleep()
	}
	return io.EOF
}
