package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// MkdirAll makes the directory name and every missing ancestor. On return the whole
// chain is durable: the name of each directory that was made, up to the first that was
// there before, and the last directory itself.
//
// Directories that were there before are taken as they are: MkdirAll trusts that their
// names are durable. The deepest of them is the exception, as an earlier call may have
// been killed between making it and syncing its name; so its parent is synced too. That
// call left no other directory in doubt, because every name is durable before the next
// directory is made in it.
//
// That parent may be a directory that this process cannot sync: one that it may not read,
// as /home for some users, or one on a file system that is read-only or has no sync for
// directories. Then the name in it is not one of ours: MkdirAll removes a directory again
// whose name it cannot sync, and reports the error. (Only a call that was killed between
// the two leaves one.) So it goes on without that sync.
func MkdirAll(fsys FS, name string) error {
	name = path.Clean(name)
	var missing []string // deepest first
	dir := name
	for {
		ok, err := dirExists(fsys, dir)
		if err != nil {
			return err
		}
		if ok {
			break
		}
		missing = append(missing, dir)
		parent := path.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	if parent := path.Dir(dir); parent != dir {
		if err := fsys.SyncDir(parent); err != nil && !unsyncable(err) {
			return fmt.Errorf("sync parent of directory: %w", err)
		}
	}
	for i := len(missing) - 1; i >= 0; i-- {
		err := fsys.Mkdir(missing[i])
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make directory: %w", err)
		}
		made := err == nil
		if err := fsys.SyncDir(path.Dir(missing[i])); err != nil {
			if made {
				// The next call must not find it and take it for durable.
				_ = fsys.Remove(missing[i])
			}
			return fmt.Errorf("sync parent of new directory: %w", err)
		}
	}
	// The last directory's own inode, which has not been synced as the parent of another:
	// on a file system without a journal its name alone would lead nowhere.
	if err := fsys.SyncDir(name); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

// dirExists reports whether name is a directory or a symbolic link to one. If it is
// something else that is an error.
func dirExists(fsys FS, name string) (bool, error) {
	e, err := fsys.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for directory: %w", err)
	case e.Dir:
		return true, nil
	case !e.Regular:
		if _, err := fsys.ReadDir(name); err == nil {
			return true, nil
		}
	}
	return false, &fs.PathError{Op: "mkdir", Path: name, Err: errNotDirectory}
}

// WriteFile creates the file name, writes data, syncs and closes it. On return the bytes
// are durable; the name is durable only after SyncDir of its directory. After an error the
// file is dead: what is left under its name is removed as far as possible, and must not be
// used.
func WriteFile(fsys FS, name string, data []byte) error {
	return FillFile(fsys, name, func(w io.Writer) error {
		if _, err := bytes.NewReader(data).WriteTo(w); err != nil { // it reports a short write as well
			return fmt.Errorf("write file: %w", err)
		}
		return nil
	})
}

// FillFile is WriteFile of what fill writes. If fill fails the file is dead as well, and the
// error is returned as it is.
func FillFile(fsys FS, name string, fill func(io.Writer) error) error {
	f, err := fsys.Create(name)
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	err = fill(f)
	if err == nil {
		if err = f.Sync(); err != nil {
			err = fmt.Errorf("sync file: %w", err)
		}
	}
	if cerr := f.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("close file: %w", cerr)
	}
	if err != nil {
		// As far as possible: a leftover is ignored, and removed by the next start.
		_ = fsys.Remove(name)
	}
	return err
}

// SettleDir makes the files in the directory name durable, their bytes and their names. It
// is for files of another program, which may not have synced them, before something else
// is deleted because they are there. Directories in it are left alone.
//
// It is weaker than a writer's own sync: an error that the kernel has already reported to
// the other program is not reported again. So a caller reads what was settled back past
// the page cache before it relies on it. If a file system cannot sync a file that was
// opened for reading the error wraps errors.ErrUnsupported.
func SettleDir(fsys FS, name string) error {
	entries, err := fsys.ReadDir(name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Regular {
			continue
		}
		if err := settleFile(fsys, path.Join(name, e.Name)); err != nil {
			return fmt.Errorf("sync file of another program: %w", err)
		}
	}
	if err := fsys.SyncDir(name); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

func settleFile(fsys FS, name string) error {
	r, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	s, ok := r.(interface{ Sync() error })
	if !ok {
		return &fs.PathError{Op: "sync", Path: name, Err: errors.ErrUnsupported}
	}
	return s.Sync()
}

// RemoveTree deletes name and everything below it, children before parents. Nothing is
// synced: a deletion that a power cut undoes, in whole or in part, must be harmless to the
// caller. A name that is already gone is no error.
func RemoveTree(fsys FS, name string) error {
	e, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if e.Dir {
		entries, err := fsys.ReadDir(name)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := RemoveTree(fsys, path.Join(name, e.Name)); err != nil {
				return err
			}
		}
	}
	if err := fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
