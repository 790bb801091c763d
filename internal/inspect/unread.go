package inspect

import (
	"fmt"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/bytesize"
)

// Unread says why state was not read, without being damaged.
type Unread struct {
	Why  string
	Cure Cure
}

// Cure is the option of Reader under which what was not read is read.
type Cure uint8

const (
	NoCure           Cure = iota
	ByAllowOutside        // Reader.AllowOutside
	ByLargerMaxBlock      // a larger Reader.MaxBlock
)

var (
	opaqueCoordinator = Unread{Why: "only the source that wrote it knows what is in it"}
	opaqueOperator    = Unread{Why: "only the operator that wrote it knows what is in it"}
	opaqueRecords     = Unread{Why: "records on their way; only the job knows what is in them"}
	opaqueChanges     = Unread{Why: "changes: their layout is not known here"}
	opaqueRocksDB     = Unread{Why: "the entries are in RocksDB's own files, which are not read"}
	liesOutside       = Unread{"it lies in another directory", ByAllowOutside}
	liesElsewhere     = Unread{Why: "it is not on this machine"}
)

func unreadf(format string, args ...any) Unread { return Unread{Why: fmt.Sprintf(format, args...)} }

// A TooLargeError says that something was not read because it is larger than
// Reader.MaxBlock allows.
type TooLargeError struct {
	What        string
	Size, Limit int64 // in bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s has %s, more than the %s that are read at once", e.What, bytesize.Format(e.Size), bytesize.Format(e.Limit))
}

// An UnreadShare is a reason why state was not read, and how much state that is.
type UnreadShare struct {
	Unread
	Streams   int
	Operators []checkpoint.OperatorID

	Kind    flink.StreamKind // of the first stream
	Subtask checkpoint.Subtask
}

// An UnreadList is each reason once, in the order in which they came up.
type UnreadList []*UnreadShare

func (l *UnreadList) add(h *Handle) {
	for _, why := range h.Unread {
		i := slices.IndexFunc(*l, func(u *UnreadShare) bool { return u.Unread == why })
		if i < 0 {
			i = len(*l)
			*l = append(*l, &UnreadShare{Unread: why, Kind: h.Kind, Subtask: h.Subtask})
		}
		u := (*l)[i]
		u.Streams++
		if !slices.Contains(u.Operators, h.Operator) {
			u.Operators = append(u.Operators, h.Operator)
		}
	}
}

// Unread returns what was not read of an operator.
func (op *Operator) Unread() UnreadList {
	var l UnreadList
	for _, h := range op.Handles {
		l.add(h)
	}
	return l
}
