package file

import (
	"bytes"
	"fmt"
	"hash/crc32"

	"github.com/weirstream/weir/durable"
)

// writeBytes is how much is gathered before it is written.
const writeBytes = 64 << 10

// part is a file being written: its length and its checksum are known when it is
// finished, without reading it again.
type part struct {
	file   durable.File
	buf    []byte
	length int64
	sum    uint32
	begins func(first []byte) error // says what is wrong with how it begins; nil: nothing can be
}

func (p *part) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	if p.length == 0 && p.begins != nil {
		if err := p.begins(p.buf); err != nil {
			return err
		}
	}
	if _, err := bytes.NewReader(p.buf).WriteTo(p.file); err != nil { // or took a part only
		return err
	}
	p.length += int64(len(p.buf))
	p.sum = crc32.Update(p.sum, castagnoli, p.buf)
	p.buf = p.buf[:0]
	return nil
}

// finish makes the content durable, but not the name, and closes the file. After an error
// the file is of no use.
func (p *part) finish() error {
	err := p.flush()
	if err == nil {
		err = p.file.Sync()
	}
	if cerr := p.file.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("close: %w", cerr)
	}
	return err
}
