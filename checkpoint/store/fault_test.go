package store

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// What the default leaves out takes minutes.
var faults = flag.String("faults", "some", `"all" tries every combination of faults, also those that hardly differ`)

func allFaults() bool { return *faults == "all" }

const (
	once   = false
	sticky = true
)

var errnos = []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EMFILE, syscall.EINTR}

// manners are all the ways in which an operation fails here: each error, before, amid and
// after the fact, and half of the bytes without an error; once, and from then on.
func manners() (rules []faultfs.Rule) {
	for _, always := range []bool{once, sticky} {
		for _, err := range errnos {
			for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailPartly, faultfs.FailAfter} {
				rules = append(rules, faultfs.Rule{Ops: faultfs.All, Do: do, Err: err, Sticky: always})
			}
		}
		rules = append(rules, faultfs.Rule{Ops: faultfs.Write | faultfs.Read, Do: faultfs.Short, Sticky: always})
	}
	return rules
}

// A situation is what a job manager finds when it starts.
type situation struct {
	name    string
	retain  int
	prepare func(t *testing.T, disk *crashfs.FS)
}

var situations = []situation{
	{"nothing", 1, func(*testing.T, *crashfs.FS) {}},
	{"one checkpoint", 1, func(t *testing.T, disk *crashfs.FS) { liveBefore(t, disk, 1) }},
	// Recovery verifies checkpoint 3 and, as two are to be kept, 2; it deletes 1, and what
	// a crash has left.
	{"three checkpoints and leftovers", 2, func(t *testing.T, disk *crashfs.FS) {
		liveBefore(t, disk, 3)
		for _, name := range []string{".inprogress-9.1", ".trash-8"} {
			check(t, disk.Mkdir(jobDir.Join(name)))
			check(t, durable.WriteFile(disk, jobDir.Join(name)+"/state-1", []byte("left over")))
		}
	}},
}

func liveBefore(t *testing.T, disk *crashfs.FS, n int) {
	t.Helper()
	s, _ := mustStart(t, disk, testOptions(n))
	for range n {
		mustPublish(t, s, 1)
	}
	check(t, s.Close())
}

// world is a new one, as the situation has it.
func (sit situation) world(t *testing.T, verdicts map[crashfs.Fingerprint]error) *world {
	t.Helper()
	w := &world{disk: newDisk(t), states: 1, opts: func() Options { return testOptions(sit.retain) }, verdicts: verdicts}
	w.fs = w.disk
	sit.prepare(t, w.disk)
	w.disk.Settle()
	return w
}

// cuts is how many of the states that a power cut may leave are looked at after each
// life. With several directories being deleted there are thousands, and they hardly differ.
func (sit situation) cuts() crashfs.Options {
	if sit.retain > 1 && !allFaults() {
		return crashfs.Options{Limit: 60, Samples: 20, Seed: 36421}
	}
	return crashfs.Options{}
}

const lifeCycles = 2

// maxOperations is more operations than a life has. A sample may miss the end of it.
const maxOperations = 200

// TestEveryFault fails each operation of a job manager's life in turn, with each error
// and in each manner, once and from then on. Whatever happens, nothing false is said, nothing
// is left open, and when the disk is well again everything that was promised is there.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for _, sit := range situations {
		t.Run(sit.name, func(t *testing.T) {
			try := sample(t, 32)
			verdicts := map[crashfs.Fingerprint]error{}
			positions, lives, struck := 0, 0, 0
			for _, rule := range manners() {
				n := 0
				for rule.K = 1; ; rule.K++ {
					if !try() {
						continue
					}
					faulty := aFaultyLife(t, sit, verdicts, rule)
					if faulty.Matched(0) < rule.K {
						break
					}
					n, struck = n+1, struck+faulty.Fired(0)
				}
				positions, lives = max(positions, n), lives+n
				if t.Failed() {
					t.FailNow()
				}
			}
			t.Logf("%d positions, %d ways to fail: %d lives with %d faults, %d distinct states judged",
				positions, len(manners()), lives, struck, len(verdicts))
		})
	}
}

