package file

import (
	"strings"

	"github.com/weirstream/weir"
)

// Lines is a source of the lines of a file, or of the files in a folder, without their
// ends ("\n" or "\r\n"). What is in a line is not looked at; it need not be UTF-8. A byte
// order mark of UTF-8 at the beginning of a file is dropped.
func Lines(path string, opts ...Option) weir.Source[string] {
	return newSource(path, opts, format[string]{newDecoder: func(*options) decoder[string] { return &stringDecoder{} }})
}

// A stringDecoder makes strings of lines.
type stringDecoder struct {
	block strings.Builder // of lines of one Read
	left  int
}

func (d *stringDecoder) batch(n int) { d.left = n }

func (d *stringDecoder) decode(line []byte, record *string) (bool, error) {
	*record = string(line)
	return true, nil
}
