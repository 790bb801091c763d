package connectortest

import (
	"fmt"

	"github.com/weirstream/weir/durable/crashfs"
)

// sweep runs scenario, in which l lives on a disk, with a power cut after each of its
// operations, and check on every state that this may leave, with l as it was then: its
// last complete checkpoint, and what had been committed. The first bad state ends it.
func (l *life[T]) sweep(disk *crashfs.FS, scenario func() error, check func(disk *crashfs.FS, then *life[T]) error) (*crashfs.Report, error) {
	facts := map[string]fact{"": {complete: &complete{}}}
	begin := *l // also what was acknowledged before this sweep began is known
	acked, bad := 0, false
	l.happened = func(f fact) {
		acked++
		label := fmt.Sprintf("incarnation %d, fact %d", l.incarnation, acked)
		if f.complete != nil {
			label += fmt.Sprintf(": checkpoint %d is complete", f.complete.id)
		} else {
			label += fmt.Sprintf(": %d records are committed", f.committed)
		}
		facts[label] = f
		disk.Ack(label)
	}
	return crashfs.Sweep(disk, crashfs.Options{Enough: func() bool { return bad }}, scenario, func(s *crashfs.State) error {
		then := begin
		then.process, then.happened = nil, func(fact) {}
		for _, label := range s.Acked() {
			f, ok := facts[label]
			switch {
			case !ok: // of an outer sweep
			case f.complete != nil:
				then.last = *f.complete
			default:
				then.committed = f.committed
			}
		}
		after := s.FS()
		then.world = l.world.test.on(after)
		err := check(after, &then)
		bad = err != nil
		return err
	})
}

// saw turns what a sweep found into an error, and says how much it saw.
func (s *sinkTest[T]) saw(what string, report *crashfs.Report, err error) error {
	if err != nil {
		return fmt.Errorf("%s, before any power cut: %w", what, err)
	}
	if err := report.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.logf("%s: %v", what, report)
	return nil
}
