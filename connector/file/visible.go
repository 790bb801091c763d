package file

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/weirstream/weir/checkpoint"
)

// visibleName is what the output of a subtask for a checkpoint is called. Its numbers have
// leading zeros, so that a listing has the files of a subtask in the order in which they
// were written.
func visibleName(o owner, r run, subtask checkpoint.Subtask, id checkpoint.ID, extension string) string {
	return fmt.Sprintf("part-%s-%05d-%09d-%s%s", o, subtask, id, r, extension)
}

// visiblePrefix is how the visible names of an owner begin, whatever a consumer has
// appended to them, as ".gz".
func visiblePrefix(o owner) string { return "part-" + o.String() + "-" }

var visibleStart = regexp.MustCompile(`^part-[0-9a-f]{8}-\d{5,}-(\d{9,})-([0-9a-f]{16})\.`)

// checkpointOf returns the lineage and the checkpoint that a visible file belongs to.
func checkpointOf(name string) (l lineage, id checkpoint.ID, ok bool) {
	m := visibleStart.FindStringSubmatch(name)
	if m == nil {
		return 0, 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return parseRun(m[2]).lineage, checkpoint.ID(n), err == nil
}

// repeated returns those of a folder's names that are output which a run would write
// again: all visible ones if it is fresh, else those that its lineage has written for
// checkpoints after the one that it starts with.
func repeated(names []string, o owner, l lineage, fresh bool, from checkpoint.ID) (old []string) {
	for _, name := range names {
		if !strings.HasPrefix(name, visiblePrefix(o)) {
			continue
		}
		lineage, id, ok := checkpointOf(name)
		if fresh || from > 0 && ok && lineage == l && id > from {
			old = append(old, name)
		}
	}
	return old
}
