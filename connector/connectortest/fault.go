package connectortest

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// attempts is how often a job is restarted within its process.
const attempts = 4

// ways are all the ways in which an operation fails here: each error, before, amid (half of
// the bytes are written) and after the fact; once and for good.
func ways() (rules []faultfs.Rule) {
	for _, sticky := range []bool{false, true} {
		for _, err := range []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EMFILE, syscall.EINTR} {
			for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailPartly, faultfs.FailAfter} {
				rules = append(rules, faultfs.Rule{Do: do, Err: err, Sticky: sticky})
			}
		}
	}
	// A disk that can be read only.
	return append(rules, faultfs.Rule{Ops: faultfs.Mutations, Do: faultfs.Fail, Err: syscall.EROFS, Sticky: true})
}

// faults: whatever operation fails, and how, and whether it goes on failing: the job that
// is started again, in the same process or in another one when the disk is whole, makes
// everything visible once.
func (s *sinkTest[T]) faults() error {
	if err := s.needsFiles(); err != nil {
		return err
	}
	lives := 0
	all, err := s.operations(long, widths)
	if err != nil {
		return err
	}
	for _, rule := range ways() {
		for rule.K = 1; ; rule.K++ {
			if rule.K <= all && !s.sample.tries(25) {
				continue
			}
			faulty, err := s.fault(long, widths, rule)
			if err != nil {
				return fmt.Errorf("%s: %w", ruleText(rule), err)
			}
			if faulty.Matched(0) < rule.K {
				break
			}
			lives++
		}
	}
	s.logf("%d ways to fail, %d faults", len(ways()), lives)
	return nil
}

// pairsOfFaults: any two operations fail, each before, amid or after the fact.
func (s *sinkTest[T]) pairsOfFaults() error {
	if err := s.needsFiles(); err != nil {
		return err
	}
	three := []faultfs.Rule{
		{Do: faultfs.Fail, Err: syscall.EIO},
		{Do: faultfs.FailPartly, Err: syscall.ENOSPC},
		{Do: faultfs.FailAfter, Err: syscall.EIO},
	}
	pairs := 0
	all, err := s.operations(short, []int{1})
	if err != nil {
		return err
	}
	for _, first := range three {
		for _, second := range three {
			for first.K = 1; ; first.K++ {
				for second.K = first.K + 1; ; second.K++ {
					if second.K <= all && !s.sample.tries(120) {
						continue
					}
					faulty, err := s.fault(short, []int{1}, first, second)
					if err != nil {
						return fmt.Errorf("%s, and %s: %w", ruleText(first), ruleText(second), err)
					}
					if faulty.Matched(1) < second.K {
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
	s.logf("%d pairs of faults", pairs)
	return nil
}

// operations is how many operations a life has without faults.
func (s *sinkTest[T]) operations(sc script, widths []int) (int, error) {
	faulty, err := s.fault(sc, widths, faultfs.Rule{})
	if err != nil {
		return 0, fmt.Errorf("without faults: %w", err)
	}
	return faulty.Matched(0), nil
}

// fault lives one life with faults in it.
func (s *sinkTest[T]) fault(sc script, widths []int, rules ...faultfs.Rule) (*faultfs.FS, error) {
	disk := crashfs.New(crashfs.Strict)
	w := s.on(disk)
	faulty := faultfs.New(disk, rules...)
	w.through = faulty
	l := s.life(w, sc, widths...)
	err := l.restarts(faulty, rules)
	if err != nil && (isVerdict(err) || faulty.Fired(0) == 0) {
		return faulty, err
	}
	if err := l.ahead(); err != nil {
		return faulty, err
	}
	// By now the disk is whole again.
	return faulty, l.next(s.on(disk)).toTheEnd()
}

// restarts runs the job until an attempt and its process end well, as the engine does; not
// for ever. Each failure is held against explained.
func (l *life[T]) restarts(faulty *faultfs.FS, rules []faultfs.Rule) (err error) {
	for range attempts {
		err = l.whole()
		if err == nil || isVerdict(err) {
			return err
		}
		if err := l.explained(err, faulty, rules); err != nil {
			return verdict{err}
		}
		if err := l.ahead(); err != nil {
			return verdict{err}
		}
	}
	return err
}

// explained makes sure that an attempt that failed has said what was made to fail, has not
// called it permanent (the disk may be well tomorrow), and has left no file open but what
// the claim of its process keeps.
func (l *life[T]) explained(err error, faulty *faultfs.FS, rules []faultfs.Rule) error {
	if weir.IsPermanent(err) {
		return fmt.Errorf("the error is called permanent, and a restart would have helped: %w", err)
	}
	open := faulty.StillOpen()
	if l.process != nil {
		for _, name := range l.process.locks() {
			if i := slices.Index(open, name); i >= 0 {
				open = slices.Delete(open, i, i+1)
			}
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("left open after %q: %q", err, open)
	}
	for _, r := range rules {
		if errors.Is(err, r.Err) {
			return nil
		}
	}
	return fmt.Errorf("the error does not wrap what was made to fail: %w", err)
}

// faultsAndPowerCuts: an operation fails, the job starts over, and the power fails at any
// moment before, in between or after. Above all, if a sync fails, nothing that it was to
// make durable is relied on.
func (s *sinkTest[T]) faultsAndPowerCuts() error {
	if err := s.needsFiles(); err != nil {
		return err
	}
	faults, states := 0, uint64(0)
	all, err := s.operations(single, []int{1})
	if err != nil {
		return err
	}
	for _, rule := range []faultfs.Rule{
		{Ops: faultfs.Mutations, Do: faultfs.Fail, Err: syscall.EIO},
		{Ops: faultfs.Mutations, Do: faultfs.FailPartly, Err: syscall.ENOSPC},
		{Ops: faultfs.Mutations, Do: faultfs.FailAfter, Err: syscall.EIO},
		{Ops: faultfs.Mutations, Do: faultfs.Fail, Err: syscall.EROFS, Sticky: true},
	} {
		for rule.K = 1; ; rule.K++ {
			if rule.K <= all && !s.sample.tries(10) {
				continue
			}
			disk := crashfs.New(crashfs.Strict)
			w := s.on(disk)
			faulty := faultfs.New(disk, rule)
			w.through = faulty
			l := s.life(w, single, 1)
			var failed error // as it must, while the disk fails
			report, err := l.sweep(disk, func() error {
				failed = l.restarts(faulty, []faultfs.Rule{rule})
				if isVerdict(failed) || faulty.Fired(0) == 0 {
					return failed
				}
				return nil
			}, func(disk *crashfs.FS, then *life[T]) error {
				if err := then.ahead(); err != nil {
					return err
				}
				return then.next(s.on(disk)).toTheEnd()
			})
			if err == nil {
				err = report.Err()
			}
			if err != nil {
				return fmt.Errorf("%s: %w", ruleText(rule), err)
			}
			if faulty.Matched(0) < rule.K {
				break
			}
			faults, states = faults+1, states+report.States
		}
	}
	s.logf("%d faults, and the power cut at each moment: %d states", faults, states)
	return nil
}

// ruleText is a rule for people.
func ruleText(r faultfs.Rule) string {
	how := map[faultfs.Action]string{
		faultfs.Fail: "fails", faultfs.FailPartly: "fails half-way", faultfs.FailAfter: "takes effect and fails",
	}[r.Do]
	what := "operation"
	if r.Ops == faultfs.Mutations {
		what = "change"
	}
	text := fmt.Sprintf("%s %d %s with %q", what, r.K, how, r.Err)
	if r.Sticky {
		text += ", and all that follow"
	}
	return text
}
