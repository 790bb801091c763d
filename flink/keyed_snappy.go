package flink

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/s2"
)

const (
	// snappyMaxBlock is how much data a chunk of snappy's framing format holds at most.
	snappyMaxBlock = 64 << 10

	// snappyMaxRatio is more than the bytes that snappy can make of one byte: a copy of 64
	// bytes takes three.
	snappyMaxRatio = 32

	// snappyStreamID is the first chunk of a stream.
	snappyStreamID = "\xff\x06\x00\x00sNaPpY"
)

// A snappyFrames undoes snappy's framing format. It can be used again and again.
type snappyFrames struct{ r *s2.Reader }

// newSnappyFrames returns a snappyFrames for data that begin with a stream identifier, or,
// if headless is true, for data that begin somewhere in a stream.
func newSnappyFrames(headless bool) *snappyFrames {
	options := []s2.ReaderOption{s2.ReaderMaxBlockSize(snappyMaxBlock)}
	if headless {
		options = append(options, s2.ReaderIgnoreStreamIdentifier())
	}
	return &snappyFrames{s2.NewReader(nil, options...)}
}

// decode returns the decompressed bytes of the streams in framed. It verifies checksums,
// which Flink does not do.
func (f *snappyFrames) decode(framed []byte) ([]byte, error) {
	f.r.Reset(bytes.NewReader(framed))
	limit := snappyMaxRatio * int64(len(framed))
	data, err := io.ReadAll(io.LimitReader(f.r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("decompress: %d bytes would become more than %d", len(framed), limit)
	}
	return data, nil
}
