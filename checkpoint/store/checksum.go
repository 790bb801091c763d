package store

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/zeebo/xxh3"

	"github.com/weirstream/weir/checkpoint"
)

// blockBytes is how many bytes of a state file one CRC covers: so many must be read to
// verify a single byte, and so exactly is damage located.
const blockBytes = 256 << 10

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// The beginning of what is hashed, so that the hash of a payload is never that of a file.
const (
	hashOfFile    = "weir/file/1\x00"
	hashOfPayload = "weir/payload/1\x00"
	hashOfSeal    = "weir/seal/1\x00"
	hashOfJob     = "weir/job/1\x00" // the job id of a copy whose job is not known
)

// A sum takes the checksums of a stream of bytes.
type sum struct {
	hash       *xxh3.Hasher
	blockBytes int

	length  int64
	crcs    []uint32 // of the blocks that are full
	crc     uint32   // of the block that is not
	inBlock int      // bytes of that block so far; less than blockBytes
}

// newSum begins the sum of a state file: its hash begins with the file's identity.
func newSum(of checkpoint.Identity, subtask checkpoint.Subtask, name string, blockBytes int) *sum {
	s := &sum{hash: xxh3.New(), blockBytes: blockBytes}
	b := appendIdentity([]byte(hashOfFile), of)
	b = binary.BigEndian.AppendUint32(b, uint32(int32(subtask)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	s.hash.Write(append(b, name...))
	return s
}

// cacheBytes is how much is added to one checksum before it is added to the other, so that
// the second finds it in the processor's cache.
const cacheBytes = 16 << 10

func (s *sum) add(p []byte) {
	s.length += int64(len(p))
	for len(p) > 0 {
		n := min(len(p), s.blockBytes-s.inBlock, cacheBytes)
		s.hash.Write(p[:n])
		s.crc = crc32.Update(s.crc, castagnoli, p[:n])
		s.inBlock += n
		p = p[n:]
		if s.inBlock == s.blockBytes {
			s.crcs = append(s.crcs, s.crc)
			s.crc, s.inBlock = 0, 0
		}
	}
}

// result is the checksums of all bytes so far: a CRC per block, and the hash.
func (s *sum) result() ([]uint32, checkpoint.Hash) {
	crcs := s.crcs
	if s.inBlock > 0 {
		crcs = append(crcs, s.crc)
	}
	return crcs, hash128(s.hash.Sum128())
}

// payloadHash is the hash of Flink's part of a _metadata file, bound to its checkpoint.
func payloadHash(of checkpoint.Identity, payload []byte) checkpoint.Hash {
	h := xxh3.New()
	h.Write(appendIdentity([]byte(hashOfPayload), of))
	h.Write(payload)
	return hash128(h.Sum128())
}

// sealHash is the hash of a seal up to the place of the hash.
func sealHash(seal []byte) checkpoint.Hash {
	h := xxh3.New()
	h.WriteString(hashOfSeal)
	h.Write(seal)
	return hash128(h.Sum128())
}

func hash128(u xxh3.Uint128) (h checkpoint.Hash) {
	binary.BigEndian.PutUint64(h[:8], u.Hi)
	binary.BigEndian.PutUint64(h[8:], u.Lo)
	return h
}

// appendIdentity appends job, incarnation and checkpoint id: 32 bytes.
func appendIdentity(dst []byte, of checkpoint.Identity) []byte {
	dst = append(dst, of.Job[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(of.Incarnation))
	return binary.BigEndian.AppendUint64(dst, uint64(of.ID))
}
