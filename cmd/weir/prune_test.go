package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/flink"
)

// TestPruneWhileTheJobRuns: prune refuses the job, says which process runs it, and goes on with the
// others.
func TestPruneWhileTheJobRuns(t *testing.T) {
	base := filepath.ToSlash(t.TempDir())
	for _, name := range []string{"words", "others"} {
		if err := (madeJob{keys: 1}).run(base, name, 3, false); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(durable.OS(), base, flink.JobIDOf("words"), store.Options{Owner: "the job itself"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	words, others := path.Join(base, flink.JobIDOf("words").String()), path.Join(base, flink.JobIDOf("others").String())
	before := strings.Join(entryNames(t, durable.OS(), words), " ")
	stdout, stderr, code := run("prune", base, "--keep", "1")
	if code != exitFailed || !strings.Contains(stderr, words+" is in use by another process (the lock file names the job itself, incarnation 2)") ||
		!strings.Contains(stdout, "1 kept, 2 removed") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if after := strings.Join(entryNames(t, durable.OS(), words), " "); after != before {
		t.Errorf("left are %s", after)
	}
	if after := strings.Join(entryNames(t, durable.OS(), others), " "); after != ".lock chk-3" {
		t.Errorf("of the other job are left %s", after)
	}
	if _, _, code := run("prune", words, "--keep", "1", "--dry-run"); code != exitGood {
		t.Errorf("a dry run needs no lock, and ended with %d", code)
	}
}

// TestPruneKeepsTheJobOut: while prune works, the job cannot be started, and the error says why.
func TestPruneKeepsTheJobOut(t *testing.T) {
	base := filepath.ToSlash(t.TempDir())
	if err := (madeJob{keys: 1}).run(base, "words", 3, false); err != nil {
		t.Fatal(err)
	}
	tried := 0
	fsys := beforeRemove{durable.OS(), func() {
		tried++
		_, err := store.Open(durable.OS(), base, flink.JobIDOf("words"), store.Options{})
		if err == nil || !strings.Contains(err.Error(), "the lock file names weir prune, process ") {
			t.Errorf("start the job: %v", err)
		}
	}}
	if stdout, stderr, code := runOn(fsys, "prune", base, "--keep", "1"); code != exitGood || tried == 0 {
		t.Errorf("exit code %d after %d tries\n%s%s", code, tried, stdout, stderr)
	}
	// Ids go on, although those of the highest numbers may be gone.
	if err := (madeJob{keys: 1}).run(base, "words", 1, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(base, flink.JobIDOf("words").String(), "chk-4")); err != nil {
		t.Error(err)
	}
}

type beforeRemove struct {
	durable.FS
	do func()
}

func (f beforeRemove) Remove(name string) error {
	f.do()
	return f.FS.Remove(name)
}

// TestPruneFaults fails each operation in turn. The two newest checkpoints are always kept.
func TestPruneFaults(t *testing.T) {
	for k := 1; ; k++ {
		disk := aDisk(t, 4)
		faulty := faultfs.New(disk, faultfs.Rule{Ops: faultfs.All, K: k, Err: syscall.EIO})
		stdout, stderr, code := runOn(faulty, "prune", wordsDir, "--keep", "2")
		if faulty.Fired(0) == 0 {
			t.Logf("%d faults", k-1)
			break
		}
		for state := range disk.Point().States(crashfs.Options{Limit: 1 << 12, Samples: 1 << 8, Seed: 1}) {
			for _, newest := range []string{"/chk-3", "/chk-4"} {
				rep, err := store.Verify(state.FS(), wordsDir+newest, store.VerifyOptions{})
				if err != nil || !rep.Verified() {
					t.Fatalf("fault %d, exit code %d: %v, %v\n%s%s\n%s", k, code, rep, err, stdout, stderr, state)
				}
			}
		}
		if left := strings.Join(entryNames(t, disk, wordsDir), " "); code == exitGood && left != ".lock chk-3 chk-4" {
			t.Errorf("fault %d: all is well, it says, and left are %s\n%s", k, left, stdout)
		}
	}
}
