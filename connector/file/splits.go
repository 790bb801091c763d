package file

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/weirstream/weir"
)

// A splitID names a split: the name that its file had when it was seen first and, from the
// second file of that name on, a slash and a number: "app.log", "app.log/2". It stays when
// the file is renamed.
type splitID struct {
	name string
	nth  int // 1: the first
}

func (id splitID) String() string {
	if id.nth == 1 {
		return id.name
	}
	return id.name + "/" + strconv.Itoa(id.nth)
}

// parseSplitID reads what String writes, and nothing else.
func parseSplitID(s string) (splitID, error) {
	id := splitID{name: s, nth: 1}
	if name, nth, found := strings.Cut(s, "/"); found {
		n, err := strconv.Atoi(nth)
		if id = (splitID{name, n}); err != nil || n < 2 || id.String() != s {
			id.name = ""
		}
	}
	if !isName(id.name) {
		return splitID{}, weir.Permanent(fmt.Errorf("split %q is not the name of a file", s))
	}
	return id, nil
}

// isName reports whether s can be the name of a file in a folder.
func isName(s string) bool {
	return s != "" && s != "." && s != ".." && filepath.Base(s) == s && !strings.ContainsRune(s, 0)
}
