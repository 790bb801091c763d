package file

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

var faults = flag.String("faults", "some", `"all" tries every combination of faults, also those that hardly differ`)

func allFaults() bool { return *faults == "all" }

// sinkFaults are all the ways in which an operation fails here: each error, before, amid
// and after the fact, and half of the bytes without an error; once and for good.
func sinkFaults() (rules []faultfs.Rule) {
	for _, sticky := range []bool{false, true} {
		for _, err := range []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EMFILE, syscall.EINTR} {
			for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailPartly, faultfs.FailAfter} {
				rules = append(rules, faultfs.Rule{Ops: faultfs.All, Do: do, Err: err, Sticky: sticky})
			}
		}
		rules = append(rules, faultfs.Rule{Ops: faultfs.Write | faultfs.Read, Do: faultfs.Short, Sticky: sticky})
	}
	return rules
}

// onlyTheFault: an error says what has failed, and never that it would fail again for all
// time: a job ends for that, and the disk may be well tomorrow.
func onlyTheFault(err error, rules []faultfs.Rule) error {
	if weir.IsPermanent(err) {
		return fmt.Errorf("called permanent: %w", err)
	}
	for _, r := range rules {
		if r.Do == faultfs.Short && errors.Is(err, io.ErrShortWrite) || r.Err != nil && errors.Is(err, r.Err) {
			return nil
		}
	}
	return fmt.Errorf("not what was made to fail: %w", err)
}

// withFaults runs the job on a disk with faults, again after each failure, and at last
// on the disk when it is well. Nothing is visible ahead of its checkpoint meanwhile, and
// everything is seen once in the end.
func (script script) withFaults(t *testing.T, rules ...faultfs.Rule) *faultfs.FS {
	t.Helper()
	disk := crashfs.New(crashfs.Strict)
	faulty := faultfs.New(disk, rules...)
	job := newSinkJob(script, faulty)
	err := job.run()
	failures := 0
	for ; err != nil && failures < 3; failures++ {
		if err := onlyTheFault(err, rules); err != nil {
			t.Errorf("%+v: %v", rules, err)
		}
		if open := faulty.StillOpen(); len(open) > 0 {
			t.Errorf("%+v: left open: %v", rules, open)
		}
		got, _, verr := visible(disk, outDir)
		if verr != nil && !errors.Is(verr, fs.ErrNotExist) {
			t.Fatalf("%+v: %v", rules, verr)
		}
		if err := within(got, script.written(job.last.periods)); err != nil {
			t.Errorf("%+v: visible, and not in a complete checkpoint: %v", rules, err)
		}
		err = job.run()
	}
	if len(rules) == 1 && !rules[0].Sticky && failures > 1 {
		t.Errorf("%+v: failed once, and %d runs did", rules, failures)
	}
	if err != nil { // a fault that stays, until somebody sees to it
		job.fsys, job.incarnation, job.attempt = disk, 2, 0
		err = job.run()
	}
	if err == nil {
		err = script.exactlyOnce(disk)
	}
	if err != nil {
		t.Errorf("%+v: %v", rules, err)
	}
	return faulty
}

// Whatever operation of writing, preparing, committing, aborting and opening fails, and
// how, the job that is started again brings everything to be seen once.
func TestSinkSurvivesFaults(t *testing.T) {
	positions, jobs, struck := 0, 0, 0
	for _, rule := range sinkFaults() {
		for rule.K = 1; ; rule.K++ {
			faulty := twoSubtasks.withFaults(t, rule)
			if faulty.Matched(0) < rule.K {
				break
			}
			positions, jobs, struck = max(positions, rule.K), jobs+1, struck+faulty.Fired(0)
		}
	}
	t.Logf("%d positions, %d ways to fail: %d jobs with %d faults", positions, len(sinkFaults()), jobs, struck)
}

// Every two operations of a job fail.
func TestSinkSurvivesPairsOfFaults(t *testing.T) {
	script, ways := oneSubtask, []faultfs.Rule{
		{Ops: faultfs.All, Do: faultfs.Fail, Err: syscall.EIO},
		{Ops: faultfs.All, Do: faultfs.FailPartly, Err: syscall.ENOSPC},
		{Ops: faultfs.All, Do: faultfs.FailAfter, Err: syscall.EIO},
	}
	if allFaults() {
		script = twoSubtasks
		ways = append(ways, faultfs.Rule{Ops: faultfs.Write | faultfs.Read, Do: faultfs.Short})
	}
	pairs := 0
	for _, first := range ways {
		for _, second := range ways {
			for first.K, second.K = 1, 2; ; first.K++ {
				for second.K = first.K + 1; ; second.K++ {
					if script.withFaults(t, first, second).Matched(1) < second.K {
						break
					}
					pairs++
				}
				if second.K == first.K+1 {
					break
				}
			}
		}
	}
	t.Logf("%d ways to fail, each with each: %d pairs of positions", len(ways), pairs)
}

// An operation fails, the job starts over, and the power fails at any time before, in
// between or after.
func TestSinkSurvivesAFaultAndAPowerCut(t *testing.T) {
	script := twoSubtasks
	positions, faults, distinct := 0, 0, 0
	var states uint64
	for _, rule := range []faultfs.Rule{
		{Ops: faultfs.Mutations, Err: syscall.EIO},
		{Ops: faultfs.Mutations, Err: syscall.EIO, Do: faultfs.FailPartly},
		{Ops: faultfs.Mutations, Err: syscall.EIO, Do: faultfs.FailAfter},
		{Ops: faultfs.Write, Do: faultfs.Short},
		{Ops: faultfs.Mutations, Err: syscall.EROFS, Sticky: true},
	} {
		for rule.K = 1; ; rule.K++ {
			disk := crashfs.New(crashfs.Strict)
			must(t, disk.Mkdir("/data"))
			disk.Settle()
			faulty := faultfs.New(disk, rule)
			checkpoints := map[string]complete{}
			job := newSinkJob(script, faulty)
			job.ack = disk.Ack
			job.completed = func(c complete) { checkpoints[fmt.Sprintf("complete %d", c.periods)] = c }
			report, err := crashfs.Sweep(disk, crashfs.Options{}, func() error {
				err := job.run()
				if err != nil {
					err = job.run()
				}
				return err
			}, func(s *crashfs.State) error {
				last := lastComplete(s, checkpoints)
				if err := script.ahead(s, last); err != nil {
					return err
				}
				return script.recovered(s.FS(), last)
			})
			if err != nil && !rule.Sticky {
				t.Errorf("%+v: %v", rule, err)
			}
			if err := report.Err(); err != nil || report.Sampled > 0 {
				t.Errorf("%+v: %v, %v", rule, report, err)
			}
			if faulty.Matched(0) < rule.K {
				break
			}
			positions, faults = max(positions, rule.K), faults+1
			states, distinct = states+report.States, distinct+report.Distinct
		}
	}
	t.Logf("%d positions, %d faults, %d states, %d distinct", positions, faults, states, distinct)
}

// A file of which less was taken than was given is of no use, whoever did not say so.
func TestSinkTakesNoShortWrite(t *testing.T) {
	var fsys durable.FS = faultfs.New(crashfs.New(crashfs.Strict), faultfs.Rule{Ops: faultfs.Write, K: 1, Do: faultfs.Short})
	w := openWriter(t, LinesSinkOn(fsys, outDir), first)
	must(t, w.Write([]string{"one", "two"}))
	if p, err := w.Prepare(1); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("prepared %x, %v", p, err)
	}
}
