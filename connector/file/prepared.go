package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"regexp"
)

// prepared is a file that waits for its checkpoint: what a commit needs to know.
type prepared struct {
	hidden   string // its name now
	visible  string // its name afterwards
	length   int64  // bytes
	checksum uint32 // CRC32C of the content
}

// The encoding is
//
//	version 1 (1 byte) | hidden | visible (each: length as uvarint, bytes) | length (uvarint) | checksum (4 bytes, big-endian)
const preparedVersion = 1

func (p prepared) encode() []byte {
	b := []byte{preparedVersion}
	for _, name := range []string{p.hidden, p.visible} {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
	}
	b = binary.AppendUvarint(b, uint64(p.length))
	return binary.BigEndian.AppendUint32(b, p.checksum)
}

// The names of a sink's files, of this version of the program and of earlier ones.
var (
	hiddenNames  = regexp.MustCompile(`^\.part-[0-9a-f]{8}(-[0-9a-f]+)+\.inprogress$`)
	visibleNames = regexp.MustCompile(`^part-[0-9a-f]{8}(-[0-9a-f]+)+\.[a-z]+$`)
)

// decodePrepared decodes what encode made and nothing else: no name that leads out of the
// folder.
func decodePrepared(b []byte) (prepared, error) {
	if len(b) == 0 || b[0] != preparedVersion {
		return prepared{}, fmt.Errorf("prepared output %x: this program knows version %d only", b[:min(1, len(b))], preparedVersion)
	}
	var p prepared
	rest := b[1:]
	for _, name := range []*string{&p.hidden, &p.visible} {
		n, k := binary.Uvarint(rest)
		if k <= 0 || n > uint64(len(rest)-k) {
			return prepared{}, errors.New("prepared output with a damaged name")
		}
		*name = string(rest[k : k+int(n)])
		rest = rest[k+int(n):]
	}
	length, k := binary.Uvarint(rest)
	if k <= 0 || length > math.MaxInt64 || len(rest) != k+4 {
		return prepared{}, errors.New("prepared output with a damaged length")
	}
	p.length, p.checksum = int64(length), binary.BigEndian.Uint32(rest[k:])
	if !hiddenNames.MatchString(p.hidden) || !visibleNames.MatchString(p.visible) {
		return prepared{}, fmt.Errorf("prepared output with names %q and %q, which are no names of a sink's files", p.hidden, p.visible)
	}
	if !bytes.Equal(p.encode(), b) {
		return prepared{}, errors.New("prepared output with bits that mean nothing")
	}
	return p, nil
}
