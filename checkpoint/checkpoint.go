// Package checkpoint defines what a checkpoint is: its identifiers, the names of what they
// identify (names.go), the layout of its directory (every path is built in layout.go and
// nowhere else), the files its state is kept in (blob.go), how a listing of a directory is
// read after a crash (scan.go) and which checkpoints may go (retain.go).
//
// It is pure: values in, decisions out. It touches no disk, starts no goroutine and
// imports the standard library only. Package checkpoint/store acts on its decisions.
package checkpoint

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

// ID is the number of a checkpoint within its job. It counts from 1 and only grows;
// an id that was ever used, even by a checkpoint that was aborted, is not used again.
type ID int64

func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Incarnation counts the times a job's directory has been taken by a job manager,
// from 1. Names of files that are not yet part of a complete checkpoint carry it, so
// that a process that no longer owns the directory but still writes cannot touch the
// files of the one that does.
type Incarnation int64

func (i Incarnation) String() string { return strconv.FormatInt(int64(i), 10) }

// JobID identifies a job; its directory is named by the 32 hex digits of it.
type JobID [16]byte

func (j JobID) String() string { return hex.EncodeToString(j[:]) }

// ParseJobID reads the 32 lower-case hex digits that String writes.
func ParseJobID(s string) (JobID, error) {
	var j JobID
	if err := parseHex16(j[:], s); err != nil {
		return j, fmt.Errorf("job id %q: %w", s, err)
	}
	return j, nil
}

// OperatorID identifies an operator across runs of a job. Flink derives it from the
// operator's uid, and so does Weir (see flink.OperatorIDOf).
type OperatorID [16]byte

func (o OperatorID) String() string { return hex.EncodeToString(o[:]) }

// ParseOperatorID reads the 32 lower-case hex digits that String writes.
func ParseOperatorID(s string) (OperatorID, error) {
	var o OperatorID
	if err := parseHex16(o[:], s); err != nil {
		return o, fmt.Errorf("operator id %q: %w", s, err)
	}
	return o, nil
}

func parseHex16(dst []byte, s string) error {
	if len(s) != 2*len(dst) {
		return fmt.Errorf("want %d hex digits, have %d characters", 2*len(dst), len(s))
	}
	for _, c := range s {
		if c >= 'A' && c <= 'F' {
			return fmt.Errorf("want lower-case hex digits")
		}
	}
	_, err := hex.Decode(dst, []byte(s))
	return err
}

// Subtask is the index of one of an operator's parallel instances, from 0.
type Subtask int

func (s Subtask) String() string { return strconv.Itoa(int(s)) }

// KeyGroup is the number of a key group: the unit in which keyed state is assigned
// to subtasks. It is less than the operator's max parallelism.
type KeyGroup uint16

func (g KeyGroup) String() string { return strconv.Itoa(int(g)) }

// MaxMaxParallelism is the largest max parallelism there can be, as in Flink.
const MaxMaxParallelism = 1 << 15

// KeyGroupRange is a run of key groups from Start up to and including End, as Flink
// writes it. It is empty if End is less than Start.
type KeyGroupRange struct {
	Start, End int
}

// Len is the number of key groups in the range.
func (r KeyGroupRange) Len() int { return max(0, r.End-r.Start+1) }

// Contains reports whether g is in the range.
func (r KeyGroupRange) Contains(g KeyGroup) bool { return r.Start <= int(g) && int(g) <= r.End }

// Intersect is the range of the key groups that are in both.
func (r KeyGroupRange) Intersect(o KeyGroupRange) KeyGroupRange {
	x := KeyGroupRange{Start: max(r.Start, o.Start), End: min(r.End, o.End)}
	if x.Len() == 0 {
		return KeyGroupRange{Start: 0, End: -1}
	}
	return x
}

func (r KeyGroupRange) String() string {
	if r.Len() == 0 {
		return "none"
	}
	return fmt.Sprintf("%d-%d", r.Start, r.End)
}
