package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/connector/connectortest"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
)

func linesOutput(fsys durable.FS, dir string) connectortest.Output[string] {
	look := func() (records, hidden []string, err error) {
		records, hidden, err = visible(fsys, dir)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return records, hidden, err
	}
	return connectortest.Output[string]{
		Sink:      LinesSinkOn(fsys, dir),
		Visible:   func() ([]string, error) { records, _, err := look(); return records, err },
		Leftovers: func() ([]string, error) { _, hidden, err := look(); return hidden, err },
		Take: func() error {
			entries, err := fsys.ReadDir(dir)
			for _, e := range entries {
				if err == nil && !strings.HasPrefix(e.Name, ".") {
					err = fsys.Remove(path.Join(dir, e.Name))
				}
			}
			return err
		},
	}
}

// unsynced is the real file system, for tests to which it does not matter what is synced.
func unsynced() durable.FS {
	return faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Sync | faultfs.SyncDir, Do: faultfs.Drop, K: 1, Sticky: true})
}

func TestLinesSink(t *testing.T) {
	logged(t) // of what was taken
	record := func(i int) string { return fmt.Sprintf("record %d", i) }
	t.Run("crashfs", func(t *testing.T) {
		connectortest.Sink(t, connectortest.SinkConfig[string]{
			On:     func(fsys durable.FS) connectortest.Output[string] { return linesOutput(fsys, outDir) },
			Record: record,
		})
	})
	// Names, renames and locks of the real file system.
	t.Run("os", func(t *testing.T) {
		fsys := unsynced()
		connectortest.Sink(t, connectortest.SinkConfig[string]{
			Elsewhere: func() connectortest.Output[string] {
				return linesOutput(fsys, filepath.ToSlash(filepath.Join(t.TempDir(), "a", "b")))
			},
			Record: record,
		})
	})
}
