package file

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/weirstream/weir"
)

// What a sink's folder holds:
//
//	part-<owner>-<subtask>-<checkpoint>-<run><extension>                            visible
//	.part-<owner>-<run>-<incarnation>-<attempt>-<subtask>-<counter>.inprogress      not yet
//	.lock-<owner>                                                                   while a run uses it
//
// The owner says which sink of which job a file belongs to, and the run which lineage of
// its checkpoints. docs/decisions/009 has the reasons.

// An owner is a hash of the names of the job and the sink.
type owner uint32

func ownerOf(c weir.SinkID) owner {
	// The length keeps ("a", "bc") and ("ab", "c") apart.
	b := binary.BigEndian.AppendUint64(nil, uint64(len(c.Job)))
	return owner(checksum(append(append(b, c.Job...), c.Operator...)))
}

func (o owner) String() string { return fmt.Sprintf("%08x", uint32(o)) }

func (o owner) lockName() string { return ".lock-" + o.String() }

// A run is one claim of the folder. No two runs of a sink have the same one, so that no
// visible name comes twice, whatever has become of the checkpoints and of the files.
type run struct {
	lineage lineage
	number  uint32 // drawn at random
}

// A lineage is a hash of weir.Claim's.
type lineage uint32

func lineageOf(name string) lineage { return lineage(checksum([]byte(name))) }

func (r run) String() string { return fmt.Sprintf("%08x%08x", uint32(r.lineage), r.number) }

// parseRun reads the 16 hex digits that String writes. The caller has matched them with a
// regular expression.
func parseRun(s string) run {
	n, _ := strconv.ParseUint(s, 16, 64) // 16 hex digits always fit
	return run{lineage: lineage(n >> 32), number: uint32(n)}
}