// aFaultyLife lives with faults, then without.
func aFaultyLife(t *testing.T, sit situation, verdicts map[crashfs.Fingerprint]error, rules ...faultfs.Rule) *faultfs.FS {
	t.Helper()
	w := sit.world(t, verdicts)
	faulty := faultfs.New(w.disk, rules...)
	w.fs = faulty
	completed, err := w.life(lifeCycles)
	if err := acceptable(completed, err, rules); err != nil {
		t.Errorf("%+v: %v\n%s", rules, err, strings.Join(w.disk.Trace(), "\n"))
	}
	if open := faulty.StillOpen(); len(open) > 0 {
		t.Errorf("%+v: left open: %v", rules, open)
	}
	// What was told must hold for the next process, and after a power cut.
	for state := range w.disk.Point().States(sit.cuts()) {
		if err := w.judge(state); err != nil {
			t.Errorf("%+v: %v\n%s\n%s", rules, err, state, strings.Join(w.disk.Trace(), "\n"))
			break
		}
	}
	// The next process, on the disk as it is, goes on.
	w.fs = w.disk
	before := len(w.disk.Trace())
	if n, err := w.life(1); err != nil || n != 1 {
		t.Errorf("%+v: in the life after, %d checkpoints were completed: %v\n%s",
			rules, n, err, strings.Join(w.disk.Trace()[before:], "\n"))
	}
	return faulty
}

// acceptable says what is wrong with how a life has ended, if anything is.
func acceptable(completed int, err error, rules []faultfs.Rule) error {
	var lie falsehood
	switch single := len(rules) == 1 && !rules[0].Sticky; {
	case errors.As(err, &lie):
		return err
	case single && err != nil:
		return fmt.Errorf("one fault, and it could not start the second time either: %w", err)
	case single && completed < lifeCycles-1:
		return fmt.Errorf("one fault, and %d of %d checkpoints were completed", completed, lifeCycles)
	case err == nil:
		return nil
	}
	// It says what has failed. Bytes that were not handed out have no error of their own.
	var damaged *DamagedError
	for _, r := range rules {
		if r.Do == faultfs.Short || errors.Is(err, r.Err) || r.Err == syscall.EIO && errors.As(err, &damaged) {
			return nil
		}
	}
	return fmt.Errorf("it could not start, and does not say why: %w", err)
}

// TestEveryPairOfFaults fails every two operations of one life.
func TestEveryPairOfFaults(t *testing.T) {
	t.Parallel()
	try := sample(t, 64)
	var ways []faultfs.Rule
	for _, err := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
		for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailPartly, faultfs.FailAfter, faultfs.Short} {
			if allFaults() || err == syscall.EIO && (do == faultfs.Fail || do == faultfs.FailAfter) {
				ways = append(ways, faultfs.Rule{Ops: faultfs.All, Do: do, Err: err})
			}
		}
	}
	sit := situations[1]
	verdicts := map[crashfs.Fingerprint]error{}
	pairs, struck := 0, 0
	for _, first := range ways {
		for _, second := range ways {
			for first.K = 1; ; first.K++ {
				second.K = first.K + 1
				for ; ; second.K++ {
					if !try() {
						continue
					}
					faulty := aFaultyLife(t, sit, verdicts, first, second)
					if faulty.Matched(1) < second.K {
						break
					}
					pairs, struck = pairs+1, struck+faulty.Fired(0)+faulty.Fired(1)
				}
				if t.Failed() {
					t.FailNow()
				}
				if second.K == first.K+1 || first.K > maxOperations {
					break
				}
			}
		}
	}
	t.Logf("%d ways to fail, each with each: %d pairs of positions, %d faults, %d distinct states judged",
		len(ways), pairs, struck, len(verdicts))
	if !allFaults() {
		t.Log("more of them with -args -faults all")
	}
}

// TestDiskWellAgain: a disk that fails for a while, from any operation on, is no end:
// the same process goes on when it is over, if it may after one recovery.
func TestDiskWellAgain(t *testing.T) {
	try := sample(t, 4)
	recovered, went := 0, 0
	for _, rule := range manners() {
		for rule.K = 1; ; rule.K++ {
			if !try() {
				continue
			}
			w, s := newWorld(t, 1, 1, 1)
			rule.Sticky = true
			faulty := faultfs.New(w.disk, rule)
			w.fs, s.fsys = faulty, faulty
			check(t, w.liveOn(s))
			if faulty.Matched(0) < rule.K {
				break
			}
			w.fs, s.fsys = w.disk, w.disk
			var unknown *UnknownOutcomeError
			if _, err := s.Subsume(); errors.As(err, &unknown) || errors.Is(err, errNotRecovered) {
				c, err := s.Recover(From{})
				if err != nil {
					t.Fatalf("%+v: %v", rule, err)
				}
				w.tell(toldRestored, c.Seal.Identity)
				recovered++
			}
			before := s.Newest()
			check(t, w.liveOn(s))
			if s.Newest() <= max(before, checkpoint.ID(1)) {
				t.Errorf("%+v: the disk is well, and no checkpoint is completed", rule)
			}
			went++
		}
	}
	t.Logf("went on %d times, %d of them after a recovery", went, recovered)
}
