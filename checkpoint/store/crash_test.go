package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
)

// TestCrashCycle cuts the power at every operation of one and of two checkpoints. The
// counts are those of durability.md, appendix B, for the sequence that this package is
// to follow; they were made by another program. One operation more or less, or one
// sync elsewhere, and they are others.
func TestCrashCycle(t *testing.T) {
	for _, c := range []struct {
		states, cycles, ops int
		all                 uint64
		distinct            int
	}{
		{1, 1, 15, 201, 37},
		{2, 1, 19, 633, 93},
		{3, 1, 23, 2137, 241},
		{1, 2, 30, 7817, 379},
		{2, 2, 38, 80249, 2183},
		{1, 3, 45, 129673, 721},
	} {
		t.Run(fmt.Sprintf("N=%d/K=%d", c.states, c.cycles), func(t *testing.T) {
			w, s := newWorld(t, c.states, 1, 1)
			r := w.sweep(t, func() error {
				for range c.cycles {
					if err := w.cycle(s); err != nil {
						return err
					}
				}
				return nil
			})
			wantNoneBad(t, r)
			if r.Ops != c.ops || r.States != c.all || r.Distinct != c.distinct {
				t.Errorf("%d operations, %d states, %d distinct; want %d, %d, %d\n%s",
					r.Ops, r.States, r.Distinct, c.ops, c.all, c.distinct, strings.Join(w.disk.Trace(), "\n"))
			}
		})
	}
}

func TestCrashScenarios(t *testing.T) {
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			w, s := newWorld(t, sc.states, sc.retain, sc.before)
			wantNoneBad(t, w.sweep(t, func() error { return sc.run(w, s) }))
		})
	}
}

// TestCrashFromTheBeginning begins before there is a directory.
func TestCrashFromTheBeginning(t *testing.T) {
	w := &world{disk: newDisk(t), states: 1, opts: func() Options { return testOptions(1) }}
	w.fs = w.disk
	wantNoneBad(t, w.sweep(t, w.fromTheBeginning))
}

// fromTheBeginning is a job's first start, and its first two checkpoints.
func (w *world) fromTheBeginning() error {
	s, err := w.restart()
	if err != nil {
		return err
	}
	p, err := w.begin(s)
	if err != nil {
		return err
	}
	blobs, err := write(p, w.states)
	if err != nil {
		return err
	}
	if err := p.Publish(metadataOf(p.ID(), blobs), blobs, testNames); err != nil {
		return err
	}
	w.tell(toldComplete, p.of)
	return w.cycle(s)
}

// TestCrashInRecovery cuts the power a second time, during the recovery from every
// state that the first cut has left, at every operation of it.
func TestCrashInRecovery(t *testing.T) {
	for _, retain := range []int{1, 2} {
		t.Run(fmt.Sprintf("retain %d", retain), func(t *testing.T) {
			w, s := newWorld(t, 1, retain, retain)
			w.verdicts = map[crashfs.Fingerprint]error{}
			var second, operations int
			var states uint64
			r, err := crashfs.Sweep(w.disk, crashfs.Options{}, func() error { return w.cycle(s) },
				func(state *crashfs.State) error {
					w2 := &world{disk: state.FS(), states: w.states, opts: w.opts, verdicts: w.verdicts}
					w2.fs = w2.disk
					r, err := crashfs.Sweep(w2.disk, crashfs.Options{}, func() error { _, err := w2.restart(); return err }, w2.judge)
					if err != nil {
						return err
					}
					second, operations, states = second+1, operations+r.Ops, states+r.States
					if r.Sampled > 0 {
						return fmt.Errorf("not exhaustive: %v", r)
					}
					return r.Err()
				})
			check(t, err)
			wantNoneBad(t, r)
			t.Logf("%d recoveries with %d operations were cut again: %d states", second, operations, states)
		})
	}
}

// TestCrashInParallel lets run in parallel what may: the order is another one each
// time, and no order may lose anything.
func TestCrashInParallel(t *testing.T) {
	for range 10 {
		w, s := newWorld(t, 2, 1, 1)
		s.opts.serial = false
		r := w.sweep(t, func() error { return w.cycle(s) })
		if r.Bad > 0 {
			t.Fatal(r.Err())
		}
	}
}

// TestCrashOtherFileSystems: what holds by the strict model holds by kinder ones.
func TestCrashOtherFileSystems(t *testing.T) {
	for _, m := range []crashfs.Model{crashfs.Ext4, crashfs.Ext4NoDelalloc, crashfs.XFS, crashfs.Btrfs, crashfs.Writeback, crashfs.NoJournal} {
		t.Run(m.String(), func(t *testing.T) {
			w := &world{disk: crashfs.New(m), states: 2, opts: func() Options { return testOptions(1) }}
			w.fs = w.disk
			check(t, w.disk.Mkdir(base))
			w.disk.Settle()
			wantNoneBad(t, w.sweep(t, w.fromTheBeginning))
		})
	}
}
