package file

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
)

// sweepSink runs the job on a disk that may lose power after every operation, and its
// recovery in every state the disk may then be in. Through is a file system around the
// disk.
func sweepSink(t *testing.T, script script, model crashfs.Model, through func(durable.FS) durable.FS, check func(*crashfs.State, complete) error) *crashfs.Report {
	t.Helper()
	disk := crashfs.New(model)
	must(t, disk.Mkdir("/data"))
	disk.Settle()
	checkpoints := map[string]complete{}
	job := newSinkJob(script, through(disk))
	job.ack = disk.Ack
	job.completed = func(c complete) { checkpoints[fmt.Sprintf("complete %d", c.periods)] = c }
	report, err := crashfs.Sweep(disk, crashfs.Options{}, job.run, func(s *crashfs.State) error {
		return check(s, lastComplete(s, checkpoints))
	})
	must(t, err)
	return report
}

// lastComplete is the checkpoint that a recovery starts from.
func lastComplete(s *crashfs.State, checkpoints map[string]complete) (last complete) {
	for _, a := range s.Acked() {
		if c, ok := checkpoints[a]; ok {
			last = c
		}
	}
	return last
}

// ahead makes sure that nothing is visible ahead of its checkpoint, nothing twice, and
// all of what Commit has returned for.
func (script script) ahead(s *crashfs.State, last complete) error {
	got, _, err := visible(s.FS(), outDir)
	if errors.Is(err, fs.ErrNotExist) && last.periods == 0 && !slices.Contains(s.Acked(), "opened") {
		return nil
	}
	if err != nil {
		return err
	}
	promised := 0
	for _, a := range s.Acked() {
		fmt.Sscanf(a, "committed %d", &promised)
	}
	if err := within(got, script.written(last.periods)); err != nil {
		return fmt.Errorf("visible, and not in a complete checkpoint: %w", err)
	}
	if err := within(script.written(promised), got); err != nil {
		return fmt.Errorf("committed, and not visible: %w", err)
	}
	return nil
}

