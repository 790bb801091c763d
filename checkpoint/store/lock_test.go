package store

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// holderDir is set in the process that TestSecondProcess starts: it holds the lock of
// the store there until it is killed.
const holderDir = "WEIR_TEST_HOLD_LOCK_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holderDir); dir != "" {
		hold(dir)
	}
	debug.SetGCPercent(400) // most of what is allocated here lives for one state
	os.Exit(m.Run())
}

func hold(dir string) {
	s, err := Open(durable.OS(), dir, testJob, Options{Owner: fmt.Sprintf("the test's other process, %d", os.Getpid())})
	if err == nil {
		_, err = s.Recover(From{})
	}
	if err == nil {
		_, err = s.Begin()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	io.Copy(io.Discard, os.Stdin) // until the process that started this ends
	os.Exit(0)
}

// TestSecondProcess: another process is refused and told which one owns the directory; when
// that one is killed the directory is free.
func TestSecondProcess(t *testing.T) {
	dir := filepath.ToSlash(t.TempDir())
	exe, err := os.Executable()
	check(t, err)
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), holderDir+"="+dir)
	stdin, err := cmd.StdinPipe()
	check(t, err)
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	killed := false
	defer func() {
		if !killed {
			cmd.Process.Kill()
			cmd.Wait()
		}
	}()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || line != "held\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}

	_, err = Open(durable.OS(), dir, testJob, Options{Owner: "this one"})
	var locked *LockedError
	if !errors.As(err, &locked) || !errors.Is(err, durable.ErrLocked) {
		t.Fatalf("a second process was let in: %v", err)
	}
	wantText(t, err, "the lock file names the test's other process, ", fmt.Sprint(cmd.Process.Pid), "incarnation 1)", "stop that one first")

	check(t, cmd.Process.Kill()) // SIGKILL
	cmd.Wait()
	killed = true
	s, err := Open(durable.OS(), dir, testJob, Options{Owner: "this one"})
	check(t, err)
	_, err = s.Recover(From{})
	check(t, err)
	p, err := s.Begin()
	check(t, err)
	if s.Incarnation() != 2 || p.ID() != 2 {
		t.Errorf("incarnation %v, checkpoint %v after one that was killed", s.Incarnation(), p.ID())
	}
	check(t, s.Close())
}

func TestSecondOpen(t *testing.T) {
	fsys := newDisk(t)
	s, _ := mustStart(t, fsys, testOptions(1))
	_, err := Open(fsys, base, testJob, testOptions(1))
	wantText(t, err, string(jobDir)+" is in use by another process (the lock file names host a, process 1, started at noon, incarnation 1)")
	o, err := Open(fsys, base, otherJob, testOptions(1))
	check(t, err)
	check(t, errors.Join(o.Close(), s.Close()))
	s, err = Open(fsys, base, testJob, testOptions(1))
	check(t, err)
	check(t, s.Close())

	// Before the owner has written its name.
	check(t, fsys.Mkdir("/x"))
	check(t, fsys.Mkdir("/x/"+testJob.String()))
	l, err := fsys.Lock(checkpoint.JobDirIn("/x", testJob).Lock())
	check(t, err)
	defer l.Close()
	_, err = Open(fsys, "/x", testJob, testOptions(1))
	wantText(t, err, "another process (the lock file does not name it)")
}

// TestLockSlots: of two slots one may be torn, and the other tells.
func TestLockSlots(t *testing.T) {
	fsys := newDisk(t)
	name := jobDir.Lock()
	open := func() checkpoint.Incarnation {
		s, _ := mustStart(t, fsys, testOptions(1))
		defer s.Close()
		return s.Incarnation()
	}
	for want := checkpoint.Incarnation(1); want <= 5; want++ {
		if got := open(); got != want {
			t.Fatalf("incarnation %v, want %v", got, want)
		}
	}
	whole := contents(t, fsys, string(jobDir))[".lock"]
	if len(whole) != slots*slotBytes {
		t.Fatalf("the lock file has %d bytes", len(whole))
	}
	tear := func(slot int, how func([]byte)) func([]byte) []byte {
		return func([]byte) []byte {
			b := append([]byte(nil), whole...)
			how(b[slot*slotBytes : (slot+1)*slotBytes])
			return b
		}
	}
	newest := 0 // 5 is odd: the first slot
	for what, how := range map[string]func([]byte){
		"zeros":     func(b []byte) { clear(b) },
		"half":      func(b []byte) { clear(b[slotBytes/2:]) },
		"half old":  func(b []byte) { copy(b[:512], whole[slotBytes:]) },
		"a bit":     func(b []byte) { b[19] ^= 4 },
		"the owner": func(b []byte) { b[slotHead] ^= 1 },
	} {
		overwrite(t, fsys, name, tear(newest, how))
		if got := open(); got != 5 { // 4, and one more
			t.Errorf("%s: incarnation %v, want 5", what, got)
		}
		overwrite(t, fsys, name, tear(1-newest, how))
		if got := open(); got != 6 {
			t.Errorf("%s: incarnation %v, want 6", what, got)
		}
	}
	for n := range len(whole) {
		if n%97 != 0 {
			continue
		}
		overwrite(t, fsys, name, func([]byte) []byte { return whole[:n] })
		want := checkpoint.Incarnation(1)
		if n >= slotBytes {
			want = 6
		}
		if got := open(); got != want {
			t.Errorf("%d bytes: incarnation %v, want %v", n, got, want)
		}
	}
}

