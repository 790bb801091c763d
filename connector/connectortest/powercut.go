package connectortest

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/weirstream/weir/durable/crashfs"
)

// preparedIsDurable: whenever the power fails after a checkpoint is complete, what it holds
// prepared can be committed. The process does not come to commit it itself.
func (s *sinkTest[T]) preparedIsDurable() error {
	if err := s.needsFiles(); err != nil {
		return err
	}
	disk := crashfs.New(crashfs.Strict)
	l := s.life(s.on(disk), first, 1)
	l.step = func(call string) error {
		if call == "commit" {
			return errKilled
		}
		return nil
	}
	scenario := func() error {
		if err := l.run(); !errors.Is(err, errKilled) {
			return cmp.Or(err, errors.New("nothing was to be committed"))
		}
		return nil
	}
	report, err := l.sweep(disk, scenario, func(disk *crashfs.FS, then *life[T]) error {
		_, err := then.next(s.on(disk)).begin()
		return err
	})
	return s.saw("the restored checkpoint committed in every state", report, err)
}

// committedIsDurable: whenever the power fails, what Commit has returned for is visible,
// without any process doing anything, and nothing else.
func (s *sinkTest[T]) committedIsDurable() error {
	if err := s.needsFiles(); err != nil {
		return err
	}
	disk := crashfs.New(crashfs.Strict)
	l := s.life(s.on(disk), single, 1)
	report, err := l.sweep(disk, l.run, func(_ *crashfs.FS, then *life[T]) error { return then.ahead() })
	return s.saw("the output looked at in every state", report, err)
}

// powerCuts: the power fails after each operation of a whole life, and in every state that
// this may leave the next process brings it to its end. By the model that promises least
// and by those of real file systems.
func (s *sinkTest[T]) powerCuts() error {
	if err := s.needsFiles(); err != nil {
		return err
	}
	for i, model := range []crashfs.Model{crashfs.Strict, crashfs.Ext4, crashfs.Ext4NoDelalloc, crashfs.XFS, crashfs.Btrfs, crashfs.Writeback} {
		if i > 0 && !s.sample.tries(4) {
			continue
		}
		disk := crashfs.New(model)
		l := s.life(s.on(disk), long, widths...)
		l.remembers = i%2 == 1
		report, err := l.sweep(disk, l.whole, func(disk *crashfs.FS, then *life[T]) error {
			if err := then.ahead(); err != nil {
				return err
			}
			return then.next(s.on(disk)).toTheEnd()
		})
		if err := s.saw(model.String(), report, err); err != nil {
			return err
		}
		if report.Distinct < len(long) {
			return fmt.Errorf("only %d states could be told apart: does the sink of On write to the file system that it is given? %v", report.Distinct, report)
		}
	}
	return nil
}

// recoveries is how many states that a power cut leaves are recovered from with power cuts
// in the recovery, at the most.
const recoveries = 60

// powerCutsInRecovery: the power fails again while the next process recovers.
func (s *sinkTest[T]) powerCutsInRecovery() error {
	if err := s.needsFiles(); err != nil {
		return err
	}
	disk := crashfs.New(crashfs.Strict)
	first := s.life(s.on(disk), short, widths...)
	first.remembers = true
	type left struct {
		disk *crashfs.FS
		then *life[T]
	}
	var all []left
	report, err := first.sweep(disk, first.whole, func(disk *crashfs.FS, then *life[T]) error {
		all = append(all, left{disk, then})
		return nil
	})
	if err := s.saw("strict", report, err); err != nil {
		return err
	}
	seen := 0
	for _, l := range atMost(s.sample, all, recoveries) {
		second := l.then.next(s.on(l.disk))
		report, err = second.sweep(l.disk, second.whole, func(disk *crashfs.FS, then *life[T]) error {
			if err := then.ahead(); err != nil {
				return err
			}
			return then.next(s.on(disk)).toTheEnd()
		})
		if err != nil {
			return err
		}
		if err := report.Err(); err != nil {
			return err
		}
		seen += report.Distinct
	}
	s.logf("%d distinct states of recoveries", seen)
	return nil
}
