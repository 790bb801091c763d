package loopmount

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// packages has the Debian package of each command.
var packages = map[string]string{
	"mkfs.ext4": "e2fsprogs", "e2fsck": "e2fsprogs", "mkfs.xfs": "xfsprogs", "mkfs.btrfs": "btrfs-progs",
}

// Missing returns what this machine lacks for the configurations, nil if nothing is missing.
func Missing(configs []Config) (missing []string) {
	if os.Geteuid() != 0 {
		missing = append(missing, "it needs root, to mount file systems")
	}
	for _, path := range []string{"/dev/fuse", "/dev/loop-control"} {
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			missing = append(missing, fmt.Sprintf("it needs %s: %v", path, err))
			continue
		}
		unix.Close(fd)
	}
	known, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		missing = append(missing, err.Error())
	}
	var install []string
	for _, c := range configs {
		if !slices.Contains(strings.Fields(string(known)), c.Type) {
			missing = append(missing, fmt.Sprintf("this kernel has no %s; perhaps after: modprobe %s", c.Type, c.Type))
		}
		for _, command := range [][]string{c.Mkfs, c.Fsck} {
			if len(command) == 0 {
				continue
			}
			if _, err := exec.LookPath(command[0]); err != nil {
				missing = append(missing, "it needs the command "+command[0])
				install = append(install, packages[command[0]])
			}
		}
	}
	if len(install) > 0 {
		slices.Sort(install)
		missing = append(missing, "apt-get install "+strings.Join(slices.Compact(install), " "))
	}
	return deduplicated(missing)
}

func deduplicated(lines []string) (out []string) {
	for _, l := range lines {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}
