package probe

import (
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestProbeThisMachine compares with what the system says by other ways.
func TestProbeThisMachine(t *testing.T) {
	dir := t.TempDir()
	m := MountOf(dir)
	if m.Err != nil {
		t.Fatal(m.Err)
	}
	t.Logf("%v: %+v\nlimits: %v", m, m, m.Limits())
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	if types, ok := map[int64]string{
		0xEF53: "ext2 ext3 ext4", 0x01021994: "tmpfs", 0x58465342: "xfs", 0x9123683E: "btrfs", 0x794c7630: "overlay",
	}[int64(st.Type)]; ok && !strings.Contains(types, m.Type) {
		t.Errorf("type %q, statfs says %s", m.Type, types)
	}
	if real, _ := filepath.EvalSymlinks(dir); m.Dir != real || !within(real, m.Point) {
		t.Errorf("looked at %q, mounted at %q", m.Dir, m.Point)
	}

	// What does not exist yet is judged by where it will be.
	m2 := MountOf(filepath.Join(dir, "not", "yet", "there"))
	if m2.Err != nil || m2.Point != m.Point || m2.Dir != m.Dir {
		t.Errorf("%+v", m2)
	}
	// A link is judged by where it leads.
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/proc", link); err != nil {
		t.Fatal(err)
	}
	if m := MountOf(link); m.Err != nil || m.Type != "proc" {
		t.Errorf("%+v", m)
	}
	if m := MountOf(""); m.Err != nil {
		t.Errorf("the working directory: %v", m.Err)
	}
	// What cannot be found out is a limit like any other, and says why.
	m = MountOf(filepath.Join(dir, "a\x00b"))
	if w := m.Warnings(); m.Err == nil || m.Type != "" || len(w) != 1 || !strings.Contains(w[0], m.Err.Error()) {
		t.Errorf("%+v: %q", m, w)
	}
}

func TestDeviceString(t *testing.T) {
	for dev, want := range map[uint64]string{0xfe00: "254:0", 0x700: "7:0", 0x27: "0:39", 0x12345: "291:69", 0x10300005: "0:66309"} {
		if got := deviceString(dev); got != want {
			t.Errorf("%#x: got %s, want %s", dev, got, want)
		}
	}
}

func TestParseExtSuperblock(t *testing.T) {
	sb := make([]byte, extSuperblockPrefix)
	if _, _, ok := parseExtSuperblock(sb); ok {
		t.Error("zeros were taken for a superblock")
	}
	binary.LittleEndian.PutUint16(sb[extMagicOffset:], extMagic)
	for compat, want := range map[uint32][2]Answer{0: {No, No}, 0x4: {Yes, No}, 0x404: {Yes, Yes}, 0x38: {No, No}} {
		binary.LittleEndian.PutUint32(sb[extCompatOffset:], compat)
		if j, f, ok := parseExtSuperblock(sb); !ok || j != want[0] || f != want[1] {
			t.Errorf("%#x: %v %v %v", compat, j, f, ok)
		}
	}
	if _, _, ok := parseExtSuperblock(sb[:10]); ok {
		t.Error("ten bytes were taken for a superblock")
	}
}

func TestFastCommitsIn(t *testing.T) {
	for info, want := range map[string]int{"": 0, "fc stats:\n0 commits\n0 ineligible\n": 0, "fc stats:\n17 commits\n3 ineligible\n": 17} {
		if got := fastCommitsIn(info); got != want {
			t.Errorf("%q: got %d, want %d", info, got, want)
		}
	}
}

const realMountsVar = "DURABLE_TEST_REAL_MOUNTS"

// TestProbeRealMounts makes file systems and looks at them, in a mount namespace of its
// own. It needs root, loop devices and mkfs.ext4.
func TestProbeRealMounts(t *testing.T) {
	if os.Getenv(realMountsVar) != "" {
		probeRealMounts(t)
		return
	}
	if testing.Short() {
		t.Skip("makes file systems")
	}
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	for _, tool := range []string{"mount", "mkfs.ext4"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		t.Skip(err)
	}
	// A mount that hangs (it waits for all of the machine's loop devices) is not this test's.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir, err := filepath.EvalSymlinks(t.TempDir()) // the system tells mount points so
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestProbeRealMounts$", "-test.v")
	c.Env = append(os.Environ(), realMountsVar+"="+dir)
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	t.Logf("%s", out)
	if ctx.Err() != nil {
		t.Skip("mounting takes longer than a minute here")
	}
	if err != nil {
		t.Error(err)
	}
}