// within makes sure that each element of a, as often as it is there, is in b.
func within(a, b []string) error {
	rest := slices.Clone(b)
	for _, v := range a {
		i := slices.Index(rest, v)
		if i < 0 {
			return errors.New(v)
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return nil
}

// recovered runs the job to its end from its last checkpoint.
func (script script) recovered(disk durable.FS, last complete) error {
	job := newSinkJob(script, disk)
	job.incarnation, job.last = 2, last
	if err := job.run(); err != nil {
		return err
	}
	return script.exactlyOnce(disk)
}

func (script script) exactlyOnce(disk durable.FS) error {
	got, hidden, err := visible(disk, outDir)
	switch {
	case err != nil:
		return err
	case !slices.Equal(got, script.everything()):
		return fmt.Errorf("in the end %q is visible, want %q", got, script.everything())
	case hidden != nil:
		return fmt.Errorf("left behind: %q", hidden)
	}
	return nil
}

func direct(fsys durable.FS) durable.FS { return fsys }

// Whenever the power fails, what is visible is what was promised, and after a restart
// everything is visible once.
func TestSinkSurvivesPowerCuts(t *testing.T) {
	for _, model := range []crashfs.Model{crashfs.Strict, crashfs.Ext4, crashfs.Ext4NoDelalloc, crashfs.XFS, crashfs.Btrfs, crashfs.Writeback} {
		t.Run(model.String(), func(t *testing.T) {
			t.Parallel()
			report := sweepSink(t, twoSubtasks, model, direct, func(s *crashfs.State, last complete) error {
				if err := twoSubtasks.ahead(s, last); err != nil {
					return err
				}
				return twoSubtasks.recovered(s.FS(), last)
			})
			if err := report.Err(); err != nil {
				t.Error(err)
			}
			if report.Sampled > 0 || report.Distinct < 20 {
				t.Errorf("too little was seen: %v", report)
			}
			t.Log(report)
		})
	}
}

// The power fails again while the job recovers from the first time.
func TestSinkSurvivesPowerCutsInRecovery(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	seen := 0
	report := sweepSink(t, twoSubtasks, crashfs.Strict, direct, func(s *crashfs.State, last complete) error {
		disk := s.FS()
		checkpoints := map[string]complete{}
		for _, a := range s.Acked() {
			if a == fmt.Sprintf("complete %d", last.periods) {
				checkpoints[a] = last
			}
		}
		job := newSinkJob(twoSubtasks, disk)
		job.incarnation, job.last, job.ack = 2, last, disk.Ack
		job.completed = func(c complete) { checkpoints[fmt.Sprintf("complete %d", c.periods)] = c }
		inner, err := crashfs.Sweep(disk, crashfs.Options{}, job.run, func(s *crashfs.State) error {
			last := lastComplete(s, checkpoints)
			if err := twoSubtasks.ahead(s, last); err != nil {
				return err
			}
			again := newSinkJob(twoSubtasks, s.FS())
			again.incarnation, again.last = 3, last
			if err := again.run(); err != nil {
				return err
			}
			return twoSubtasks.exactlyOnce(again.fsys)
		})
		if err != nil {
			return err
		}
		seen += inner.Distinct
		return inner.Err()
	})
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	t.Logf("%v; %d distinct states of recoveries", report, seen)
}

// Each sync of Prepare and of Commit is needed: forgotten once, it loses output, or what
// was promised to be visible is not. (What Open syncs is package durable's to prove.)
func TestEverySyncOfTheSinkIsNeeded(t *testing.T) {
	rule := faultfs.Rule{Ops: faultfs.Sync | faultfs.SyncDir, Do: faultfs.Drop}
	counting := faultfs.New(crashfs.New(crashfs.Strict), rule)
	must(t, counting.Mkdir("/data"))
	job := newSinkJob(oneSubtask, counting)
	opening := 0
	job.ack = func(label string) {
		if label == "opened" {
			opening = counting.Matched(0)
		}
	}
	must(t, job.run())
	all := counting.Matched(0)
	for rule.K = opening + 1; rule.K <= all; rule.K++ {
		var log []string
		report := sweepSink(t, oneSubtask, crashfs.Strict, func(disk durable.FS) durable.FS {
			return logfs.New(faultfs.New(disk, rule), func(line string) {
				if strings.HasPrefix(line, "sync") {
					log = append(log, line)
				}
			})
		}, func(s *crashfs.State, last complete) error {
			if err := oneSubtask.ahead(s, last); err != nil {
				return err
			}
			return oneSubtask.recovered(s.FS(), last)
		})
		if report.Bad == 0 {
			t.Errorf("without sync %d (%s) nothing is wrong: %v", rule.K, log[rule.K-1], report)
		}
		t.Logf("without sync %d (%s): %d of %d states are bad", rule.K, log[rule.K-1], report.Bad, report.States)
	}
	if n := all - opening; n != 9 {
		t.Errorf("%d syncs, want 3 for each of 3 periods in which something was written", n)
	}
}

// Whatever operation fails, and how, the job that is started again brings everything to
// be seen once.
func TestSinkSurvivesFaults(t *testing.T) {
	for _, fault := range []faultfs.Rule{
		{Do: faultfs.Fail, Err: syscall.EIO},
		{Do: faultfs.FailPartly, Err: syscall.ENOSPC},
		{Do: faultfs.FailAfter, Err: syscall.EIO},
		{Do: faultfs.Fail, Err: syscall.ENOSPC, Sticky: true},
		{Do: faultfs.FailAfter, Err: syscall.EIO, Sticky: true},
		{Do: faultfs.Fail, Err: syscall.EROFS, Sticky: true, Ops: faultfs.Mutations},
	} {
		failed := 0
		for k := 1; ; k++ {
			disk := crashfs.New(crashfs.Strict)
			fault.K = k
			faults := faultfs.New(disk, fault)
			job := newSinkJob(twoSubtasks, faults)
			err := job.run()
			for restarts := 0; err != nil && restarts < 3; restarts++ {
				failed++
				got, _, verr := visible(disk, outDir)
				if verr != nil && !errors.Is(verr, fs.ErrNotExist) {
					t.Fatalf("%v at %d: %v", fault, k, verr)
				}
				if err := within(got, twoSubtasks.written(job.last.periods)); err != nil {
					t.Errorf("%+v: visible, and not in a complete checkpoint: %v", fault, err)
				}
				err = job.run()
			}
			if faults.Fired(0) == 0 {
				must(t, err)
				break
			}
			if err != nil { // a fault that stays, until somebody sees to it
				job.fsys, job.incarnation, job.attempt = disk, 2, 0
				err = job.run()
			}
			if err == nil {
				err = twoSubtasks.exactlyOnce(disk)
			}
			if err != nil {
				t.Errorf("%+v: %v", fault, err)
			}
		}
		if failed < 10 {
			t.Errorf("%+v made %d runs fail", fault, failed)
		}
	}
}
