package file

import (
	"fmt"
	"path"
	"strings"
)

// DefaultMaxLine is how long a line may be, in bytes, unless MaxLine says otherwise.
const DefaultMaxLine = 16 << 20

// An Option changes how files are read.
type Option func(*options)

type options struct {
	follow        bool
	skipMalformed bool
	maxLine       int // bytes, without the line's end
	include       []string
	exclude       []string
	comma         rune
}

// Follow makes a source that does not end: it waits for files to grow, and for new ones
// to appear. A file that is renamed stays the one it was, and one that takes its place, or
// that is truncated or rewritten, is read from its beginning; the package comment has the
// rules. A line without a newline waits for it.
//
// Of a packed file, what can be unpacked so far is read. What a growing file adds to a gzip
// member is found by unpacking that member again, and what it adds to a file of zstd or
// bzip2 by unpacking all of it: so let each addition to gzip be a member of its own, and let
// the others appear when they are whole.
func Follow() Option { return func(o *options) { o.follow = true } }

// SkipMalformed passes over records that are too long or cannot be decoded, instead of
// failing the job. They are logged, the first few of each file one by one, and counted: the
// source has a method Skipped() int64. The count is that of this process; records that are
// read again after a restart are counted again.
func SkipMalformed() Option { return func(o *options) { o.skipMalformed = true } }

// MaxLine limits the length of a line, or of a record of CSV, to n bytes, without its end.
// A longer one is malformed.
func MaxLine(n int) Option { return func(o *options) { o.maxLine = n } }

// Include reads only those files of a folder whose names match one of the patterns, which
// are those of path.Match: "*.log", "access-[0-9]*". Without Include all names match.
//
// It decides about files that are new. A file that has been read in part is read to its end
// under whatever name it has got since.
func Include(patterns ...string) Option {
	return func(o *options) { o.include = append(o.include, patterns...) }
}

// Exclude does not read those files of a folder whose names match one of the patterns,
// which are those of path.Match, even if they match one of Include. The position in a file
// that is excluded is kept and waits: so one file can be left out without giving up the checkpoints
// of the job.
func Exclude(patterns ...string) Option {
	return func(o *options) { o.exclude = append(o.exclude, patterns...) }
}

// Comma is what stands between the fields of a CSV file, a comma without it: one ASCII
// character, as ';' or '\t'.
func Comma(c rune) Option { return func(o *options) { o.comma = c } }

func (o *options) check() error {
	if o.maxLine < 1 || o.maxLine > 1<<30 {
		return fmt.Errorf("a line of at most %d bytes: want 1 to %d", o.maxLine, 1<<30)
	}
	if c := o.comma; c <= 0 || c > '~' || c == '"' || c == '\n' || c == '\r' {
		return fmt.Errorf("%q between the fields of a CSV file: want one ASCII character that is neither a quote nor the end of a line", c)
	}
	for _, patterns := range [][]string{o.include, o.exclude} {
		for _, p := range patterns {
			if _, err := path.Match(p, ""); err != nil {
				return fmt.Errorf("pattern %q of files: %w", p, err)
			}
			if strings.ContainsRune(p, '/') {
				return fmt.Errorf("pattern %q of files: it has a folder in it, and matches no file: patterns are for names in the folder that is read", p)
			}
		}
	}
	return nil
}

// takes reports whether new files of that name in a folder are read. Names that begin with
// '.' or '_' are for files that are still being written.
func (o *options) takes(name string) bool {
	if name == "" || name[0] == '.' || name[0] == '_' {
		return false
	}
	matches := func(patterns []string) bool {
		for _, p := range patterns {
			if ok, _ := path.Match(p, name); ok {
				return true
			}
		}
		return false
	}
	return (len(o.include) == 0 || matches(o.include)) && !matches(o.exclude)
}
