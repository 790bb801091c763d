package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// A Seal closes a _metadata file: it holds the checksums by which every byte of a
// checkpoint can be told from any other. It stands after Flink's payload, where
// Flink's readers do not look. All integers are big-endian.
//
//	payload  Flink's, P bytes
//	seal     8  "WEIRSEAL"
//	         4  format version, 2
//	        16  job id
//	         8  incarnation of the job manager that wrote it
//	         8  checkpoint id
//	         8  P
//	        16  XXH3-128 of "weir/payload/1\0", job id, incarnation, checkpoint id, payload
//	         4  number of state files; then of each, in ascending order of names:
//	              2 + n  length of the name, name
//	              2 + w  length of a description, description (what the file holds)
//	              4      subtask that wrote it
//	              8      L, its length in bytes
//	              4      B, the bytes of a block
//	              4·⌈L/B⌉  CRC32C of each block
//	              16     XXH3-128 of "weir/file/1\0", job id, incarnation, checkpoint id,
//	                     subtask (4), length of the name (2), name, all bytes
//	         2 + n  length of the job's name, name
//	         4  number of operators; then of each, in ascending order of ids:
//	              16     operator id
//	              2 + n  length of its name, name
//	              2 + k  length of its kind, kind
//	trailer  8  length of seal and trailer together
//	        16  XXH3-128 of "weir/seal/1\0" and everything from "WEIRSEAL" to here
//	         8  "\r\nWEIR\x1a\n"
//
// The magic is at the very end so that a file that has lost its tail is recognised
// from there. The trailer is the same in every version of the format: a reader can
// tell a seal that is too new for it from one that is damaged. A hash is stored with
// its high half first. Names of files are UTF-8 and plain: one element of a path. Version
// 1, which ends with the state files and has no names, is read and no longer written.
type Seal struct {
	Version int // of the format
	checkpoint.Identity
	PayloadLength int64
	PayloadHash   checkpoint.Hash
	Files         []checkpoint.File // ascending by name
	Names         checkpoint.Names  // empty in version 1
}

const (
	sealMagic        = "WEIRSEAL"
	sealVersion      = 2
	sealWithoutNames = 1
	trailMagic       = "\r\nWEIR\x1a\n"

	trailBytes = 8 + 16 + 8
	headBytes  = 8 + 4
	// minSealBytes is the least that a seal and its trailer take: one of version 1 without
	// files.
	minSealBytes = headBytes + 32 + 8 + 16 + 4 + trailBytes
	// minFileBytes is the least that an entry of a file takes.
	minFileBytes = 2 + 2 + 4 + 8 + 4 + 16
	// minOperatorBytes is the least that an entry of an operator takes.
	minOperatorBytes = 16 + 2 + 2

	// maxBlockBytes bounds how much must be read to verify one byte.
	maxBlockBytes = 64 << 20
	// maxWhatBytes bounds a description and a kind; a longer one is cut.
	maxWhatBytes = 256
	// maxWordBytes bounds the name of a job or of an operator; a longer one is cut.
	maxWordBytes = 4 << 10
)

// errNotSealed says that there is no seal: the payload ends where the file ends.
var errNotSealed = errors.New("no seal")

// A SealError says why what stands after the payload of a _metadata file is not a seal that
// can be believed.
type SealError struct{ What string }

func (e *SealError) Error() string { return "seal: " + e.What }

func sealErrorf(format string, args ...any) error {
	return &SealError{What: fmt.Sprintf(format, args...)}
}

// appendSeal appends to a payload the seal that closes it, in the newest version.
func appendSeal(payload []byte, s *Seal) []byte {
	begin := len(payload)
	dst := append(payload, sealMagic...)
	dst = binary.BigEndian.AppendUint32(dst, sealVersion)
	dst = appendIdentity(dst, s.Identity)
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.PayloadLength))
	dst = append(dst, s.PayloadHash[:]...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s.Files)))
	for i := range s.Files {
		dst = appendFile(dst, &s.Files[i])
	}
	dst = appendNames(dst, s.Names)
	dst = binary.BigEndian.AppendUint64(dst, uint64(len(dst)-begin+trailBytes))
	hash := sealHash(dst[begin:])
	dst = append(dst, hash[:]...)
	return append(dst, trailMagic...)
}

