package probe

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// A mountLine is one line of /proc/self/mountinfo, as proc(5) describes it:
//
//	36 35 98:0 /mnt1 /mnt/parent rw,noatime master:1 - ext3 /dev/root rw,errors=continue
//	id parent device root point   options    fields… - type source    options of the file system
type mountLine struct {
	id      int
	device  string
	point   string
	typ     string
	source  string
	options []string
}

func (l mountLine) mount() Mount {
	return Mount{Point: l.point, Type: l.typ, Source: l.source, Device: l.device, Options: l.options}
}

var errNoMount = errors.New("no line of mountinfo fits the directory")

func parseMountinfo(text string) ([]mountLine, error) {
	var lines []mountLine
	for i, s := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if s == "" {
			continue
		}
		l, err := parseMountLine(s)
		if err != nil {
			return nil, fmt.Errorf("mountinfo line %d: %w", i+1, err)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func parseMountLine(s string) (mountLine, error) {
	f := strings.Split(s, " ") // one space each; a field may be empty, as a source can be
	const fixed = 6
	sep := -1
	for i := fixed; i < len(f); i++ {
		if f[i] == "-" {
			sep = i
			break
		}
	}
	if sep < 0 {
		return mountLine{}, fmt.Errorf("no separator in %q", s)
	}
	rest := f[sep+1:]
	if len(rest) < 3 {
		return mountLine{}, fmt.Errorf("want type, source and options after the separator in %q", s)
	}
	id, err := strconv.Atoi(f[0])
	if err != nil {
		return mountLine{}, fmt.Errorf("mount id: %w", err)
	}
	l := mountLine{
		id:     id,
		device: f[2],
		point:  unescapeMount(f[4]),
		typ:    unescapeMount(rest[0]),
		source: unescapeMount(strings.Join(rest[1:len(rest)-1], " ")), // some leave a space as it is
	}
	for _, options := range []string{f[5], rest[len(rest)-1]} {
		for o := range strings.SplitSeq(options, ",") {
			if o != "" {
				l.options = append(l.options, unescapeMount(o))
			}
		}
	}
	return l, nil
}

// unescapeMount undoes the kernel's \040 for space, \011, \012, \134 and, in options,
// \054 for a comma and \075 for an equals sign. What only looks like an escape stays.
func unescapeMount(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// findMount picks the mount that dir, an absolute path without symbolic links, lies on:
// by id if the kernel gave one; else the longest mount point above dir. Of equally long
// ones it takes one with the device of dir, and of those the last, as a later mount hides
// an earlier one. The device alone is not enough: a Btrfs subvolume has another one than
// mountinfo shows, and one device may be mounted several times.
func findMount(lines []mountLine, dir, device string, id int) (mountLine, bool) {
	best, found := mountLine{}, false
	for _, l := range lines {
		if id != 0 && l.id == id {
			return l, true
		}
		if !within(dir, l.point) {
			continue
		}
		longer := len(l.point) > len(best.point)
		same := len(l.point) == len(best.point)
		if !found || longer || same && (l.device == device || best.device != device) {
			best, found = l, true
		}
	}
	return best, found
}

// within reports whether dir is point or lies below it.
func within(dir, point string) bool {
	dir, point = path.Clean(dir), path.Clean(point)
	return dir == point || point == "/" || strings.HasPrefix(dir, point+"/")
}

// MountIn finds the mount of a directory in the text of a mountinfo file, which may come
// from another machine. What such a file does not show stays [Unseen].
func MountIn(mountinfo, dir string) (Mount, error) {
	lines, err := parseMountinfo(mountinfo)
	if err != nil {
		return Mount{}, err
	}
	l, ok := findMount(lines, dir, "", 0)
	if !ok {
		return Mount{}, fmt.Errorf("%w: %s", errNoMount, dir)
	}
	m := l.mount()
	m.Dir = dir
	return m, nil
}
