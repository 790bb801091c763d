package file

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/weirstream/weir/checkpoint"
)

// An inProgress is the name of a file that is being written, or that waits for its
// checkpoint. It is never used twice.
type inProgress struct {
	owner       owner
	run         run
	incarnation checkpoint.Incarnation
	attempt     int
	subtask     checkpoint.Subtask
	counter     int
}

func (n inProgress) String() string {
	return fmt.Sprintf(".part-%s-%s-%d-%d-%d-%d.inprogress", n.owner, n.run, n.incarnation, n.attempt, n.subtask, n.counter)
}

var inProgressName = regexp.MustCompile(`^\.part-([0-9a-f]{8})-([0-9a-f]{16})-(\d+)-(\d+)-(\d+)-(\d+)\.inprogress$`)

// parseInProgress reads what String writes, and nothing else.
func parseInProgress(s string) (n inProgress, ok bool) {
	m := inProgressName.FindStringSubmatch(s)
	if m == nil {
		return inProgress{}, false
	}
	hash, _ := strconv.ParseUint(m[1], 16, 32)
	incarnation, _ := strconv.ParseInt(m[3], 10, 64)
	attempt, _ := strconv.Atoi(m[4])
	subtask, _ := strconv.Atoi(m[5])
	counter, _ := strconv.Atoi(m[6])
	n = inProgress{
		owner:       owner(hash),
		run:         parseRun(m[2]),
		incarnation: checkpoint.Incarnation(incarnation),
		attempt:     attempt,
		subtask:     checkpoint.Subtask(subtask),
		counter:     counter,
	}
	return n, n.String() == s // a number that is too large, or has leading zeros, is not
}

// hiddenBy reports whether a file is a hidden one of that owner, by a name of this version
// of the program or of another one.
func hiddenBy(o owner, name string) bool {
	return strings.HasPrefix(name, ".part-"+o.String()+"-") && strings.HasSuffix(name, ".inprogress")
}
