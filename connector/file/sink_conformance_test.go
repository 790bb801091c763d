package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/weirstream/weir/connector/connectortest"
	"github.com/weirstream/weir/durable"
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
	}
}

func TestLinesSink(t *testing.T) {
	record := func(i int) string { return fmt.Sprintf("record %d", i) }
	t.Run("crashfs", func(t *testing.T) {
		connectortest.Sink(t, connectortest.SinkConfig[string]{
			On:     func(fsys durable.FS) connectortest.Output[string] { return linesOutput(fsys, outDir) },
			Record: record,
		})
	})
	t.Run("os", func(t *testing.T) {
		connectortest.Sink(t, connectortest.SinkConfig[string]{
			Elsewhere: func() connectortest.Output[string] {
				return linesOutput(durable.OS(), filepath.ToSlash(filepath.Join(t.TempDir(), "a", "b")))
			},
			Record: record,
		})
	})
}
