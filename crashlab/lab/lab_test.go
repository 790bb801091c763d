//go:build linux && (amd64 || arm64)

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/crashlab/loopmount"
	"github.com/weirstream/weir/crashlab/workload"
	"github.com/weirstream/weir/durable"
)

// The test binary is also the program: each of its processes begins here.
func TestMain(m *testing.M) {
	workload.Workloads = append(workload.Workloads, forgetful...)
	Enter()
	os.Exit(m.Run())
}

// forgetful has workloads of Weir's store on file systems that leave out one kind of sync.
var forgetful = []workload.Workload{
	workload.OfStore("no-file-sync", "", 1, forgetting{FS: durable.OS(), files: "*-*-*-*-*"}),
	workload.OfStore("no-metadata-sync", "", 1, forgetting{FS: durable.OS(), files: "_metadata"}),
	workload.OfStore("no-job-directory-sync", "", 1, forgetting{FS: durable.OS(), dirs: strings.Repeat("[0-9a-f]", 32)}),
}

// A forgetting file system does not sync files and directories whose names match.
type forgetting struct {
	durable.FS
	files, dirs string
}

type forgettingFile struct{ durable.File }

func (forgettingFile) Sync() error { return nil }

func (f forgetting) Create(name string) (durable.File, error) {
	file, err := f.FS.Create(name)
	if ok, _ := path.Match(f.files, path.Base(name)); ok && err == nil {
		return forgettingFile{file}, nil
	}
	return file, err
}

func (f forgetting) SyncDir(name string) error {
	if ok, _ := path.Match(f.dirs, path.Base(name)); ok {
		return nil
	}
	return f.FS.SyncDir(name)
}

// small returns the options of a run of a few seconds. It does not wait for write-back, so
// the only losses are those of a checkpoint that the next one has deleted.
func small(t *testing.T, systems string, images int, workloads ...string) Options {
	t.Helper()
	o := Options{Images: images, Seed: 1, Checkpoints: 4}
	var err error
	if o.Configs, err = loopmount.Parse(systems); err != nil {
		t.Fatal(err)
	}
	if missing := loopmount.Missing(o.Configs); len(missing) > 0 {
		t.Skip(strings.Join(missing, "; "))
	}
	for _, name := range workloads {
		w, ok := workload.Named(name)
		if !ok {
			t.Fatalf("no workload %q", name)
		}
		o.Workloads = append(o.Workloads, w)
	}
	return o
}

func runBench(t *testing.T, o Options) map[string]*Result {
	t.Helper()
	results := map[string]*Result{}
	err := Run(t.Context(), o, func(r *Result) { results[r.Workload.Name] = r }, func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		t.Logf("%s on %s: %v, of %d images", r.Workload.Name, r.Config.Name, r.Tally.Both(), r.Tally.Both().All())
	}
	return results
}

// The bench sees the losses of FLINK-36421, and none in a correct sequence.
func TestLog1LosesAndTheStoreDoesNot(t *testing.T) {
	results := runBench(t, small(t, "ext4", 40, "log1", "log2", "minimal", "store-1", "store-2"))
	for name, want := range map[string]judge.Expectation{
		"log1": judge.CaughtLosing, "log2": judge.Caught,
		"minimal": judge.Clean, "store-1": judge.Clean, "store-2": judge.Clean,
	} {
		r := results[name]
		if r.Expect != want || len(r.Complaints) > 0 {
			t.Errorf("%s: expectation %v, want %v; complaints %q; %v", name, r.Expect, want, r.Complaints, r.Bad)
		}
		if r.Tally.Prefixes.All() < 10 || r.Tally.Reordered.All() < 5 {
			t.Errorf("%s: %v prefixes and %v reorderings: too few to prove anything", name, r.Tally.Prefixes, r.Tally.Reordered)
		}
	}
}

// If Weir's store leaves out a sync, a real file system shows the loss.
func TestAForgottenSyncIsSeen(t *testing.T) {
	results := runBench(t, small(t, "ext4", 60, "no-file-sync", "no-metadata-sync", "no-job-directory-sync"))
	for name, want := range map[string]judge.State{
		"no-file-sync": judge.Torn, "no-metadata-sync": judge.Torn, "no-job-directory-sync": judge.Regressed,
	} {
		r := results[name]
		if r.Tally.Both()[want] == 0 || len(r.Complaints) == 0 {
			t.Errorf("%s: %v, want some %v; complaints %q", name, r.Tally.Both(), want, r.Complaints)
		}
	}
}

