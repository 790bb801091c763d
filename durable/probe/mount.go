package probe

import (
	"fmt"
	"strings"
)

// A Mount is what is known of the file system that a directory lies on, as far as it bears
// on what survives a power cut. [MountOf] gathers it; [Mount.Limits] judges it.
type Mount struct {
	// Dir is the directory that was looked at: the one asked for, or the nearest
	// ancestor of it that exists, with symbolic links resolved.
	Dir string

	// Err is why nothing else is known, nil if something is.
	Err error

	Point   string   // where the file system is mounted
	Type    string   // "ext4", "xfs", "overlay", …; empty where it cannot be seen
	Source  string   // device, server or whatever the file system calls its source
	Device  string   // "major:minor", as mountinfo has it
	Options []string // of the mount and of the file system, in mountinfo's order

	// Journal and FastCommit are looked for on the ext family only.
	Journal    Answer
	FastCommit Answer

	// Upper is the file system that an overlay writes to, nil where it cannot be seen. As
	// a rule it cannot be inside a container, where it lies outside.
	Upper *Mount
}

// An Answer is yes, no, or that it cannot be seen.
type Answer int

const (
	Unseen Answer = iota
	No
	Yes
)

func (a Answer) String() string { return [...]string{"unseen", "no", "yes"}[a] }

// A Limit is one reason why a file system may not keep what was synced.
type Limit struct {
	Severity Severity
	Sentence string // what cannot be promised, and why; without a full stop
}

// Severity is how much of the durability contract a [Limit] takes away.
type Severity int

const (
	// Note: a rare, dangerous setting could not be ruled out, and nothing points to it.
	Note Severity = iota
	// Doubt: whether a sync is kept depends on something that cannot be seen from here.
	Doubt
	// Broken: what is synced here can be lost.
	Broken
)

func (s Severity) String() string { return [...]string{"note", "doubt", "broken"}[s] }

// option is the value of the last of Options with this key ("data=writeback" has key
// "data" and value "writeback"). ok is false if there is none.
func (m Mount) option(key string) (value string, ok bool) {
	for _, o := range m.Options {
		if k, v, _ := strings.Cut(o, "="); k == key {
			value, ok = v, true
		}
	}
	return value, ok
}

func (m Mount) String() string {
	typ := m.Type
	if typ == "" {
		typ = "unknown file system"
	}
	s := typ
	if m.Point != "" {
		s += " at " + m.Point
	}
	if m.Source != "" {
		s += " from " + m.Source
	}
	return s
}

// Warnings are the sentences of the limits that a job logs at every start: those of
// [Broken] and then those of [Doubt]. A local, journaled file system that is mounted in
// the usual way has none.
func (m Mount) Warnings() []string {
	var w []string
	for _, severity := range []Severity{Broken, Doubt} {
		for _, l := range m.Limits() {
			if l.Severity == severity {
				w = append(w, l.Sentence)
			}
		}
	}
	return w
}

