package file

import (
	"compress/bzip2"
	"errors"
	"io"
	"io/fs"

	"github.com/klauspost/compress/zstd"
)

// packed unpacks a file of zstd or bzip2. What a followed file adds is found by unpacking
// all of it again.
type packed struct {
	kind   kind
	tape   *tape
	follow bool

	z    io.Reader // nil: closed
	stop func()
	out  int64 // bytes given out
	size int64 // of the file when its end was reached; -1: it was not
}

// maxWindow is how far back a zstd file may refer, and so how much memory it takes. It is
// what zstd(1) takes without being told to take more.
const maxWindow = 128 << 20

func newPacked(k kind, t *tape, follow bool) *packed {
	return &packed{kind: k, tape: t, follow: follow, size: -1}
}

func (p *packed) Read(b []byte) (int, error) {
	if p.z == nil {
		if err := p.begin(); err != nil {
			return 0, err
		}
	}
	n, err := p.z.Read(b)
	p.out += int64(n)
	if err != nil {
		err = p.judge(err)
		if err != nil {
			p.Close()
		}
	}
	return n, err
}

// begin unpacks the file from its beginning to where reading goes on. io.EOF says that it
// has not grown since its end was reached.
func (p *packed) begin() error {
	if p.size >= 0 {
		if size, err := p.tape.size(); err != nil || size <= p.size {
			return orEOF(err)
		}
	}
	p.tape.seek(0)
	p.size = -1
	switch p.kind {
	case bzipped:
		p.z, p.stop = bzip2.NewReader(p.tape), func() {}
	default:
		z, err := zstd.NewReader(p.tape, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return p.judge(err)
		}
		p.z, p.stop = z, z.Close
	}
	if _, err := io.CopyN(io.Discard, p.z, p.out); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // it is shorter now than it was
		}
		err = p.judge(err)
		p.Close()
		return err
	}
	return nil
}

// judge says what an error means.
func (p *packed) judge(err error) error {
	var pe *fs.PathError
	switch {
	case p.tape.err != nil:
		return p.tape.err
	case errors.As(err, &pe):
		return err
	case err == io.EOF:
	case errors.Is(err, io.ErrUnexpectedEOF):
		if !p.follow {
			return errTorn(p.kind)
		}
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return packError{errors.New("the zstd data needs more than 128 MiB of memory to be unpacked: pack it again, without --ultra or --long")}
	default:
		return errCorrupt(p.kind, err)
	}
	p.size = p.tape.at
	return io.EOF
}

// Close lets go of the buffers.
func (p *packed) Close() {
	if p.z != nil {
		p.stop()
		p.z, p.stop = nil, nil
	}
}
