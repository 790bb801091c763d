package flink

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
)

// snappyFramed puts a block of data, compressed to block, into a stream of its own.
func snappyFramed(block, data []byte) []byte {
	sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	sum = sum>>15 | sum<<17
	sum += 0xa282ead8 // the mask of the framing format
	n := 4 + len(block)
	framed := append([]byte(snappyStreamID), 0, byte(n), byte(n>>8), byte(n>>16))
	return append(binary.LittleEndian.AppendUint32(framed, sum), block...)
}

func TestSnappyFrames(t *testing.T) {
	m := &model{header: KeyedHeader{Compressed: true}}
	zeros := make([]byte, 1<<20)
	framed := m.frame(zeros)
	frames := newSnappyFrames(false)
	for range 2 { // it can be used again
		data, err := frames.decode(append(bytes.Clone(framed), framed...))
		if err != nil || !bytes.Equal(data, append(bytes.Clone(zeros), zeros...)) {
			t.Errorf("%d bytes, error %v", len(data), err)
		}
	}
	framed[20] ^= 1
	if _, err := frames.decode(framed); err == nil {
		t.Error("a changed byte was not seen")
	}
	if _, err := frames.decode(framed[:len(framed)-1]); err == nil {
		t.Error("a missing byte was not seen")
	}
}

// The highest ratio that snappy can reach is decoded. A higher one, which only its successor
// S2 can reach, is refused.
func TestSnappyRatio(t *testing.T) {
	data := bytes.Repeat([]byte{'x'}, snappyMaxBlock)
	block := append(binary.AppendUvarint(nil, uint64(len(data))), 0, 'x') // one byte as it is
	for left := len(data) - 1; left > 0; left -= min(left, 64) {
		block = append(block, byte(min(left, 64)-1)<<2|2, 1, 0) // up to 64, from one byte back
	}
	got, err := newSnappyFrames(false).decode(snappyFramed(block, data))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes from %d, error %v", len(got), len(block), err)
	}
	block = s2.EncodeBetter(nil, data)
	got, err = newSnappyFrames(false).decode(snappyFramed(block, data))
	if err == nil || !strings.Contains(err.Error(), "would become more than") {
		t.Errorf("%d bytes from %d, error %v", len(got), len(block), err)
	}
}
