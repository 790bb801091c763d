package file

import (
	"strings"

	"github.com/weirstream/weir"
)

// Lines is a source of the lines of a file, or of the files in a folder, without their
// ends ("\n" or "\r\n"). What is in a line is not looked at; it need not be UTF-8. A byte
// order mark of UTF-8 at the beginning of a file is dropped.
//
// Short lines share memory with their neighbours, up to 1 KiB: of the lines that are kept
// for long, if they are few of many, keep a strings.Clone.
func Lines(path string, opts ...Option) weir.Source[string] {
	return newSource(path, opts, format[string]{newDecoder: func(*options) decoder[string] { return &stringDecoder{} }})
}

// stringBlock is how many bytes of lines are one block of memory. To make a string of each
// line takes more than twice the time; larger blocks hardly take less, and a line that is
// kept keeps all of its block.
const stringBlock = 1 << 10

// A stringDecoder makes strings of lines, those of several short ones in one block.
type stringDecoder struct {
	block strings.Builder
	left  int // bytes of lines that may still come in this Read
}

func (d *stringDecoder) batch(bytes int) { d.left = bytes }

func (d *stringDecoder) decode(line []byte, record *string) (bool, error) {
	if len(line) > stringBlock/4 {
		*record = string(line)
		return true, nil
	}
	if d.block.Cap()-d.block.Len() < len(line) {
		d.block.Reset()
		d.block.Grow(min(max(d.left, len(line)), stringBlock))
	}
	from := d.block.Len()
	d.block.Write(line)
	*record = d.block.String()[from:]
	d.left -= len(line)
	return true, nil
}
