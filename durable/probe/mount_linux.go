package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// MountOf finds out which file system dir lies on. The directory need not exist yet: the
// nearest ancestor that does stands for it. Nothing is changed. No privilege is needed;
// what only root may see is [Unseen] for other users. If nothing can be found out the
// Mount has no type, and its Limits say so.
func MountOf(dir string) Mount {
	real, err := nearestExisting(dir)
	if err != nil {
		return Mount{Dir: dir, Err: err}
	}
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Mount{Dir: real, Err: err}
	}
	lines, err := parseMountinfo(string(text))
	if err != nil {
		return Mount{Dir: real, Err: err}
	}
	return probe(lines, real)
}

// maxOverlayDepth bounds how many overlays on overlays are looked through. The kernel
// itself allows two.
const maxOverlayDepth = 4

func probe(lines []mountLine, dir string) Mount {
	return probeBelow(lines, dir, maxOverlayDepth)
}

func probeBelow(lines []mountLine, dir string, depth int) Mount {
	l, ok := findMount(lines, dir, deviceOf(dir), mountIDOf(dir))
	if !ok {
		return Mount{Dir: dir, Err: errNoMount}
	}
	m := l.mount()
	m.Dir = dir
	switch m.Type {
	case "ext2", "ext3", "ext4":
		m.Journal, m.FastCommit = probeExt(m)
	case "overlay":
		// The path in the option is as the mounting process saw it. Inside a container it
		// leads nowhere, and an ancestor of it must not stand for it.
		upper, ok := m.option("upperdir")
		upper = unescapeUpper(upper)
		if ok && filepath.IsAbs(upper) && depth > 0 {
			if _, err := os.Stat(upper); err == nil {
				u := probeBelow(lines, filepath.Clean(upper), depth-1)
				m.Upper = &u
			}
		}
	}
	return m
}

// unescapeUpper takes away the backslashes before commas and backslashes, which the mount
// command needs. The kernel shows the option as it was given.
func unescapeUpper(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// nearestExisting resolves dir, or the nearest ancestor of it that exists.
func nearestExisting(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil {
			return real, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", err
		}
		dir = parent
	}
}

func deviceOf(dir string) string {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return ""
	}
	return deviceString(uint64(st.Dev))
}

func deviceString(dev uint64) string { return fmt.Sprintf("%d:%d", unix.Major(dev), unix.Minor(dev)) }

// mountIDOf asks the kernel which mount dir is on; it is 0 where the kernel does not say.
func mountIDOf(dir string) int {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0) // to name it, not to read it
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	text, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if v, ok := strings.CutPrefix(line, "mnt_id:"); ok {
			id, _ := strconv.Atoi(strings.TrimSpace(v))
			return id
		}
	}
	return 0
}

// probeExt looks for a journal and for fast commits, in the places where the kernel shows
// them:
//
//   - the superblock on the device, which only root may read, has both;
//   - /sys/fs/ext4/<dev>/journal_task is "<none>" without a journal (since Linux 5.0);
//   - /proc/fs/jbd2/<dev>-<inode> exists with one;
//   - the number of fast commits is in /proc/fs/ext4/<dev>/fc_info: above zero the feature
//     is on; zero proves nothing, and no file says that the feature is on.
func probeExt(m Mount) (journal, fastCommit Answer) {
	name := blockName(m.Device)
	if j, f, ok := readExtSuperblock(m.Source, m.Device); ok {
		return j, f
	}
	if name == "" {
		return Unseen, Unseen
	}
	if task, err := os.ReadFile("/sys/fs/ext4/" + name + "/journal_task"); err == nil {
		journal = Yes
		if strings.TrimSpace(string(task)) == "<none>" {
			journal = No
		}
	} else if dirs, _ := filepath.Glob("/proc/fs/jbd2/" + name + "-*"); len(dirs) > 0 {
		journal = Yes
	}
	if info, err := os.ReadFile("/proc/fs/ext4/" + name + "/fc_info"); err == nil && fastCommitsIn(string(info)) > 0 {
		fastCommit = Yes
	}
	return journal, fastCommit
}

// blockName is the kernel's name of a block device, as "sda1" or "dm-0". The folders of
// ext4 and jbd2 below /proc and /sys are named by it.
func blockName(device string) string {
	target, err := os.Readlink("/sys/dev/block/" + device)
	if err != nil {
		return ""
	}
	return filepath.Base(target)
}

func fastCommitsIn(fcInfo string) int {
	for line := range strings.SplitSeq(fcInfo, "\n") {
		if n, ok := strings.CutSuffix(line, " commits"); ok {
			commits, _ := strconv.Atoi(n)
			return commits
		}
	}
	return 0
}

// Offsets in the device and in an ext superblock.
const (
	extSuperblockOffset = 1024
	extMagicOffset      = 0x38
	extMagic            = 0xEF53
	extCompatOffset     = 0x5C
	extCompatHasJournal = 0x4
	extCompatFastCommit = 0x400
	extSuperblockPrefix = extCompatOffset + 4
)

func readExtSuperblock(source, device string) (journal, fastCommit Answer, ok bool) {
	if !strings.HasPrefix(source, "/dev/") {
		return Unseen, Unseen, false
	}
	f, err := os.Open(source)
	if err != nil {
		return Unseen, Unseen, false
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return Unseen, Unseen, false
	}
	// Here the name may mean another device than where it was mounted.
	st, isStat := fi.Sys().(*syscall.Stat_t)
	if !isStat || fi.Mode()&fs.ModeDevice == 0 || deviceString(uint64(st.Rdev)) != device {
		return Unseen, Unseen, false
	}
	sb := make([]byte, extSuperblockPrefix)
	if _, err := f.ReadAt(sb, extSuperblockOffset); err != nil {
		return Unseen, Unseen, false
	}
	return parseExtSuperblock(sb)
}

func parseExtSuperblock(sb []byte) (journal, fastCommit Answer, ok bool) {
	if len(sb) < extSuperblockPrefix || binary.LittleEndian.Uint16(sb[extMagicOffset:]) != extMagic {
		return Unseen, Unseen, false
	}
	compat := binary.LittleEndian.Uint32(sb[extCompatOffset:])
	return answer(compat&extCompatHasJournal != 0), answer(compat&extCompatFastCommit != 0), true
}

func answer(b bool) Answer {
	if b {
		return Yes
	}
	return No
}