func probeRealMounts(t *testing.T) {
	dir := os.Getenv(realMountsVar)
	run := func(name string, args ...string) bool {
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Logf("%s %v: %v\n%s", name, args, err, out)
		}
		return err == nil
	}
	mkdir := func(parts ...string) string {
		name := filepath.Join(append([]string{dir}, parts...)...)
		if err := os.MkdirAll(name, 0o777); err != nil {
			t.Fatal(err)
		}
		return name
	}
	check := func(name, point string, want ...string) Mount {
		t.Helper()
		m := MountOf(filepath.Join(point, "job", "chk-1"))
		if m.Err != nil {
			t.Fatalf("%s: %v", name, m.Err)
		}
		var got []string
		for _, l := range m.Limits() {
			got = append(got, l.Severity.String()+": "+l.Sentence)
		}
		ok := len(got) == len(want)
		for i := range got {
			ok = ok && strings.Contains(got[i], want[i])
		}
		if !ok {
			t.Errorf("%s: got %q, want %q (%+v)", name, got, want, m)
		}
		return m
	}

	for _, c := range []struct {
		name    string
		mkfs    []string
		options string
		want    []string
	}{
		{"ext4", nil, "loop", nil},
		{"ext4 without journal", []string{"-O", "^has_journal"}, "loop", []string{"broken: this ext4 has no journal"}},
		{"ext4 with fast commits", []string{"-O", "fast_commit"}, "loop", []string{"broken: ext4 with the fast_commit"}},
		{"ext4 data=writeback", nil, "loop,data=writeback", []string{"broken: ext4 with data=writeback"}},
		{"ext4 without barriers", nil, "loop,nobarrier", []string{"broken: ext4 is mounted without write barriers"}},
	} {
		image := filepath.Join(mkdir(), "image")
		os.Remove(image)
		if err := os.WriteFile(image, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(image, 64<<20); err != nil {
			t.Fatal(err)
		}
		point := mkdir("point")
		if !run("mkfs.ext4", append(append([]string{"-q", "-F"}, c.mkfs...), image)...) ||
			!run("mount", "-o", c.options, image, point) {
			t.Logf("%s: cannot be made here", c.name)
			continue
		}
		m := check(c.name, point, c.want...)
		// Without the right to read the device the journal is still seen, the feature not.
		m.Source = ""
		if j, f := probeExt(m); j != m.Journal || f == No {
			t.Errorf("%s, unprivileged: journal %v, fast commits %v", c.name, j, f)
		}
		if !run("umount", point) {
			t.Fatal("cannot unmount")
		}
	}

	tmpfs := mkdir("tmpfs")
	if !run("mount", "-t", "tmpfs", "a tmpfs", tmpfs) {
		t.Skip("no mounts here")
	}
	if m := check("tmpfs", tmpfs, "broken: tmpfs keeps files in memory"); m.Source != "a tmpfs" {
		t.Errorf("source %q", m.Source)
	}
	below := "upperdir=" + mkdir("tmpfs", "up, per") + ",workdir=" + mkdir("tmpfs", "work")
	below = strings.ReplaceAll(below, "up, per", `up\, per`)
	merged := mkdir("merged dir")
	if run("mount", "-t", "overlay", "overlay", "-o", "lowerdir="+mkdir("lower")+","+below, merged) {
		check("overlay on tmpfs", merged, "broken: this overlay writes to "+tmpfs+": tmpfs keeps")
		run("umount", merged)
	}
	if run("mount", "-t", "overlay", "overlay", "-o", "volatile,lowerdir="+mkdir("lower")+","+below, merged) {
		check("volatile overlay", merged, "broken: this overlay is mounted volatile")
		run("umount", merged)
	}
	run("umount", tmpfs)
}
