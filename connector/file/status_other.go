//go:build !unix

package file

import (
	"fmt"
	"os"
)

// look looks at the file that a path names now, through links. There are no numbers of
// files here, and no times of change that a program cannot set.
func look(path string) (status, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return status{}, err
	}
	return status{stamp: stamp{size: fi.Size()}, mode: fi.Mode().Type()}, nil
}

func lookOpen(f *os.File) (status, error) {
	fi, err := f.Stat()
	if err != nil {
		return status{}, err
	}
	return status{stamp: stamp{size: fi.Size()}, mode: fi.Mode().Type()}, nil
}

// openFile opens a file for reading, if it is one: opening a pipe would wait.
func openFile(path string) (*os.File, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if m := fi.Mode(); !m.IsRegular() {
		return nil, fmt.Errorf("open %s: %v", path, m.Type())
	}
	return os.Open(path)
}

func outOfDescriptors(error) bool { return false }
func stale(error) bool            { return false }
func descriptorLimit() int        { return 512 }