// Limits are what cannot be promised on this mount. They follow from the facts in m alone.
// The evidence is in docs/durability.md.
func (m Mount) Limits() []Limit {
	var ls []Limit
	add := func(s Severity, format string, args ...any) {
		ls = append(ls, Limit{Severity: s, Sentence: fmt.Sprintf(format, args...)})
	}
	switch m.Type {
	case "":
		why := ""
		if m.Err != nil {
			why = fmt.Sprintf(" (%v)", m.Err)
		}
		add(Doubt, "the file system of %s cannot be seen from here%s: whether a checkpoint survives a power cut is not known", m.Dir, why)
	case "tmpfs", "ramfs", "devtmpfs", "hugetlbfs":
		add(Broken, "%s keeps files in memory: every checkpoint is lost at the next reboot or power cut", m.Type)
	case "overlay":
		ls = append(ls, m.overlayLimits()...)
	case "ext2", "ext3", "ext4":
		ls = append(ls, m.extLimits()...)
	case "xfs", "btrfs":
		// Every sync the contract rests on was measured to hold here.
	case "f2fs":
		if mode, _ := m.option("fsync_mode"); mode == "nobarrier" {
			add(Broken, "f2fs with fsync_mode=nobarrier does not flush the drive's cache: a synced checkpoint may be lost in a power cut")
		} else if mode != "strict" {
			add(Doubt, "f2fs without fsync_mode=strict keeps less order between files than ext4, XFS and Btrfs do; checkpoints on it have not been tested")
		}
	case "nfs", "nfs4":
		add(Doubt, "the server may export this NFS directory as async, which cannot be seen from here: a synced checkpoint would then be lost if the server loses power")
	case "cifs", "smb3", "smbfs":
		add(Doubt, "whether the SMB server writes to its disk when asked to sync cannot be seen from here")
	case "9p", "virtiofs":
		add(Doubt, "%s passes files on to a host whose file system and caching cannot be seen from here: whether a sync reaches a disk is up to the host", m.Type)
	case "zfs":
		add(Doubt, "a ZFS dataset with sync=disabled does not keep what is synced, and that property cannot be seen from here")
	default:
		if m.Type == "fuse" || m.Type == "fuseblk" || strings.HasPrefix(m.Type, "fuse.") {
			add(Doubt, "%s is served by a program (FUSE), and whether that program syncs when asked to cannot be seen from here", m.Type)
		} else {
			add(Doubt, "nothing is known here about what %s keeps through a power cut", m.Type)
		}
	}
	if m.noBarrier() {
		add(Broken, "%s is mounted without write barriers: the drive's cache is not flushed, and a synced checkpoint may be lost in a power cut", m.Type)
	}
	return ls
}

func (m Mount) noBarrier() bool {
	if _, ok := m.option("nobarrier"); ok {
		return true
	}
	v, ok := m.option("barrier")
	return ok && (v == "0" || v == "none")
}

func (m Mount) extLimits() []Limit {
	var ls []Limit
	add := func(s Severity, format string, args ...any) {
		ls = append(ls, Limit{Severity: s, Sentence: fmt.Sprintf(format, args...)})
	}
	switch {
	case m.Type == "ext2":
		add(Broken, "ext2 has no journal: after a power cut the check of the file system may throw away a checkpoint that was synced")
	case m.Journal == No:
		add(Broken, "this %s has no journal: after a power cut the check of the file system may throw away a checkpoint that was synced", m.Type)
	case m.Journal == Unseen:
		add(Doubt, "whether this %s has a journal cannot be seen from here; without one a synced checkpoint may be lost in a power cut", m.Type)
	}
	if data, _ := m.option("data"); data == "writeback" {
		add(Broken, "%s with data=writeback may give an older checkpoint back with other files' bytes in it after a power cut; only its checksums tell", m.Type)
	}
	if m.Type != "ext4" || m.Journal == No {
		return ls // fast commits are ext4's, and live in the journal
	}
	switch m.FastCommit {
	case Yes:
		add(Broken, "ext4 with the fast_commit feature was seen to lose synced files, and to be unmountable, after a power cut")
	case Unseen:
		add(Note, "whether this ext4 has the fast_commit feature, which loses synced files, can only be read from its device (needs root); it is off unless asked for when the file system was made")
	}
	return ls
}

func (m Mount) overlayLimits() []Limit {
	_, volatile := m.option("volatile")
	if !volatile { // the other spelling of the same
		v, _ := m.option("fsync")
		volatile = v == "volatile"
	}
	switch {
	case volatile:
		return []Limit{{Broken, "this overlay is mounted volatile and leaves out every sync: every checkpoint may be lost in a power cut"}}
	case m.Upper == nil:
		return []Limit{{Doubt, "the directory this overlay writes to cannot be seen from here: what a sync is worth depends on the file system below it, and in a container the files go when the container is removed"}}
	}
	var ls []Limit
	for _, l := range m.Upper.Limits() {
		ls = append(ls, Limit{l.Severity, fmt.Sprintf("this overlay writes to %s: %s", m.Upper.Point, l.Sentence)})
	}
	return ls
}
