package main

import (
	"context"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/probe"
)

// wantNothingLeft makes sure that the doctor has removed what it has made.
func wantNothingLeft(t *testing.T, dir string) {
	t.Helper()
	if names := entryNames(t, durable.OS(), dir); len(names) > 0 {
		t.Errorf("left are %v", names)
	}
}

// mountCode returns the exit code of the doctor for a directory where all trials hold.
func mountCode(t *testing.T, dir string) int {
	t.Helper()
	m := probe.MountOf(dir)
	for _, l := range m.Limits() {
		if l.Severity == probe.Broken {
			return exitDamaged
		}
	}
	return exitGood
}

func TestDoctor(t *testing.T) {
	dir := filepath.ToSlash(t.TempDir())
	stdout, stderr, code := run("doctor", dir)
	if want := mountCode(t, dir); code != want || stderr != "" {
		t.Errorf("exit code %d, want %d\n%s%s", code, want, stdout, stderr)
	}
	wantNothingLeft(t, dir)
	for _, text := range []string{
		dir + ": ", "\nLITMUS\n", "\na checkpoint can be completed and verified  held\n", "\nCOST ",
		"\nsync of a file  ", "\ncheckpoint of 16 state files  ",
	} {
		if !strings.Contains(stdout, text) {
			t.Errorf("it does not say %q:\n%s", text, stdout)
		}
	}
	if holds := strings.Contains(stdout, "What this does not show: whether the drive keeps what it has reported"); holds != (code == exitGood) {
		t.Errorf("exit code %d, and it says\n%s", code, stdout)
	}

	stdout, stderr, code = run("doctor", "--json", dir)
	if code != mountCode(t, dir) || stderr != "" {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	types := map[string]int{}
	for _, line := range lines(stdout) {
		var l struct {
			Type     string `json:"message_type"`
			Outcome  string
			Runs     int
			MedianUS int64 `json:"median_us"`
			WorstUS  int64 `json:"worst_us"`
			ExitCode int   `json:"exit_code"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		types[l.Type]++
		if l.Outcome == "failed" || l.Type == "cost" && (l.Runs < 1 || l.MedianUS > l.WorstUS) || l.Type == "summary" && l.ExitCode != code {
			t.Error(line)
		}
	}
	if types["mount"] != 1 || types["trial"] != 8 || types["cost"] != 5 || types["summary"] != 1 {
		t.Errorf("lines: %v", types)
	}
}

// TestDoctorOnTmpfs: all trials hold there, and it is not fit all the same.
func TestDoctorOnTmpfs(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "weir-test-")
	if err != nil {
		t.Skip("no tmpfs here: ", err)
	}
	defer os.RemoveAll(dir)
	if m := probe.MountOf(dir); m.Type != "tmpfs" {
		t.Skipf("no tmpfs here: %+v", m)
	}
	stdout, stderr, code := run("doctor", dir)
	if code != exitDamaged || stderr != "" || !strings.Contains(stdout, "\nbroken: tmpfs keeps files in memory") ||
		!strings.HasSuffix(stdout, "The durability contract cannot hold here.\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	wantNothingLeft(t, dir)
}

// TestDoctorFindsOut examines file systems that each have one fault.
func TestDoctorFindsOut(t *testing.T) {
	for _, c := range []struct {
		name string
		fsys durable.FS
		code int
		want string
	}{
		{"syncs fail", faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Sync, K: 1, Sticky: true, Err: syscall.EIO}),
			exitDamaged, "broken: it does not hold that a file can be synced\n"},
		{"bytes change", changingFS{durable.OS()},
			exitDamaged, "broken: it does not hold that a checkpoint can be completed and verified\n"},
		{"read only", faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Mkdir, K: 1, Err: syscall.EROFS}),
			exitFailed, "nothing can be tried in "},
		{"full", faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Write, Name: "file-3", K: 1, Err: syscall.ENOSPC}),
			exitFailed, "measure a sync of a file: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.ToSlash(t.TempDir())
			stdout, stderr, code := runOn(c.fsys, "doctor", dir)
			if code != c.code || !strings.Contains(stdout+stderr, c.want) {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
			if code == exitDamaged && strings.Contains(stdout, "COST") {
				t.Errorf("it measured what does not work:\n%s", stdout)
			}
			wantNothingLeft(t, dir)
		})
	}
}

// A changingFS reads other bytes from state files than were written.
type changingFS struct{ durable.FS }

func (f changingFS) Open(name string) (durable.Reader, error) {
	r, err := f.FS.Open(name)
	if checkpoint.ParseName(path.Base(path.Dir(name))).Kind == checkpoint.Complete && path.Base(name) != checkpoint.MetadataName {
		r = changingReader{r}
	}
	return r, err
}

type changingReader struct{ durable.Reader }

func (r changingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.Reader.ReadAt(p, off)
	if n > 0 {
		p[0] ^= 1
	}
	return n, err
}

// TestDoctorInterrupted: the scratch directory is removed then, too.
func TestDoctorInterrupted(t *testing.T) {
	dir := filepath.ToSlash(t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out strings.Builder
	d := &doctor{t: &tool{fsys: durable.OS(), out: newPipe(&out), errs: newPipe(&out), clock: wallClock()}}
	if err := d.examine(ctx, dir); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
	wantNothingLeft(t, dir)
}

// TestDoctorVerdict: the worst counts.
func TestDoctorVerdict(t *testing.T) {
	ext4 := probe.Mount{Type: "ext4", Journal: probe.Yes, FastCommit: probe.No}
	nfs := probe.Mount{Type: "nfs4"}
	tmpfs := probe.Mount{Type: "tmpfs"}
	weaker, failed := probe.Trial{Outcome: probe.Weaker}, probe.Trial{Outcome: probe.Failed}
	untried := probe.Trial{Outcome: probe.Untried}
	for i, c := range []struct {
		mount  probe.Mount
		trials []probe.Trial
		want   verdict
	}{
		{ext4, nil, canHold},
		{ext4, []probe.Trial{{}, untried}, canHold},
		{ext4, []probe.Trial{weaker}, inDoubt},
		{ext4, []probe.Trial{failed, weaker}, cannotHold},
		{nfs, nil, inDoubt},
		{nfs, []probe.Trial{failed}, cannotHold},
		{tmpfs, []probe.Trial{weaker}, cannotHold},
	} {
		d := &doctor{mount: c.mount, trials: c.trials}
		if got := d.verdict(); got != c.want {
			t.Errorf("case %d: %s, want %s", i, got, c.want)
		}
	}
}
