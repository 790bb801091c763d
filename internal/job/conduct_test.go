package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/plan"
)

// Jobs run here in a bubble of testing/synctest, with a real store on a disk in memory: an
// hour of waiting costs nothing, and everything happens at its time.

// A bench is a job with the disk of its checkpoints, its output and its log.
type bench struct {
	t       *testing.T
	disk    durable.FS
	ctx     context.Context
	restart Restart // none, if it is not set
	from    store.From
	forget  map[string][]string
	out     weir.Collector[int64]
	monitor *Monitor
	said    strings.Builder // the log
}

var benchJob = checkpoint.JobID{1}

// newBench makes a bench with an empty disk.
func newBench(t *testing.T) *bench {
	disk := crashfs.New(crashfs.Strict)
	check(t, disk.Mkdir("/data"))
	return &bench{t: t, disk: disk, ctx: t.Context()}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// records is how many records the job of a bench reads, ten of them per second. Each has a
// key and some bytes of state of its own.
const records = 1000

// run runs the job on fsys with a checkpoint every 50 s. A function fails with the error
// that fail returns for a record.
func (b *bench) run(fsys durable.FS, fail func(int64) error) error {
	b.t.Helper()
	s, err := store.Open(fsys, "/data", benchJob, store.Options{InlineThreshold: 1 << 10})
	check(b.t, err)
	if f, ok := fsys.(*faultfs.FS); ok {
		defer func() {
			if left := f.StillOpen(); len(left) > 0 {
				b.t.Errorf("files are left open: %v", left)
			}
		}()
	}
	defer s.Close()
	numbers := make([]int64, records)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	j := weir.NewJob("bench")
	in := weir.Map(weir.From(j, "in", ratelimit.Source(weir.Slice(numbers...), 10)), func(n int64) (int64, error) { return n, fail(n) })
	weir.To(weir.Process(weir.KeyBy(in, func(n int64) int64 { return n }), "keep", func(c *weir.KeyContext[int64], out *weir.Out[int64]) func(int64) error {
		kept := weir.NewValue[string](c, "kept")
		return func(n int64) error {
			kept.Set(strings.Repeat("x", 1<<10))
			out.Emit(n)
			return nil
		}
	}), "out", weir.Sink[int64](heeding{&b.out}))
	check(b.t, j.Check())
	b.monitor = &Monitor{}
	err = Run(b.ctx, Config{
		Plan: plan.Of(j), Store: s, Parallelism: 1, FinalCheckpoint: true, Restart: b.restart, From: b.from, ForgetSplits: b.forget,
		Checkpoints: coordinator.Config{Interval: 50 * time.Second, Timeout: 24 * time.Hour, Tolerated: 10},
		Patience:    24 * time.Hour, Monitor: b.monitor, Log: slog.New(slog.NewTextHandler(&b.said, nil)),
	})
	if d, ok := fsys.(*slowDisk); ok && d.begun.Load() != d.ended.Load() {
		b.t.Errorf("Run has returned while %d operations on its disk go on", d.begun.Load()-d.ended.Load())
		time.Sleep(24 * time.Hour) // or closing the store would wait for them, and stop the clock
	}
	return err
}

// A heeding sink commits nothing when its context has ended.
type heeding struct{ *weir.Collector[int64] }

func (h heeding) Commit(ctx context.Context, prepared [][]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return h.Collector.Commit(ctx, prepared)
}

func never(int64) error { return nil }

// lastFails fails with the last record.
func lastFails(n int64) error {
	if n == records-1 {
		return errBoom
	}
	return nil
}

var errBoom = errors.New("boom")

// wantOnce: the output is every record once.
func (b *bench) wantOnce() {
	b.t.Helper()
	seen := make(map[int64]bool)
	for _, n := range b.out.Records() {
		seen[n] = true
	}
	if len(b.out.Records()) != records || len(seen) != records {
		b.t.Errorf("%d records are visible, %d different ones, want %d", len(b.out.Records()), len(seen), records)
	}
}

// names returns the names in the job's directory.
func (b *bench) names() string {
	b.t.Helper()
	entries, err := b.disk.ReadDir(path.Join("/data", benchJob.String()))
	check(b.t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return strings.Join(names, " ")
}

// If it cannot be known whether a checkpoint is complete, the attempt ends at once. The
// checkpoint counts neither as failed nor as complete: nothing of it is committed, and
// nothing of it is removed. The next start finds out.
func TestUnknownIsNeitherFailedNorComplete(t *testing.T) {
	for _, tt := range []struct {
		what  string
		rule  faultfs.Rule
		left  string
		found checkpoint.ID // by the next start
	}{
		{"a rename that has not happened", faultfs.Rule{Ops: faultfs.Rename, Name: "chk-1", Do: faultfs.Fail, K: 1}, ".inprogress-1.1 .lock", 0},
		{"a rename that has happened", faultfs.Rule{Ops: faultfs.Rename, Name: "chk-1", Do: faultfs.FailAfter, K: 1}, ".lock chk-1", 1},
		// The first three syncs of the job's directory belong to the start.
		{"the sync of the rename", faultfs.Rule{Ops: faultfs.SyncDir, Name: benchJob.String(), Do: faultfs.Fail, K: 4}, ".lock chk-1", 1},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				tt.rule.Err = syscall.EIO
				began := time.Now()
				err := b.run(faultfs.New(b.disk, tt.rule), never)
				var unknown *store.UnknownOutcomeError
				if !errors.As(err, &unknown) || unknown.ID != 1 {
					t.Fatalf("got %v, want that the outcome of checkpoint 1 is unknown", err)
				}
				if v := b.monitor.View(); v.Failed != 0 || v.Completed != 0 || v.LastComplete != 0 {
					t.Errorf("view %+v: it counts as failed or as complete", v)
				}
				if took := time.Since(began); took != 50*time.Second {
					t.Errorf("the attempt ended after %v, want that it ends with its first checkpoint", took)
				}
				if n := len(b.out.Records()); n != 0 {
					t.Errorf("%d records were committed", n)
				}
				if got := b.names(); got != tt.left {
					t.Errorf("left are %s, want %s", got, tt.left)
				}
				check(t, b.run(faultfs.New(b.disk), never))
				if v := b.monitor.View(); v.Restored != tt.found {
					t.Errorf("the next start found checkpoint %d, want %d", v.Restored, tt.found)
				}
				b.wantOnce()
			})
		})
	}
}

