package connectortest

import (
	"fmt"
	"syscall"

	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// attempts is how often a job is restarted within its process before somebody looks.
const attempts = 4

// faults: whatever operation fails, and how, and whether it goes on failing: the job that
// is started again, in the same process or after somebody has seen to it, makes everything
// visible once.
func (s *sinkTest[T]) faults() error {
	if err := s.needsFiles(); err != nil {
		return err
	}
	for _, rule := range []faultfs.Rule{
		{Do: faultfs.Fail, Err: syscall.EIO},
		{Do: faultfs.FailPartly, Err: syscall.ENOSPC},
		{Do: faultfs.FailAfter, Err: syscall.EIO},
		{Do: faultfs.Fail, Err: syscall.ENOSPC, Sticky: true},
		{Do: faultfs.FailAfter, Err: syscall.EIO, Sticky: true},
		{Do: faultfs.Fail, Err: syscall.EROFS, Sticky: true, Ops: faultfs.Mutations},
	} {
		for rule.K = 1; ; rule.K++ {
			fired, err := s.fault(rule)
			if err != nil {
				return fmt.Errorf("%s: %w", ruleText(rule), err)
			}
			if !fired {
				break
			}
		}
	}
	return nil
}

// fault lives one life with one fault in it.
func (s *sinkTest[T]) fault(rule faultfs.Rule) (fired bool, err error) {
	disk := crashfs.New(crashfs.Strict)
	w := s.on(disk)
	faulty := faultfs.New(disk, rule)
	w.through = faulty
	l := s.life(w, long, widths...)
	err = l.restarts()
	fired = faulty.Fired(0) > 0
	if isVerdict(err) || err != nil && !fired {
		return fired, err
	}
	if err := l.ahead(); err != nil {
		return fired, err
	}
	// By now the disk is whole again.
	return fired, l.next(s.on(disk)).toTheEnd()
}

// restarts runs the job until an attempt ends well, as the engine does; not for ever.
func (l *life[T]) restarts() (err error) {
	for range attempts {
		err = l.run()
		if err == nil || isVerdict(err) {
			return err
		}
		if err := l.ahead(); err != nil {
			return verdict{err}
		}
	}
	return err
}

// failedSyncs: if a sync fails, nothing that it was to make durable is relied on: the
// power fails afterwards, at any moment, and nothing is lost.
func (s *sinkTest[T]) failedSyncs() error {
	if err := s.needsFiles(); err != nil {
		return err
	}
	rule := faultfs.Rule{Ops: faultfs.Sync | faultfs.SyncDir, Do: faultfs.Fail, Err: syscall.EIO}
	for rule.K = 1; ; rule.K++ {
		disk := crashfs.New(crashfs.Strict)
		w := s.on(disk)
		faulty := faultfs.New(disk, rule)
		w.through = faulty
		l := s.life(w, single, 1)
		report, err := l.sweep(disk, l.restarts, func(disk *crashfs.FS, then *life[T]) error {
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
		if faulty.Fired(0) == 0 {
			return nil
		}
	}
}

// ruleText is a rule for people.
func ruleText(r faultfs.Rule) string {
	how := map[faultfs.Action]string{
		faultfs.Fail: "fails", faultfs.FailPartly: "fails half-way", faultfs.FailAfter: "takes effect and fails",
	}[r.Do]
	what := "operation"
	switch r.Ops {
	case faultfs.Sync | faultfs.SyncDir:
		what = "sync"
	case faultfs.Mutations:
		what = "change"
	}
	text := fmt.Sprintf("%s %d %s with %q", what, r.K, how, r.Err)
	if r.Sticky {
		text += ", and all that follow"
	}
	return text
}
