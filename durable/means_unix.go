//go:build unix

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

func meansIn(dir string) (m Means, err error) {
	from, to := filepath.Join(dir, ".from"), filepath.Join(dir, ".to")
	for _, name := range []string{from, to} {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if err != nil {
			return Means{}, err
		}
		defer func() { _ = os.Remove(name) }() // what is left is an empty file
		if err := f.Close(); err != nil {
			return Means{}, err
		}
	}
	switch err := again(func() error { return renameRefusing(from, to) }); {
	case errors.Is(err, fs.ErrExist):
		m.RenameRefuses = true
	case !unsupported(err):
		return Means{}, renameError(from, to, err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return Means{}, err
	}
	defer d.Close()
	switch err := d.Sync(); {
	case err == nil:
	case unsupported(err):
		if m.DirSync = WholeSync; unsupported(syncFileSystem(d)) {
			m.DirSync = NoSync
		}
	default:
		return Means{}, err
	}
	return m, nil
}
