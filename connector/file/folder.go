package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir"
)

// A folder is where the files of a source are: those of a directory that the options take,
// or the one that was asked for by name.
type folder struct {
	path    string
	options *options
	say     *warnings

	mu   sync.Mutex
	last *listing  // the last one that was made
	good time.Time // it was right then
	is   place
}

// A place is what was found at the path of a source.
type place byte

const (
	unknown place = iota
	directory
	single
)

// An entry is a file in a folder.
type entry struct {
	name string
	status
	link bool
}

// A listing is the files of a folder at one moment.
type listing struct {
	dir     string
	only    string // the name of the one file that was asked for; "": all that the options take
	at      time.Time
	stamp   stamp // of the directory
	entries []entry
	others  []string // names that are not taken, and were not looked at
	shaky   []string // links, and names that could not be looked at: what they lead to may change
	full    []entry  // all of them, once they were asked for
}

// listingAge is how long a listing of a directory that was not changed is relied on, though
// not for the sizes in it: a link may lead elsewhere, and a time of change may lie.
const listingAge = time.Minute

// list lists the files that the source is to read. A path that cannot be listed is an
// error; a name that cannot be looked at is left out, with a warning.
func (f *folder) list() (*listing, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	st, err := look(f.path)
	switch {
	case err == nil && st.mode&fs.ModeDir != 0:
		f.is = directory
		return f.listDirectory(st.stamp)
	case err == nil && st.mode == 0 && f.is != directory:
		f.is = single
		return f.keep(f.one(entry{name: filepath.Base(f.path), status: st})), nil
	case err == nil && f.is == directory:
		return nil, fmt.Errorf("%s: was a directory and is none any more", f.path)
	case err == nil:
		return nil, errNotRegular(f.path, st.mode)
	case errors.Is(err, fs.ErrNotExist) && f.options.follow && f.is != directory && f.hasParent():
		f.say.warn("a file that is to be followed is not there yet", "file", f.path)
		return f.keep(f.one()), nil
	case f.is == unknown:
		return nil, permanent(err)
	}
	return nil, err // it was there: it may come back
}

// one is the listing of a file that was asked for by name.
func (f *folder) one(entries ...entry) *listing {
	return &listing{dir: filepath.Dir(f.path), only: filepath.Base(f.path), entries: entries}
}

// wants reports whether a new file of that name is read.
func (f *folder) wants(l *listing, name string) bool {
	if l.only != "" {
		return name == l.only
	}
	return f.options.takes(name)
}

func (f *folder) hasParent() bool {
	st, err := look(filepath.Dir(f.path))
	return err == nil && st.mode&fs.ModeDir != 0
}

func (f *folder) keep(l *listing) *listing {
	l.at = time.Now()
	f.last, f.good = l, l.at
	return l
}

func (f *folder) listDirectory(now stamp) (*listing, error) {
	if l := f.last; l != nil && l.stamp.proves(now) && time.Since(l.at) < listingAge {
		if l.shaky == nil {
			f.good = time.Now()
			return l, nil
		}
		if again := f.lookAgain(l); !slices.EqualFunc(again.entries, l.entries, sameFile) {
			return f.keep(again), nil
		}
		f.good = time.Now()
		return l, nil
	}
	found, err := os.ReadDir(f.path)
	if err != nil {
		if f.last == nil {
			err = permanent(err)
		}
		return nil, err
	}
	l := &listing{dir: f.path, stamp: now.settled()}
	for _, e := range found {
		switch {
		case e.IsDir():
		case !f.options.takes(e.Name()):
			l.others = append(l.others, e.Name())
		default:
			f.add(l, e.Name(), e.Type()&fs.ModeSymlink != 0)
		}
	}
	return f.keep(l), nil
}

func sameFile(a, b entry) bool { return a.name == b.name && a.ident == b.ident }