// A writer belongs to the checkpoint under way. A task that asks late, for a checkpoint that
// was aborted, gets none: its file would be in the way of the next checkpoint.
func TestWritersBelongToTheirCheckpoint(t *testing.T) {
	b := newBench(t)
	s, err := store.Open(b.disk, "/data", benchJob, store.Options{InlineThreshold: -1})
	check(t, err)
	defer s.Close()
	_, err = s.Recover(store.From{})
	check(t, err)
	var a attempt
	begin := func() checkpoint.ID {
		p, err := s.Begin()
		check(t, err)
		a.writing.Store(p)
		return p.ID()
	}
	first := begin()
	if _, err := a.newWriter(first, "state", 0); err != nil {
		t.Error("the checkpoint is under way:", err)
	}
	check(t, a.writing.Load().Abort())
	second := begin()
	for _, id := range []checkpoint.ID{first, second + 1} {
		if _, err := a.newWriter(id, "state", 0); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("checkpoint %d is not under way", id)) {
			t.Errorf("a writer for checkpoint %d while %d is under way: %v", id, second, err)
		}
	}
	if _, err := a.newWriter(second, "state", 0); err != nil {
		t.Error("the checkpoint is under way:", err)
	}
	a.writing.Store(nil)
	if _, err := a.newWriter(second, "state", 0); err == nil {
		t.Error("a writer while nothing is under way")
	}
}

// A slowDisk takes an hour for some operations, and counts those that go on.
type slowDisk struct {
	durable.FS
	write  func(name string) bool // a write to this file is slow
	rename func(to string) bool   // a rename to this name is slow

	begun, ended atomic.Int32 // slow operations
}

func (s *slowDisk) takeItsTime() func() {
	s.begun.Add(1)
	time.Sleep(time.Hour)
	return func() { s.ended.Add(1) }
}

func (s *slowDisk) Rename(oldname, newname string) error {
	if s.rename != nil && s.rename(path.Base(newname)) {
		defer s.takeItsTime()()
	}
	return s.FS.Rename(oldname, newname)
}

func (s *slowDisk) Create(name string) (durable.File, error) {
	f, err := s.FS.Create(name)
	if err == nil && s.write != nil && s.write(path.Base(name)) {
		f = slowFile{f, s}
	}
	return f, err
}

type slowFile struct {
	durable.File
	of *slowDisk
}

func (f slowFile) Write(p []byte) (int, error) {
	defer f.of.takeItsTime()()
	return f.File.Write(p)
}

// When an attempt ends, a task that is writing state ends its current write and stops. The
// attempt waits for it, and the state file is removed.
func TestTheEndWaitsForStateWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		disk := &slowDisk{FS: b.disk, write: func(name string) bool { return name != checkpoint.MetadataName }}
		began := time.Now()
		if err := b.run(disk, lastFails); !errors.Is(err, errBoom) {
			t.Fatalf("got %v, want %v", err, errBoom)
		}
		if n := disk.begun.Load(); n != 1 {
			t.Errorf("there were %d writes, want the one that was under way when the attempt failed", n)
		}
		if took := time.Since(began); took != time.Hour+50*time.Second {
			t.Errorf("it took %v, want the first 50 s and the hour of a write", took)
		}
		if got := b.names(); got != ".lock" {
			t.Errorf("left are %s, want the lock alone", got)
		}
		check(t, b.run(b.disk, never))
		b.wantOnce()
	})
}

// The end of an attempt waits for a checkpoint that is being published. The checkpoint is
// not aborted, no task is told of it, and the next start finds it.
func TestTheEndWaitsForPublishing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		disk := &slowDisk{FS: b.disk, rename: func(to string) bool { return to == "chk-1" }}
		if err := b.run(disk, lastFails); !errors.Is(err, errBoom) {
			t.Fatalf("got %v, want %v", err, errBoom)
		}
		if n := disk.begun.Load(); n != 1 {
			t.Errorf("there were %d renames, want one", n)
		}
		if v := b.monitor.View(); v.Completed != 0 || len(b.out.Records()) != 0 {
			t.Errorf("view %+v, %d records: the checkpoint was used", v, len(b.out.Records()))
		}
		if strings.Contains(b.said.String(), "leftovers") {
			t.Errorf("it was aborted while it was being published:\n%s", &b.said)
		}
		check(t, b.run(b.disk, never))
		if v := b.monitor.View(); v.Restored != 1 {
			t.Errorf("the next start found checkpoint %d, want 1", v.Restored)
		}
		b.wantOnce()
	})
}
