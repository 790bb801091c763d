package file

import "fmt"

// DefaultMaxLine is how long a line may be, in bytes, unless MaxLine says otherwise.
const DefaultMaxLine = 16 << 20

// An Option changes how files are read.
type Option func(*options)

type options struct {
	follow        bool
	skipMalformed bool
	maxLine       int // bytes, without the line's end
}

// Follow makes a source that does not end: it waits for files to grow, and for new ones
// in the folder. A file that is removed, replaced or truncated while it is followed is
// an error; to rotate a file, begin a new one in the same folder.
//
// Of gzip, what can be unpacked so far is read; what a growing file adds to a member is
// found by unpacking that member again, so let each addition be a member of its own.
func Follow() Option { return func(o *options) { o.follow = true } }

// SkipMalformed passes over lines that are too long or cannot be decoded, instead of
// failing the job. They are logged, the first few one by one, and counted: the source
// has a method Skipped() int64. The count is that of this process; lines that are read
// again after a restart are counted again.
func SkipMalformed() Option { return func(o *options) { o.skipMalformed = true } }

// MaxLine limits the length of a line to n bytes, without its end. A longer one is
// malformed.
func MaxLine(n int) Option { return func(o *options) { o.maxLine = n } }

func (o *options) check() error {
	if o.maxLine < 1 || o.maxLine > 1<<30 {
		return fmt.Errorf("a line of at most %d bytes: want 1 to %d", o.maxLine, 1<<30)
	}
	return nil
}
