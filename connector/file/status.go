package file

import (
	"io/fs"
	"time"
)

// An ident is a file's number and that of its device: it stays when the file is renamed,
// and is used again when the file was removed. It is zero where there are no such numbers.
type ident struct{ device, number uint64 }

// A stamp is what shows whether a file was changed. No change leaves it as it is, if it
// was settled.
type stamp struct {
	size    int64
	changed int64 // nanoseconds of Unix time; 0: not to be relied on
}

// A status is what a look at a file says without opening it.
type status struct {
	ident
	stamp
	mode fs.FileMode
}

// settling is how much older than a look at a file its time of change must be, so that a
// later change gives it another time. File systems count time in steps of up to two
// seconds, and the clock of a file server is not quite this one's.
const settling = 10 * time.Second

// settled is the stamp without the time, if that was too recent when it was looked at.
func (s stamp) settled() stamp {
	if now := time.Now().UnixNano(); s.changed <= 0 || s.changed > now-int64(settling) {
		s.changed = 0
	}
	return s
}

// proves reports whether a file that had the stamp s, settled, and has the stamp now was
// not changed in between.
func (s stamp) proves(now stamp) bool { return s.changed != 0 && s == now }