func appendFile(dst []byte, f *checkpoint.File) []byte {
	dst = appendWord(dst, f.Name)
	dst = appendWord(dst, f.What)
	dst = binary.BigEndian.AppendUint32(dst, uint32(int32(f.Subtask)))
	dst = binary.BigEndian.AppendUint64(dst, uint64(f.Length))
	dst = binary.BigEndian.AppendUint32(dst, uint32(f.BlockBytes))
	for _, crc := range f.CRCs {
		dst = binary.BigEndian.AppendUint32(dst, crc)
	}
	return append(dst, f.Hash[:]...)
}

func appendNames(dst []byte, n checkpoint.Names) []byte {
	dst = appendWord(dst, cut(n.Job, maxWordBytes))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(n.Operators)))
	for _, op := range n.Operators {
		dst = append(dst, op.ID[:]...)
		dst = appendWord(dst, cut(op.Name, maxWordBytes))
		dst = appendWord(dst, cut(op.Kind, maxWhatBytes))
	}
	return dst
}

func appendWord(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s)))
	return append(dst, s...)
}

// splitSeal parts the contents of a _metadata file into Flink's payload and the seal.
// The seal agrees with its own checksum, and the payload with the seal. Without any trace
// of a seal at the end of data the error is errNotSealed; whether data ends where a payload
// ends is not checked then.
func splitSeal(data []byte) (payload []byte, s *Seal, err error) {
	if !bytes.HasSuffix(data, []byte(trailMagic)) {
		return data, nil, errNotSealed
	}
	if len(data) < minSealBytes {
		return nil, nil, sealErrorf("the file has %d bytes and ends like a seal, which takes at least %d",
			len(data), minSealBytes)
	}
	trail := data[len(data)-trailBytes:]
	length := binary.BigEndian.Uint64(trail)
	if length < minSealBytes || length > uint64(len(data)) {
		return nil, nil, sealErrorf("its length, %d bytes, does not fit into the file's %d bytes", length, len(data))
	}
	payload, seal := data[:len(data)-int(length)], data[len(data)-int(length):]
	if want, have := checkpoint.Hash(trail[8:24]), sealHash(seal[:len(seal)-24]); want != have {
		return nil, nil, sealErrorf("its checksum is %x and should be %x", have, want)
	}
	s, err = decodeSeal(seal[:len(seal)-trailBytes])
	if err != nil {
		return nil, nil, err
	}
	if s.PayloadLength != int64(len(payload)) {
		return nil, nil, sealErrorf("it closes a payload of %d bytes, and %d stand before it", s.PayloadLength, len(payload))
	}
	if have := payloadHash(s.Identity, payload); have != s.PayloadHash {
		return nil, nil, sealErrorf("the payload's checksum is %x and should be %x", have, s.PayloadHash)
	}
	return payload, s, nil
}

