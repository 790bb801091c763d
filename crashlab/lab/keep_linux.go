//go:build amd64 || arm64

package lab

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/weirstream/weir/crashlab/blocklog"
	"github.com/weirstream/weir/crashlab/judge"
)

// keep writes an image into a sparse file, so that a person can mount it (mount -o loop), and
// a text file beside it that says what is wrong with it.
func keep(dir, name string, image *blocklog.Image, size int64, c blocklog.Cut, state judge.State, why string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(dir, fmt.Sprintf("%s-%d-%d.img", name, c.Before, c.Seed))
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return "", err
	}
	block := make([]byte, blocklog.BlockBytes)
	for _, n := range image.Written() {
		image.ReadAt(block, n*blocklog.BlockBytes)
		if _, err := f.WriteAt(block, n*blocklog.BlockBytes); err != nil {
			return "", err
		}
	}
	text := fmt.Sprintf("%s, cut %v: %v: %s\n", name, c, state, why)
	return path, os.WriteFile(path+".txt", []byte(text), 0o644)
}
