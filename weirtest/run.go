package weirtest

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// A Run is one life of a job under test: it starts, crashes, is started again from what is on
// the disk. Its methods are the steps of a script, and are called by the goroutine of the
// test. Each step waits first until everything that was pushed so far has been processed. A
// step that cannot be taken, or that finds that the job has failed, ends the test.
type Run struct {
	t    tb
	plan plan

	disk    *disk
	job     func() *weir.Job
	opts    run.Options
	process *process // the one that runs, or has run last; nil before the first
	starts  int      // how many processes there were
	steps   int      // how many steps the script has taken
	cuts    int      // how often the power was cut

	mu      sync.Mutex
	sources []clocked
	sinks   map[string]shown // by the name of the operator
}

// tb is what a run needs of the test that it belongs to.
type tb interface {
	Helper()
	Name() string
	Log(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Failed() bool
}

// A clocked source is told that time has passed.
type clocked interface{ tick() }

// A shown sink can show what is visible as text.
type shown interface {
	lines(operator string) []string
}

func newRun(t tb, p plan) *Run {
	r := &Run{t: t, plan: p, sinks: make(map[string]shown)}
	r.disk = newDisk(p.operation)
	return r
}

// Start starts the job, as a new process does: from the last complete checkpoint on the disk,
// if there is one. job builds it: each start builds it anew, as a new process would, and so
// do the starts after crashes that [EveryCrash] adds. Sources and sinks are what a process
// does not take with it; make them once, outside of the function.
//
// In the options, zero values mean what they mean in package run, but: one subtask per
// operator; no checkpoints but those of [Run.Checkpoint] and [Run.Stop]; no restart after a
// failure; the checkpoints are on the run's disk; the log goes to that of the test, from
// warnings on.
func (r *Run) Start(job func() *weir.Job, opts run.Options) {
	r.t.Helper()
	if r.running() {
		r.t.Fatal("Start: the job is running; call Stop or Crash before")
	}
	r.job, r.opts = job, opts
	r.launch()
	r.step(func() bool { return true })
}

// launch starts a process and waits until it is running.
func (r *Run) launch() {
	opts := r.opts
	if n := len(r.plan.parallelism); n > 0 {
		opts.Parallelism = r.plan.parallelism[r.starts%n]
	}
	r.starts++
	r.process = startProcess(r, r.job(), opts)
	synctest.Wait()
}

// running reports whether there is a process that has not ended.
func (r *Run) running() bool { return r.process != nil && !r.process.over() }

// step does what a step of a script does. If the process crashes meanwhile, because the plan
// says so, it is started again, and try is called again until it returns true. Then comes
// the crash that the plan has after this step.
func (r *Run) step(try func() bool) {
	r.t.Helper()
	synctest.Wait()
	for {
		done := try()
		synctest.Wait()
		if r.process != nil && r.process.crashed() && !r.process.killed {
			r.finishCrash(r.plan.power)
			r.launch()
			continue
		}
		if !done {
			continue
		}
		break
	}
	r.check()
	if r.steps++; r.steps == r.plan.step {
		r.crashAgain()
	}
}

// crashAgain is the crash after a step, and the start after it.
func (r *Run) crashAgain() {
	wasRunning := r.running()
	r.die()
	if wasRunning {
		r.launch()
		r.check()
	}
}

// check ends the test if the job has failed.
func (r *Run) check() {
	r.t.Helper()
	if r.process != nil && r.process.over() && !r.process.asked && r.process.failure() != nil {
		r.process.asked = true
		r.t.Fatalf("the job has failed: %v", r.process.failure())
	}
}

// Settle waits until everything that was pushed so far has been processed. No time passes.
func (r *Run) Settle() {
	r.t.Helper()
	r.step(func() bool { return true })
}

// Advance lets time pass: timers of processing time fire, splits become idle, checkpoints of
// the interval are taken. When it returns, everything that was due has been done. A split
// whose idleness has come is noticed within a second, or within a hundredth of d.
func (r *Run) Advance(d time.Duration) {
	r.t.Helper()
	began := time.Now()
	each := max(time.Second, d/100)
	r.step(func() bool {
		left := d - time.Since(began)
		if left > 0 {
			select {
			case <-time.After(min(left, each)):
			case <-r.crash():
				return false
			}
			synctest.Wait()
		}
		r.tick()
		return left <= each
	})
}

// tick tells the sources that time has passed.
func (r *Run) tick() {
	r.mu.Lock()
	sources := slices.Clone(r.sources)
	r.mu.Unlock()
	for _, s := range sources {
		s.tick()
	}
}

// crash returns a channel that is closed when the process that runs crashes.
func (r *Run) crash() <-chan struct{} {
	if !r.running() {
		return nil
	}
	return r.process.dead
}

// Checkpoint takes a checkpoint, waits until it is complete and its output is visible, and
// returns its id.
func (r *Run) Checkpoint() (id weir.CheckpointID) {
	r.t.Helper()
	synctest.Wait()
	r.mustRun("Checkpoint")
	r.step(func() bool {
		var err error
		id, err = r.process.monitor.Checkpoint(context.Background())
		if r.process.crashed() {
			return false
		}
		if err != nil {
			synctest.Wait()
			r.check()
			r.t.Fatalf("Checkpoint: %v", err)
		}
		return true
	})
	return id
}

// mustRun ends the test if the job is not running.
func (r *Run) mustRun(step string) {
	r.t.Helper()
	if r.process == nil {
		r.t.Fatalf("%s: the job was not started; call Start before", step)
	}
	if !r.running() {
		r.check()
		r.t.Fatalf("%s: the job is not running: it has come to its end, or was stopped", step)
	}
}

// mustHaveStarted ends the test if there is no process, or if the script has ended it.
func (r *Run) mustHaveStarted(step string) {
	r.t.Helper()
	if r.process == nil || r.process.killed {
		r.t.Fatalf("%s: the job is not running; call Start before", step)
	}
}

// Stop stops the job, with a final checkpoint: all output of what was processed is visible
// afterwards. A job whose input has ended may have ended already.
func (r *Run) Stop() {
	r.t.Helper()
	r.mustHaveStarted("Stop")
	r.step(func() bool {
		r.process.cancel()
		<-r.process.done
		return !r.process.crashed()
	})
}

// Wait waits until the job ends by itself, and returns what run.Local has returned: nil if
// its input has ended and all output is visible. Time passes if the job needs it. A job that
// has not ended after a day fails the test: is there a source without an end?
func (r *Run) Wait() error {
	r.t.Helper()
	r.mustHaveStarted("Wait")
	r.step(func() bool {
		select {
		case <-r.process.done:
		case <-time.After(day):
			r.t.Fatal("Wait: the job has not ended within a day of its time: has every source been told to End?")
		}
		r.process.asked = !r.process.crashed()
		return r.process.asked
	})
	return r.process.err
}

const day = 24 * time.Hour

// Crash ends the process as kill -9 does: what is in its memory is gone, and what it has
// written to the disk is there. [Run.Start] starts the next one.
//
// It is the process of the job that crashes, and not that of the test. Functions of the job
// see that their context ends; what they do then outside of Weir is not undone.
func (r *Run) Crash() {
	r.t.Helper()
	r.kill("Crash")
	r.step(func() bool { return true })
}

// PowerCut is a crash of the whole machine: of what was written to the disk and not synced,
// some is there and some is not, as file systems do it. What that is depends on the name of
// the test, so it is the same each time.
func (r *Run) PowerCut() {
	r.t.Helper()
	r.kill("PowerCut")
	r.cutPower()
	r.step(func() bool { return true })
}

func (r *Run) kill(step string) {
	r.t.Helper()
	if r.process == nil {
		r.t.Fatalf("%s: the job was not started; call Start before", step)
	}
	if !r.process.over() {
		r.process.kill()
	}
}

// die ends the process, if there is one, by the crash that the plan has.
func (r *Run) die() {
	if r.running() {
		r.process.kill()
	}
	if r.plan.power {
		r.cutPower()
	}
}

// finishCrash waits for the end of a process that has crashed by itself.
func (r *Run) finishCrash(power bool) {
	r.process.kill()
	if power {
		r.cutPower()
	}
}

// cutPower replaces the disk by one that a power cut may leave.
func (r *Run) cutPower() {
	if r.opts.FS != nil {
		r.t.Fatal("the power can only be cut of the run's own disk: leave Options.FS empty")
	}
	seed := fnv.New64a()
	_, _ = io.WriteString(seed, r.t.Name()) // a hash never fails
	r.cuts++
	r.disk.cut(seed.Sum64() + uint64(r.cuts))
}

// Status returns the figures of the job: of the process that runs, or has run last.
func (r *Run) Status() run.Status {
	if r.process == nil {
		return run.Status{}
	}
	return r.process.monitor.Status()
}

// end ends what is left when the script has returned.
func (r *Run) end() {
	if r.process == nil {
		return
	}
	failed := r.process.over() && !r.process.asked
	if !r.process.over() {
		r.process.kill()
	}
	if failed && r.process.failure() != nil && !r.t.Failed() {
		r.t.Errorf("the job has failed: %v", r.process.failure())
	}
}

// addSource notes a source of the job.
func (r *Run) addSource(s clocked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.sources, s) {
		r.sources = append(r.sources, s)
	}
}

// failureOf returns nil for an end that is no failure.
func failureOf(err error) error {
	if errors.Is(err, run.ErrStopped) || errors.As(err, new(*crashError)) {
		return nil
	}
	return err
}

// addSink notes a sink of the job.
func (r *Run) addSink(operator string, s shown) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sinks[operator] = s
}
