//go:build !unix && !windows

package durable

import "os"

const noFollow = 0

func renameNoReplace(oldname, newname string) error { return lookThenRename(oldname, newname) }

func evict(*os.File) error { return nil }

func startWriteOut(*os.File, int64, int64) error { return nil }

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
