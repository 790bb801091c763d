package fsynclint

import "slices"

// A file is an inode: a file, a directory, or something else that has a name.
type file struct {
	id  int
	dir bool
	// special: a pipe, a socket, a device, or what lies in /proc, /sys or /dev. Nothing of it
	// is durable and nothing is expected to be.
	special bool

	// Names. home is the entry that it is shown by; nil if it has none.
	home *entry
	link int // entries that name it
	kids map[string]*entry
	wait []*entry // of a directory: entries, there or gone, that changed and were not synced

	kept int // how many of them were left when wait was last tidied

	made    Ref  // the call that created it; Line 0 if it was there before the trace
	temp    bool // made without a name (O_TMPFILE)
	unsure  bool // it may have been there before: it was created without O_EXCL
	excl    bool // made with O_EXCL, mkdir or O_TMPFILE
	size    int64
	sized   bool // the size is known
	writers int  // descriptions open for writing
	appends bool // opened with O_APPEND

	// The bytes.
	dirty     bool
	cut       bool // was truncated, and not written since
	fresh     bool // was truncated to nothing: what it holds is from this trace
	assumed   bool // the writes are not in the trace; that there were any is an assumption
	firstDirt Ref  // the first write that was not synced
	lastWrite Ref
	lastBytes span // which bytes that write wrote; empty if it is not known
	closed    Ref  // when the last writer closed it, dirty
	closedBy  *process
	syncs     int
	lastSync  Ref // of the bytes
	cleaned   Ref // the sync that covered the last of the writes
	ranged    Ref // sync_file_range, Line 0 if there was none
	mapped    int // shared writable mappings
	mapDirt   Ref // a mapping was made and not synced since
	badSync   Ref // a sync that failed
	badWrite  Ref // a write that failed and was not repeated
	selfSync  Ref // the last sync of the directory itself
	selfSyncs int

	born string // the name that it was made by

	// Of a directory: the number of commits in it, the last one, and of each shape of
	// numbered names what has the highest number.
	commits    int
	lastCommit Line
	numbered   map[string]*file
	recent     [4]*file // files in it that were synced last, the last first

	unit *unit   // the commit that it is part of
	torn bool    // of a generation: something that belongs to it was removed
	fam  *family // the family of generations that it is the root of
}

// A span is the bytes of a file from one offset up to, not including, another.
type span struct{ from, to int64 }

// An entry is a name in a directory.
type entry struct {
	dir  *file
	name string
	node *file
	gone bool

	changed Ref // how it came or went; Line 0 if it was there before the trace
	synced  Ref // the sync that covered it; Line 0 if none has
}

// isNew reports whether the trace shows how the file was made.
func (f *file) isNew() bool { return f.made.Line > 0 }

// durableBefore reports whether the entry was on disk before a call began.
func (e *entry) durableBefore(r Ref) bool {
	return e.changed.Line == 0 || e.synced.Line > 0 && e.synced.before(r)
}

// settledBefore reports whether all that was written to the file before a commit was on disk
// when r began.
func (f *file) settledBefore(r Ref) bool {
	if f.lastWrite.Line == 0 && f.mapDirt.Line == 0 {
		return true
	}
	if f.dirty && f.firstDirt.Line <= r.Line || f.mapDirt.Line > 0 && f.mapDirt.Line <= r.Line {
		return false
	}
	return f.dirty || f.mapDirt.Line > 0 || f.cleaned.Line > 0 && f.cleaned.before(r)
}

// path returns the name by which a file is shown.
func (f *file) path() string {
	if f.home == nil {
		return "(a file without a name)"
	}
	var parts []string
	for e := f.home; e != nil; e = e.dir.home {
		parts = append(parts, e.name)
		if len(parts) > maxName/2 {
			break
		}
	}
	slices.Reverse(parts)
	return joinPath(parts)
}

func (e *entry) path() string {
	if e.dir.home == nil && e.dir.made.Line == 0 {
		return joinPath([]string{e.name})
	}
	return joinTwo(e.dir.path(), e.name)
}

// within reports whether f is dir or lies below it.
func (f *file) within(dir *file) bool {
	for n := f; n != nil; {
		if n == dir {
			return true
		}
		if n.home == nil {
			return false
		}
		n = n.home.dir
	}
	return false
}
