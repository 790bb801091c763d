package connectortest

import (
	"strings"
	"testing"

	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
)

// Each sync of Prepare and of Commit of the sink that writes files is needed: forgotten
// once, it loses output, or what was promised to be visible is not. (What Open syncs is
// package durable's to prove.)
func TestEverySyncIsNeeded(t *testing.T) {
	rule := faultfs.Rule{Ops: faultfs.Sync | faultfs.SyncDir, Do: faultfs.Drop}
	s := newSinkTest(SinkConfig[string]{
		On: func(fsys durable.FS) Output[string] {
			return Output[string]{
				Sink:    file.LinesSinkOn(fsys, box),
				Visible: func() ([]string, error) { records, _, err := letters(fsys, false); return records, err },
			}
		},
		Record: record,
	}, t.Logf)

	counting := faultfs.New(crashfs.New(crashfs.Strict), rule)
	w := s.on(counting)
	if _, err := w.start(at(1, 1), 1, nil); err != nil {
		t.Fatal(err)
	}
	w.alive[theSink].kill()
	opening := counting.Matched(0)
	if err := s.life(s.on(counting), single, 1).run(); err != nil {
		t.Fatal(err)
	}
	// The folder was there the second time, which saves some.
	const needed = 9
	for rule.K = opening + 1; rule.K <= opening+needed; rule.K++ {
		disk := crashfs.New(crashfs.Strict)
		w := s.on(disk)
		var log []string
		w.through = logfs.New(faultfs.New(disk, rule), func(line string) {
			if strings.HasPrefix(line, "sync") {
				log = append(log, line)
			}
		})
		l := s.life(w, single, 1)
		report, err := l.sweep(disk, l.run, func(disk *crashfs.FS, then *life[string]) error {
			if err := then.ahead(); err != nil {
				return err
			}
			return then.next(s.on(disk)).toTheEnd()
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(log) != opening+needed {
			t.Fatalf("%d syncs, want 3 for each of 3 periods in which something was written, and %d before", len(log), opening)
		}
		t.Logf("without sync %d (%s): %d of %d states are bad", rule.K, log[rule.K-1], report.Bad, report.States)
		if report.Bad == 0 {
			t.Errorf("without sync %d (%s) nothing is wrong", rule.K, log[rule.K-1])
		}
	}
}