// After every power cut a whole job ends with every flight in its output once.
func TestJob(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command, to build the job")
	}
	o := small(t, "ext4", 30, workload.JobName)
	o.Restarts, o.JobRate = 3, 40_000
	r := runBench(t, o)[workload.JobName]
	if len(r.Complaints) > 0 {
		t.Errorf("%q %v", r.Complaints, r.Bad)
	}
	if r.Tally.Restarts != 3 || r.Acked < 2 {
		t.Errorf("%d restarts, of a job with %v checkpoints: too few to prove anything", r.Tally.Restarts, r.Acked)
	}
}

// The store is clean on every file system that keeps what was synced, and Weir warns at the
// start of a job about exactly the others.
func TestEveryFileSystem(t *testing.T) {
	for _, c := range loopmount.Configs {
		t.Run(c.Name, func(t *testing.T) {
			r := runBench(t, small(t, c.Name, 9, "store-1"))["store-1"]
			if len(r.Complaints) > 0 {
				t.Errorf("%q %v", r.Complaints, r.Bad)
			}
		})
	}
}

// traces returns what a run could leave: loop devices, mounts and files. It looks at the
// temporary directory of this test only, because there may be other runs on the machine.
func traces(t *testing.T) (all []string) {
	t.Helper()
	loops, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range loops {
		if b, err := os.ReadFile(l); err == nil && strings.Contains(string(b), os.TempDir()) {
			all = append(all, l+": "+string(b))
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, os.TempDir()) {
			all = append(all, line)
		}
	}
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), "crashlab-*"))
	if err != nil {
		t.Fatal(err)
	}
	return append(all, dirs...)
}

// A run that is interrupted leaves nothing, at whatever moment.
func TestInterruptedItLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, at := range []string{"recording", "recorded 1", ": 3 of"} {
		o := small(t, "ext4", 40, "log1", "store-1")
		ctx, cancel := context.WithCancel(t.Context())
		err := Run(ctx, o, func(*Result) {}, func(format string, args ...any) {
			if strings.Contains(fmt.Sprintf(format, args...), at) {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted at %q: %v", at, err)
		}
		if left := traces(t); len(left) > 0 {
			t.Errorf("interrupted at %q, it leaves %q", at, left)
		}
	}
}

// A run that fails leaves nothing.
func TestFailedItLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, c := range []struct {
		size  int64
		fails string
	}{{16 << 10, "mkfs.ext4: exit status"}, {300 << 10, "no space left on device"}} {
		o := small(t, "ext4", 9, "store-1", "log1")
		o.Configs = append([]loopmount.Config{}, o.Configs...)
		o.Configs[0].Size = c.size
		err := Run(t.Context(), o, func(*Result) {}, func(string, ...any) {})
		if err == nil || !strings.Contains(err.Error(), c.fails) {
			t.Errorf("on a disk of %d bytes: %v, want %q", c.size, err, c.fails)
		}
		if left := traces(t); len(left) > 0 {
			t.Errorf("on a disk of %d bytes it leaves %q", c.size, left)
		}
	}
}

// A bad image can be kept.
func TestKeep(t *testing.T) {
	o := small(t, "ext4", 30, "log1")
	o.Keep = filepath.Join(t.TempDir(), "bad")
	r := runBench(t, o)["log1"]
	if len(r.Bad) != maxBad {
		t.Fatalf("%d bad images are described, want %d", len(r.Bad), maxBad)
	}
	for _, b := range r.Bad {
		fi, err := os.Stat(b.Kept)
		if err != nil || fi.Size() != o.Configs[0].Size {
			t.Errorf("%v: %v %v", b, fi, err)
		}
		if text, err := os.ReadFile(b.Kept + ".txt"); err != nil || !strings.Contains(string(text), b.Why) {
			t.Errorf("%q %v", text, err)
		}
	}
}