// lookAgain looks again at what may have changed although the directory has not.
func (f *folder) lookAgain(l *listing) *listing {
	again := &listing{dir: l.dir, stamp: l.stamp, others: l.others}
	for _, e := range l.entries {
		if !slices.Contains(l.shaky, e.name) {
			again.entries = append(again.entries, e)
		}
	}
	for _, name := range l.shaky {
		f.add(again, name, true)
	}
	slices.SortFunc(again.entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return again
}

// add looks at a name and adds it, if it is that of a file.
func (f *folder) add(l *listing, name string, link bool) {
	st, err := look(filepath.Join(l.dir, name))
	if link || err != nil {
		l.shaky = append(l.shaky, name)
	}
	if err != nil {
		f.say.warn("a name in a folder that is read cannot be looked at and is left out", "file", filepath.Join(l.dir, name), "link", link, "error", err)
		return
	}
	if st.mode != 0 {
		return
	}
	l.entries = append(l.entries, entry{name, st, link})
}

// all returns the files of a listing together with those that the source would not read
// as new: a file that was read may have got such a name.
func (f *folder) all(l *listing) []entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l.full != nil {
		return l.full
	}
	others := l.others
	if l.only != "" {
		found, err := os.ReadDir(l.dir)
		if err != nil {
			f.say.warn("the folder of a file that was moved cannot be listed", "folder", l.dir, "error", err)
		}
		for _, e := range found {
			if !e.IsDir() && e.Name() != l.only {
				others = append(others, e.Name())
			}
		}
	}
	l.full = slices.Clip(l.entries)
	for _, name := range others {
		if st, err := look(filepath.Join(l.dir, name)); err == nil && st.mode == 0 {
			l.full = append(l.full, entry{name: name, status: st})
		}
	}
	return l.full
}

// searchPause is how long a file is not searched for after the last listing.
const searchPause = 250 * time.Millisecond

// where searches for a file by its number, in a listing that was made after since. If
// there is none yet, searched is false.
func (f *folder) where(file ident, since time.Time) (path string, searched bool, err error) {
	if file == (ident{}) {
		return "", true, nil
	}
	f.mu.Lock()
	l, good := f.last, f.good
	f.mu.Unlock()
	if l == nil || !good.After(since) && time.Since(good) >= searchPause {
		if l, err = f.list(); err != nil {
			return "", false, err
		}
		good = time.Now()
	}
	if !good.After(since) {
		return "", false, nil
	}
	entries := f.all(l)
	i := slices.IndexFunc(entries, func(e entry) bool { return e.ident == file })
	if i < 0 {
		return "", true, nil
	}
	return filepath.Join(l.dir, entries[i].name), true, nil
}

// pathOf is where the file of a split is looked for first.
func (f *folder) pathOf(id splitID, at position) (string, error) {
	f.mu.Lock()
	is := f.is
	f.mu.Unlock()
	if is == unknown {
		if st, err := look(f.path); err == nil && st.mode&fs.ModeDir != 0 {
			is = directory
		}
	}
	name := at.name
	if name == "" {
		name = id.name
	}
	if !isName(name) {
		return "", weir.Permanent(fmt.Errorf("the position of split %s names the file %q, which is no name of one", id, name))
	}
	if is == directory {
		return filepath.Join(f.path, name), nil
	}
	if id.name != filepath.Base(f.path) {
		return "", weir.Permanent(fmt.Errorf("%s: the checkpoint has read another file, %s, which this source does not read", f.path, id))
	}
	return filepath.Join(filepath.Dir(f.path), name), nil
}

// reads reports whether a file of that path would be read.
func (f *folder) reads(path string) bool {
	dir, name := filepath.Dir(path), filepath.Base(path)
	if st, err := look(f.path); err == nil && st.mode&fs.ModeDir != 0 {
		if sameDir(f.path, dir) && f.options.takes(name) {
			return true
		}
	} else if sameDir(filepath.Dir(f.path), dir) && filepath.Base(f.path) == name {
		return true
	}
	st, err := look(path)
	if err != nil || st.mode != 0 || st.ident == (ident{}) {
		return false
	}
	l, err := f.list() // links and other names
	return err == nil && slices.ContainsFunc(l.entries, func(e entry) bool { return e.ident == st.ident })
}

// sameDir reports whether two paths lead to one directory: by links, by a mount in two places,
// or by names that the file system takes for the same.
func sameDir(a, b string) bool {
	if resolve(a) == resolve(b) {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// resolve is the path of a directory without links. What is not there yet of it stays.
func resolve(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if r, err := filepath.EvalSymlinks(dir); err == nil {
		return r
	}
	if parent := filepath.Dir(dir); parent != dir {
		return filepath.Join(resolve(parent), filepath.Base(dir))
	}
	return dir
}