// TestIncarnationFromSeals: if the lock file is gone, names and seals still tell.
func TestIncarnationFromSeals(t *testing.T) {
	fsys := newDisk(t)
	for range 3 {
		s, _ := mustStart(t, fsys, testOptions(1))
		mustPublish(t, s, 1)
		check(t, s.Close())
	}
	check(t, fsys.Remove(jobDir.Lock()))
	s, _ := mustStart(t, fsys, testOptions(1))
	if s.Incarnation() != 4 {
		t.Errorf("incarnation %v, want 4", s.Incarnation())
	}
	check(t, s.Close())
	check(t, fsys.Remove(jobDir.Lock()))
	check(t, fsys.Mkdir(jobDir.Join(".inprogress-2.8")))
	s, _ = mustStart(t, fsys, testOptions(1))
	if s.Incarnation() != 9 {
		t.Errorf("incarnation %v, want 9", s.Incarnation())
	}
}

func TestSlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := slot{
			incarnation: checkpoint.Incarnation(rapid.Int64Min(1).Draw(t, "incarnation")),
			highest:     checkpoint.ID(rapid.Int64Min(0).Draw(t, "highest")),
			owner:       rapid.String().Draw(t, "owner"),
			lineage:     rapid.Uint64().Draw(t, "lineage"),
		}
		s.committedBy = checkpoint.Incarnation(rapid.Int64Min(0).Draw(t, "committed by"))
		s.committed = checkpoint.ID(rapid.Int64Range(0, int64(s.highest)).Draw(t, "committed"))
		s.job = rapid.String().Draw(t, "job")
		b := s.encode()
		got, ok := decodeSlot(b)
		if !ok || got != s {
			t.Fatalf("%+v came back as %+v, %v", s, got, ok)
		}
		bit := rapid.IntRange(0, 8*slotBytes-1).Draw(t, "bit")
		if _, ok := decodeSlot(flipBit(bit)(b)); ok {
			t.Fatalf("bit %d was flipped and not noticed", bit)
		}
	})
	long := slot{incarnation: 1, owner: strings.Repeat("é", slotBytes)}
	got, ok := decodeSlot(long.encode())
	if !ok || len(got.owner) > maxOwnerBytes || strings.Trim(got.owner, "é") != "" {
		t.Errorf("a long owner became one of %d bytes, %v", len(got.owner), ok)
	}
}

// FuzzSlot: whatever stands in the lock file, what is believed is what is written.
func FuzzSlot(f *testing.F) {
	f.Add(slot{incarnation: 3, highest: 17, owner: "an owner", job: "a job", committed: 16, committedBy: 2}.encode())
	f.Add(slotOfVersion1(7, 40, "an older release"))
	f.Add(make([]byte, slotBytes))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := decodeSlot(b)
		if ok && len(s.owner) <= maxOwnerBytes && len(s.job) <= maxJobNameBytes { // others are cut
			if again, ok := decodeSlot(s.encode()); !ok || again != s {
				t.Errorf("%+v came back as %+v", s, again)
			}
		}
	})
}

// slotOfVersion1 is a slot as the first release wrote it.
func slotOfVersion1(incarnation, highest int64, owner string) []byte {
	b := append([]byte(slotMagic), 0, 0, 0, 1)
	b = binary.BigEndian.AppendUint64(b, uint64(incarnation))
	b = binary.BigEndian.AppendUint64(b, uint64(highest))
	b = binary.BigEndian.AppendUint32(b, uint32(len(owner)))
	b = append(b, owner...)
	b = append(b, make([]byte, slotEnd-len(b))...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}
