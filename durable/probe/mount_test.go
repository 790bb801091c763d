package probe

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

func recorded(t *testing.T, name string) []mountLine {
	t.Helper()
	text, err := os.ReadFile("testdata/mountinfo/" + name)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := parseMountinfo(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestFindMount(t *testing.T) {
	for _, c := range []struct {
		file, dir, device string
		id                int
		want              string // point type source
	}{
		{"linux-6.18.txt", "/", "254:0", 0, "/ ext4 /dev/vda"},
		{"linux-6.18.txt", "/srv/weir", "254:0", 0, "/ ext4 /dev/vda"},
		{"linux-6.18.txt", "/tmp/proto/ov/t/u", "0:41", 0, "/tmp/proto/ov/t tmpfs my tmp"},
		{"linux-6.18.txt", "/tmp/proto/ov/team", "254:0", 0, "/ ext4 /dev/vda"},
		{"linux-6.18.txt", "/tmp/proto/ov/with space,comma=x/y", "0:45", 0, "/tmp/proto/ov/with space,comma=x overlay overlay"},
		{"linux-6.18.txt", "/dev/shm/x", "0:27", 0, "/dev/shm tmpfs tmpfs"},
		// Two mounts on one point: the later one hides the earlier.
		{"linux-6.18.txt", "/mnt/x", "0:49", 0, "/mnt tmpfs over"},
		{"linux-6.18.txt", "/mnt/x", "", 0, "/mnt tmpfs over"},
		// But a file opened before the second was mounted is on the first.
		{"linux-6.18.txt", "/mnt/x", "254:0", 0, "/mnt ext4 /dev/vda"},
		{"linux-6.18.txt", "/mnt/x", "0:49", 74, "/mnt ext4 /dev/vda"},
		// An id that is not in the list, as when it was mounted since.
		{"linux-6.18.txt", "/work", "254:0", 999, "/ ext4 /dev/vda"},

		{"made-up.txt", "/home/me", "0:31", 0, "/home btrfs /dev/sda2"}, // a subvolume's device is its own
		{"made-up.txt", "/homely", "0:30", 0, "/ btrfs /dev/sda2"},
		{"made-up.txt", "/data one/job", "8:17", 0, "/data one xfs /dev/sdb1"},
		{"made-up.txt", `/data\one/job`, "8:18", 0, `/data\one ext4 /dev/sdb2`},
		{"made-up.txt", "/mnt/c/Users", "0:52", 0, `/mnt/c 9p C:\`},
		{"made-up.txt", "/odd", "0:55", 0, "/odd overlay rootfs overlay"},
	} {
		l, ok := findMount(recorded(t, c.file), c.dir, c.device, c.id)
		if got := strings.Join([]string{l.point, l.typ, l.source}, " "); !ok || got != c.want {
			t.Errorf("%s: got %q, want %q", c.dir, got, c.want)
		}
	}
	if _, ok := findMount(nil, "/", "", 0); ok {
		t.Error("found a mount among none")
	}
}

func TestParseMountinfo(t *testing.T) {
	lines := recorded(t, "made-up.txt")
	home := lines[1]
	if want := []string{"rw", "noatime", "rw", "ssd", "subvolid=257", "subvol=/@home"}; home.id != 21 || home.device != "0:30" || !slices.Equal(home.options, want) {
		t.Errorf("%+v", home)
	}
	m := recorded(t, "linux-6.18.txt")[10].mount()
	if upper, ok := m.option("upperdir"); !ok || upper != "/tmp/proto/ov/t/u p" {
		t.Errorf("%q in %+v", upper, m)
	}
	for in, want := range map[string]string{
		`plain`: "plain", `a\040b`: "a b", `a\011b\012c`: "a\tb\nc", `\134040`: `\040`, `a\054b\075c`: "a,b=c",
		`\`: `\`, `\04`: `\04`, `\999`: `\999`, `\777`: `\777`, `\303\244`: "ä", "": "",
	} {
		if got := unescapeMount(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for _, bad := range []string{"x", "1 2 0:1 / / rw", "1 2 0:1 / / rw ext4 /dev/x rw", "1 2 0:1 / / rw - ext4", "x 2 0:1 / / rw - ext4 /dev/x rw"} {
		if _, err := parseMountinfo(bad); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if lines, err := parseMountinfo(""); err != nil || len(lines) != 0 {
		t.Errorf("%v, %v", lines, err)
	}
}

func FuzzParseMountinfo(f *testing.F) {
	f.Add("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n")
	f.Add("1 2 0:1 / /a\\040b rw - - - -")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := parseMountinfo(text)
		if err != nil {
			if !strings.Contains(err.Error(), "line ") {
				t.Errorf("not said where: %v", err)
			}
			return
		}
		l, ok := findMount(lines, "/a b/c", "0:1", 0)
		if !ok {
			return
		}
		if point := path.Clean(l.point); point != "/" && !strings.HasPrefix("/a b/c/", point+"/") {
			t.Errorf("/a b/c is said to be on %q", l.point)
		}
		for _, w := range l.mount().Warnings() {
			if w == "" || strings.Contains(w, "%!") {
				t.Errorf("warning %q", w)
			}
		}
	})
}

// TestLimits is the table of what is said about which file system. The severities are
// spelled out, and of each sentence a part that must not get lost.
func TestLimits(t *testing.T) {
	byPoint := map[string]Mount{}
	for _, name := range []string{"linux-6.18.txt", "made-up.txt"} {
		for _, l := range recorded(t, name) {
			byPoint[l.point] = l.mount()
		}
	}
	at := func(point string, change func(*Mount)) Mount {
		m, ok := byPoint[point]
		if !ok {
			t.Fatalf("no mount at %s", point)
		}
		if change != nil {
			change(&m)
		}
		return m
	}
	journal := func(j, f Answer) func(*Mount) { return func(m *Mount) { m.Journal, m.FastCommit = j, f } }
	onto := func(u Mount) func(*Mount) { return func(m *Mount) { m.Upper = &u } }
	ext4 := at("/tmp/proto/mnt_def", journal(Yes, No))

	for _, c := range []struct {
		name string
		m    Mount
		want []string
	}{
		{"ext4 as usual, seen by root", ext4, nil},
		{"ext4 as usual", at("/tmp/proto/mnt_def", journal(Yes, Unseen)), []string{"note: fast_commit"}},
		{"ext4, nothing seen", at("/tmp/proto/mnt_def", nil), []string{"doubt: has a journal", "note: fast_commit"}},
		{"ext4 without journal", at("/tmp/proto/mnt_def", journal(No, No)), []string{"broken: no journal"}},
		{"ext4 with fast commits", at("/tmp/proto/mnt_def", journal(Yes, Yes)), []string{"broken: fast_commit"}},
		{"ext4 data=writeback", at("/tmp/proto/mnt_wb", journal(Yes, No)), []string{"broken: data=writeback"}},
		{"ext4 data=journal", at("/tmp/proto/mnt_dj", journal(Yes, No)), nil},
		{"ext4 nobarrier", at("/tmp/proto/mnt_nobar", journal(Yes, No)), []string{"broken: write barriers"}},
		{"ext4 barrier=0", at(`/data\one`, journal(Yes, No)), []string{"broken: write barriers"}},
		{"ext3", at("/ext3", journal(Yes, No)), nil},
		{"ext2", at("/ext2", nil), []string{"broken: ext2 has no journal"}},
		{"xfs", at("/data one", nil), nil},
		{"btrfs", at("/home", nil), nil},
		{"f2fs", at("/f2fs", nil), []string{"doubt: fsync_mode=strict"}},
		{"f2fs strict", at("/f2fs-strict", nil), nil},
		{"f2fs nobarrier", at("/f2fs-nobarrier", nil), []string{"broken: cache"}},
		{"tmpfs", at("/dev/shm", nil), []string{"broken: lost at the next reboot"}},
		{"ramfs", at("/tmp/proto/ov/m3", nil), []string{"broken: lost at the next reboot"}},
		{"overlay on ext4", at("/tmp/proto/ov/m", onto(ext4)), nil},
		{"overlay on tmpfs", at("/tmp/proto/ov/m", onto(at("/tmp/proto/ov/t", nil))), []string{"broken: writes to /tmp/proto/ov/t: tmpfs"}},
		{"overlay, volatile", at("/tmp/proto/ov/m2", onto(ext4)), []string{"broken: volatile"}},
		{"overlay, volatile, as older kernels say it", at("/oldvolatile", onto(ext4)), []string{"broken: volatile"}},
		{"overlay in a container", at("/docker", nil), []string{"doubt: cannot be seen from here"}},
		{"nfs", at("/srv/nfs", nil), []string{"doubt: async, which cannot be seen"}},
		{"smb", at("/smb", nil), []string{"doubt: SMB"}},
		{"9p", at("/mnt/c", nil), []string{"doubt: host"}},
		{"virtiofs", at("/share", nil), []string{"doubt: host"}},
		{"fuse", at("/run/user/1000/gvfs", nil), []string{"doubt: FUSE"}},
		{"zfs", at("/zfs", nil), []string{"doubt: sync=disabled"}},
		{"strange", at("/strange", nil), []string{"doubt: strangefs"}},
		{"no answer", Mount{Dir: "/somewhere"}, []string{"doubt: /somewhere cannot be seen"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			limits := c.m.Limits()
			if len(limits) != len(c.want) {
				t.Fatalf("got %v, want %v", limits, c.want)
			}
			warnings := 0
			for i, l := range limits {
				severity, part, _ := strings.Cut(c.want[i], ": ")
				if l.Severity.String() != severity || !strings.Contains(l.Sentence, part) {
					t.Errorf("got %v: %s; want %s", l.Severity, l.Sentence, c.want[i])
				}
				if strings.HasSuffix(l.Sentence, ".") || strings.Contains(l.Sentence, "%!") {
					t.Errorf("bad sentence: %s", l.Sentence)
				}
				if l.Severity > Note {
					warnings++
				}
			}
			if got := len(c.m.Warnings()); got != warnings {
				t.Errorf("%d warnings, want %d", got, warnings)
			}
		})
	}
}

func TestWarningsBeginWithTheWorst(t *testing.T) {
	m := Mount{Type: "ext4", Options: []string{"rw", "nobarrier"}} // journal unseen, then no barriers
	w := m.Warnings()
	if len(w) != 2 || !strings.Contains(w[0], "barriers") || !strings.Contains(w[1], "journal") {
		t.Errorf("%q", w)
	}
}

func TestMountString(t *testing.T) {
	for want, m := range map[string]Mount{
		"ext4 at / from /dev/vda": {Type: "ext4", Point: "/", Source: "/dev/vda"},
		"unknown file system":     {},
	} {
		if got := fmt.Sprint(m); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
