package file

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/weirstream/weir"
)

// listSplits lists the splits of a path: the file's own name, or those of the files in
// the folder. So files that are moved together with their folder keep their identity.
func listSplits(path string) ([]string, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, blameOpen(err)
	}
	if !fi.IsDir() {
		return []string{filepath.Base(path)}, nil
	}
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		return nil, blameOpen(err)
	}
	var ids []string
	for _, e := range entries {
		if name := e.Name(); name[0] == '.' || name[0] == '_' {
			continue
		}
		mode := e.Type()
		if mode&fs.ModeSymlink != 0 {
			fi, err := os.Stat(filepath.Join(path, e.Name()))
			if err != nil {
				return nil, blameOpen(fmt.Errorf("follow link: %w", err))
			}
			mode = fi.Mode()
		}
		if mode.IsRegular() {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}

// splitPath is where a split's file is.
func splitPath(path, id string) (string, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return "", blameOpen(err)
	}
	if !fi.IsDir() {
		if id != filepath.Base(path) {
			return "", weir.Permanent(fmt.Errorf("%s: the checkpoint has read another file, %s, which this source does not read", path, id))
		}
		return path, nil
	}
	if id == "." || id == ".." || id == "" || filepath.Base(id) != id {
		return "", weir.Permanent(fmt.Errorf("split %q is not the name of a file", id))
	}
	return filepath.Join(path, id), nil
}
