package file

import "github.com/weirstream/weir"

// Bytes is Lines with lines as byte slices, for programs that take them apart at once: it
// takes less time than Lines.
//
// A slice belongs to the program that gets it, which may keep and change it. Those of lines
// that are read together lie in one block of memory, of up to 64 KiB, which is kept as long
// as one of them is: to keep a few of many for long, keep copies.
func Bytes(path string, opts ...Option) weir.Source[[]byte] {
	return newSource(path, opts, format[[]byte]{newDecoder: func(*options) decoder[[]byte] { return &bytesDecoder{} }})
}

const bytesBlock = 64 << 10

// A bytesDecoder copies lines into blocks.
type bytesDecoder struct {
	block []byte
	left  int // bytes of lines that may still come in this Read
}

func (d *bytesDecoder) batch(bytes int) { d.left = bytes }

func (d *bytesDecoder) decode(line []byte, record *[]byte) (bool, error) {
	if d.block == nil || cap(d.block)-len(d.block) < len(line) {
		d.block = make([]byte, 0, max(min(d.left, bytesBlock), len(line)))
	}
	from := len(d.block)
	d.block = append(d.block, line...)
	*record = d.block[from:len(d.block):len(d.block)] // an append does not reach the next one
	d.left -= len(line)
	return true, nil
}
