package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// With WEIRSOAK_WRONG set, the test binary is the program that weirsoak runs: one with a
// mistake.
func TestMain(m *testing.M) {
	if wrong := os.Getenv("WEIRSOAK_WRONG"); wrong != "" {
		os.Exit(doWrong(wrong))
	}
	os.Exit(m.Run())
}

// doWrong writes the lines 1 and 2 in the undisturbed run. In the others it makes the given
// mistake.
func doWrong(how string) int {
	out := filepath.Join("weir-data", "flights", "out")
	files := map[string]string{"part-1": "1\n2\n"}
	if slices.Contains(os.Args, "--in") { // the undisturbed run is not told its input
		switch how {
		case "doubles":
			files["part-2"] = "2\n"
		case "loses":
			files["part-1"] = "1\n"
		case "makes up":
			files["part-2"] = "3\n"
		case "leaves":
			files[".part-2.inprogress"] = "2\n"
		case "fails":
			return 1
		case "damages":
			chk := filepath.Join("..", "..", "0123456789abcdef0123456789abcdef", "chk-1")
			os.MkdirAll(filepath.Join(out, chk), 0o777)
			files[filepath.Join(chk, "_metadata")] = "nonsense"
		}
	}
	os.MkdirAll(out, 0o777)
	for name, content := range files {
		os.WriteFile(filepath.Join(out, name), []byte(content), 0o666)
	}
	return 0
}

// Each mistake of a program is found and shown, and the files are kept.
func TestDifferences(t *testing.T) {
	seed := strconv.FormatUint(seedWith(false), 10) // a small disk would stay mounted
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for how, words := range map[string]string{
		"doubles":  "visible more often than it should be: 2",
		"loses":    "1 lines of 2 are missing, the first: 2",
		"makes up": "not in the output of an undisturbed run: 3",
		"leaves":   "not removed: 1 files that are not visible, the first: .part-2.inprogress",
		"fails":    "ended with exit code 1",
		"damages":  "chk-1",
	} {
		t.Run(how, func(t *testing.T) {
			t.Setenv("WEIRSOAK_WRONG", how)
			dir := filepath.Join(t.TempDir(), "soak")
			var out, errs bytes.Buffer
			if code := command([]string{"-for", "0s", "-seed", seed, "-program", self, "-dir", dir}, &out, &errs); code != exitDifferent {
				t.Fatalf("exit code %d\n%s%s", code, &out, &errs)
			}
			for _, w := range []string{words, "-seed " + seed + " -round 1", filepath.Join(dir, "round-1.log"), "1 differences"} {
				if !strings.Contains(out.String(), w) {
					t.Errorf("it does not say %q:\n%s", w, &out)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "round-1", "weir-data")); err != nil && how != "fails" {
				t.Error("the files of the job are gone:", err)
			}
			log, err := os.ReadFile(filepath.Join(dir, "round-1.log"))
			if err != nil || !strings.Contains(string(log), "*** ") {
				t.Errorf("log: %v\n%s", err, log)
			}
		})
	}
}

// Output that cannot be written is no success: what reads it would take a soak that was cut
// off for a whole one.
func TestOutputIsLost(t *testing.T) {
	t.Setenv("WEIRSOAK_WRONG", "nothing")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"-json", "-json=false"} {
		args := []string{"-for", "0s", "-seed", strconv.FormatUint(seedWith(false), 10), format, "-program", self, "-dir", filepath.Join(t.TempDir(), "soak")}
		var out, errs bytes.Buffer
		if code := command(args, &out, &errs); code != exitSame {
			t.Fatalf("%s: exit code %d\n%s%s", format, code, &out, &errs)
		}
		last := strings.LastIndexByte(strings.TrimSuffix(out.String(), "\n"), '\n') + 1
		errs.Reset()
		if code := command(args, &fullDisk{room: last}, &errs); code != exitFailed || !strings.Contains(errs.String(), "write the status: no space left") {
			t.Errorf("%s: exit code %d: %s", format, code, &errs)
		}
	}
}

// A fullDisk takes so many bytes and no more.
type fullDisk struct{ room int }

func (d *fullDisk) Write(b []byte) (int, error) {
	n := min(len(b), d.room)
	d.room -= n
	if n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args  []string
		code  int
		words string
	}{
		{[]string{"-help"}, exitSame, "Exit codes:"},
		{[]string{"-for", "soon"}, exitFailed, "invalid value"},
		{[]string{"everything"}, exitFailed, "takes flags only"},
		{[]string{"-round", "0"}, exitFailed, "-round must be at least 1"},
		{[]string{"-dir", dir}, exitFailed, "is there already"},
		{[]string{"-dir", filepath.Join(dir, "new"), "-program", filepath.Join(dir, "missing")}, exitFailed, "start the program"},
	} {
		var out, errs bytes.Buffer
		if code := command(test.args, &out, &errs); code != test.code || !strings.Contains(errs.String(), test.words) {
			t.Errorf("%q: exit code %d, want %d, with %q:\n%s", test.args, code, test.code, test.words, &errs)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("not removed: %v, %v", entries, err)
	}
}

// seedWith returns the first seed whose first round is on a small disk, or is not.
func seedWith(smallDisk bool) uint64 {
	seed := uint64(1)
	for drawRound(seed, 1).smallDisk != smallDisk {
		seed++
	}
	return seed
}

// Where no small disk can be made, a round that was drawn for one runs on the disk of the
// machine, which is never full.
func TestNoSmallDisk(t *testing.T) {
	var d *disk
	if err := errors.Join(d.fill(), d.free()); err != nil || d.full() {
		t.Errorf("the machine's disk: full %t, %v", d.full(), err)
	}
}

// One round of the flights example, on a disk that runs full if one can be made.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds, and builds the flights example")
	}
	dir := filepath.Join(t.TempDir(), "soak")
	var out, errs bytes.Buffer
	if code := command([]string{"-for", "0s", "-seed", strconv.FormatUint(seedWith(true), 10), "-json", "-dir", dir}, &out, &errs); code != exitSame {
		t.Fatalf("exit code %d\n%s%s", code, &out, &errs)
	}
	t.Log(out.String())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var end struct {
		Type        string `json:"message_type"`
		Kills       int    `json:"kills"`
		Checkpoints int    `json:"checkpoints"`
		Differences int    `json:"differences"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil {
		t.Fatal(err)
	}
	// The speed of the machine decides how many processes complete a checkpoint before they
	// are killed. The last one does, and the first ones are killed.
	if end.Type != "summary" || end.Kills < 1 || end.Checkpoints < 1 || end.Differences != 0 {
		t.Errorf("too little has happened: %+v", end)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory was not removed: %v", err)
	}
}
