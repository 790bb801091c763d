package checkpoint

// An Identity is the checkpoint that bytes belong to. It goes into every checksum, so that
// a file that is whole but stale or misplaced is not taken for another.
type Identity struct {
	Job         JobID
	Incarnation Incarnation // of the job manager that wrote it
	ID          ID
}

// A File is a state file as it was written: all that is needed to find out later whether
// the bytes that are read back are the bytes that were written.
type File struct {
	Name    string  // in the checkpoint's directory
	What    string  // what it holds, for people
	Subtask Subtask // that wrote it

	Length     int64
	BlockBytes int      // the file in blocks of so many bytes; the last may be shorter
	CRCs       []uint32 // CRC32C of each block
	Hash       Hash     // XXH3-128 of identity, subtask, name and all bytes
}

// Hash is an XXH3-128, high half first.
type Hash [16]byte

// Blocks is how many blocks length bytes take.
func Blocks(length int64, blockBytes int) int64 {
	b := int64(blockBytes)
	n := length / b
	if length%b != 0 {
		n++
	}
	return n
}

// Block is which part of the file block i is: n bytes from off.
func (f *File) Block(i int) (off int64, n int) {
	off = int64(i) * int64(f.BlockBytes)
	return off, int(min(int64(f.BlockBytes), f.Length-off))
}