// decodeSeal reads a seal without its trailer.
func decodeSeal(data []byte) (*Seal, error) {
	c := flink.NewCursor(data)
	if string(c.Bytes(len(sealMagic))) != sealMagic {
		return nil, sealErrorf("it does not begin with %q", sealMagic)
	}
	version := uint32(c.I32())
	switch {
	case c.Err() != nil:
		return nil, sealErrorf("%v", c.Err())
	case version > sealVersion:
		return nil, sealErrorf("it has format version %d and this program reads up to version %d: "+
			"it was written by a newer release; use that one", version, sealVersion)
	case version < sealWithoutNames:
		return nil, sealErrorf("there is no format version %d", version)
	}
	s := &Seal{Version: int(version), Identity: readIdentity(c), PayloadLength: c.I64(), PayloadHash: readHash(c)}
	n := c.Count("files", minFileBytes)
	for i := range n {
		f, err := readSealedFile(c)
		if err != nil {
			return nil, sealErrorf("file %d of %d: %v", i+1, n, err)
		}
		if i > 0 && f.Name <= s.Files[i-1].Name {
			return nil, sealErrorf("file %d of %d: the names %q and %q are not in ascending order",
				i+1, n, s.Files[i-1].Name, f.Name)
		}
		s.Files = append(s.Files, f)
	}
	if version > sealWithoutNames {
		if err := s.readNames(c); err != nil {
			return nil, err
		}
	}
	if c.Err() != nil {
		return nil, sealErrorf("%v", c.Err())
	}
	if c.Remaining() > 0 {
		return nil, sealErrorf("%d bytes too many", c.Remaining())
	}
	if s.ID < 1 || s.Incarnation < 1 {
		return nil, sealErrorf("there is no checkpoint %v of incarnation %v", s.ID, s.Incarnation)
	}
	return s, nil
}

func readIdentity(c *flink.Cursor) (id checkpoint.Identity) {
	copy(id.Job[:], c.Bytes(len(id.Job)))
	id.Incarnation, id.ID = checkpoint.Incarnation(c.I64()), checkpoint.ID(c.I64())
	return id
}

func readHash(c *flink.Cursor) (h checkpoint.Hash) {
	copy(h[:], c.Bytes(len(h)))
	return h
}

func (s *Seal) readNames(c *flink.Cursor) error {
	s.Names.Job = readWord(c)
	n := c.Count("operators", minOperatorBytes)
	for i := range n {
		var op checkpoint.OperatorName
		copy(op.ID[:], c.Bytes(len(op.ID)))
		op.Name, op.Kind = readWord(c), readWord(c)
		if c.Err() != nil {
			return sealErrorf("operator %d of %d: %v", i+1, n, c.Err())
		}
		if i > 0 && bytes.Compare(op.ID[:], s.Names.Operators[i-1].ID[:]) <= 0 {
			return sealErrorf("operator %d of %d: the ids %v and %v are not in ascending order",
				i+1, n, s.Names.Operators[i-1].ID, op.ID)
		}
		s.Names.Operators = append(s.Names.Operators, op)
	}
	return nil
}

func readWord(c *flink.Cursor) string { return string(c.Bytes(int(c.U16()))) }

func readSealedFile(c *flink.Cursor) (f checkpoint.File, err error) {
	f.Name, f.What = readWord(c), readWord(c)
	f.Subtask = checkpoint.Subtask(c.I32())
	f.Length = c.I64()
	f.BlockBytes = int(c.I32())
	switch {
	case c.Err() != nil:
		return f, c.Err()
	case !checkpoint.PlainName(f.Name):
		return f, fmt.Errorf("%q cannot be the name of a state file", f.Name)
	case f.Length < 0 || f.BlockBytes < 1 || f.BlockBytes > maxBlockBytes:
		return f, fmt.Errorf("%d bytes in blocks of %d bytes", f.Length, f.BlockBytes)
	}
	n := checkpoint.Blocks(f.Length, f.BlockBytes)
	if n > math.MaxInt32 || n > int64(c.Remaining()/4) {
		return f, fmt.Errorf("the checksums of %d blocks cannot be in the %d bytes that are left", n, c.Remaining())
	}
	f.CRCs = make([]uint32, n)
	for i := range f.CRCs {
		f.CRCs[i] = uint32(c.I32())
	}
	f.Hash = readHash(c)
	return f, c.Err()
}

// file finds a state file by its name; it is nil if the seal has none of that name.
func (s *Seal) file(name string) *checkpoint.File {
	i, ok := slices.BinarySearchFunc(s.Files, name, func(f checkpoint.File, name string) int {
		return strings.Compare(f.Name, name)
	})
	if !ok {
		return nil
	}
	return &s.Files[i]
}
