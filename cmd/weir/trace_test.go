package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStraceTakesTheCommand runs the command that trace --help recommends.
func TestStraceTakesTheCommand(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	touch, err := exec.LookPath("touch")
	if err != nil {
		t.Skip("there is no program to trace")
	}
	dir := t.TempDir()
	args := strings.Fields(strings.NewReplacer("\\\n", "", "PROGRAM …", touch+" file").Replace(straceCommand))
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "ptrace") {
			t.Skipf("strace may not trace here: %s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	stdout, stderr, code := run("trace", filepath.Join(dir, "trace"))
	if code != exitGood || !strings.Contains(stdout, " of 1 process,") {
		t.Errorf("it ended with %d\n%s%s", code, stdout, stderr)
	}
}
