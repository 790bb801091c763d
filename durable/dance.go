package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// MkdirAll makes the directory name and every missing ancestor. On return the whole
// chain is durable: each directory that was made is synced, and so is the parent of
// each, up to and including the first directory that was there before.
//
// A directory that already exists is taken as it is: whoever made it is trusted to
// have made it durable, except that the parent of name itself is always synced, as
// an earlier attempt may have been cut between its Mkdir and its SyncDir.
func MkdirAll(fsys FS, name string) error {
	name = path.Clean(name)
	var missing []string // deepest first
	dir := name
	for {
		e, err := fsys.Stat(dir)
		if err == nil {
			if !e.Dir {
				return &fs.PathError{Op: "mkdir", Path: dir, Err: errors.New("exists and is not a directory")}
			}
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look for directory: %w", err)
		}
		missing = append(missing, dir)
		parent := path.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	for i := len(missing) - 1; i >= 0; i-- {
		if err := fsys.Mkdir(missing[i]); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make directory: %w", err)
		}
	}
	// The new directory's own inode first, then its name in its parent: on a file
	// system without a journal the second without the first loses the directory.
	for _, d := range missing {
		if err := fsys.SyncDir(d); err != nil {
			return fmt.Errorf("sync new directory: %w", err)
		}
		if err := fsys.SyncDir(path.Dir(d)); err != nil {
			return fmt.Errorf("sync parent of new directory: %w", err)
		}
	}
	if len(missing) == 0 && path.Dir(name) != name {
		if err := fsys.SyncDir(path.Dir(name)); err != nil {
			return fmt.Errorf("sync parent of directory: %w", err)
		}
	}
	return nil
}

// WriteFile creates the file name, writes data, syncs and closes it. On return the
// bytes are durable; the name is durable only after SyncDir of its directory. On
// error the file is given up: what may be left under its name is removed if that is
// possible, and must not be used.
func WriteFile(fsys FS, name string, data []byte) error {
	f, err := fsys.Create(name)
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	err = func() error {
		if _, err := f.Write(data); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
		if err := f.Sync(); err != nil {
			return fmt.Errorf("sync file: %w", err)
		}
		return nil
	}()
	if cerr := f.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("close file: %w", cerr)
	}
	if err != nil {
		// Best effort: a leftover is ignored and removed by the next start.
		_ = fsys.Remove(name)
	}
	return err
}

// RemoveTree deletes name and everything below it, children before parents. Nothing
// is synced: a deletion that comes back after a crash must be harmless to the
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
