package file

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
)

// What a sink's folder holds:
//
//	part-<owner>-<subtask>-<checkpoint><extension>                                  visible
//	.part-<owner>-<incarnation>-<attempt>-<subtask>-<counter>.inprogress            not yet
//
// The numbers of visible names have leading zeros, so that a listing has the files of a
// subtask in the order in which they were written.

// owner tells whose a file is: a hash of the names of the job and the sink.
type owner uint32

func ownerOf(c weir.SinkID) owner {
	// The length keeps ("a", "bc") and ("ab", "c") apart.
	b := binary.BigEndian.AppendUint64(nil, uint64(len(c.Job)))
	return owner(checksum(append(append(b, c.Job...), c.Operator...)))
}

func (o owner) String() string { return fmt.Sprintf("%08x", uint32(o)) }

// An inProgress is the name of a file that is being written. It is never used twice.
type inProgress struct {
	owner       owner
	incarnation checkpoint.Incarnation
	attempt     int
	subtask     checkpoint.Subtask
	counter     int
}

func (n inProgress) String() string {
	return fmt.Sprintf(".part-%s-%d-%d-%d-%d.inprogress", n.owner, n.incarnation, n.attempt, n.subtask, n.counter)
}

var inProgressName = regexp.MustCompile(`^\.part-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)-(\d+)\.inprogress$`)

// parseInProgress reads what String writes, and nothing else.
func parseInProgress(s string) (n inProgress, ok bool) {
	m := inProgressName.FindStringSubmatch(s)
	if m == nil {
		return inProgress{}, false
	}
	hash, _ := strconv.ParseUint(m[1], 16, 32)
	incarnation, _ := strconv.ParseInt(m[2], 10, 64)
	attempt, _ := strconv.Atoi(m[3])
	subtask, _ := strconv.Atoi(m[4])
	counter, _ := strconv.Atoi(m[5])
	n = inProgress{
		owner:       owner(hash),
		incarnation: checkpoint.Incarnation(incarnation),
		attempt:     attempt,
		subtask:     checkpoint.Subtask(subtask),
		counter:     counter,
	}
	return n, n.String() == s // a number that is too large, or has leading zeros, is not
}

// visibleName is what the output of a subtask for a checkpoint is called.
func visibleName(o owner, subtask checkpoint.Subtask, id checkpoint.ID, extension string) string {
	return fmt.Sprintf("part-%s-%05d-%09d%s", o, subtask, id, extension)
}

var visibleNames = regexp.MustCompile(`^part-[0-9a-f]{8}-\d{5,}-\d{9,}\.[a-z]+$`)
