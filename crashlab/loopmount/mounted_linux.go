package loopmount

import (
	"fmt"
	"os"
	"strings"
)

// Mounted reports whether something is mounted on dir, in the mount namespace of a process.
// It does not access the mounted file system.
func Mounted(pid int, dir string) (bool, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 4 && unescape.Replace(f[4]) == dir {
			return true, nil
		}
	}
	return false, nil
}

// unescape undoes the kernel's escapes in the names of that list.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
