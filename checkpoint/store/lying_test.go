package store

import (
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// TestLyingDisk is on a disk that forgets some syncs and says that it has done them. No
// store keeps its promises there, and this one loses checkpoints, too. But what it hands
// out is never torn: the damage is reported, or what comes back is older or nothing.
func TestLyingDisk(t *testing.T) {
	t.Parallel()
	var found outcomes
	try := sample(t, 12)
	for seed := range uint64(40) {
		if try() {
			found.add(t, lyingDisk(t, seed, nil))
		}
	}
	if found.torn > 0 {
		t.Errorf("handed out %d times what was not whole: %v", found.torn, found.err)
	}
	if !testing.Short() && (found.damage == 0 || found.older == 0 || found.absent == 0 || found.whole == 0) {
		t.Errorf("too little was seen: %+v", found)
	}
	t.Logf("%+v", found)
	t.Run("without verification", func(t *testing.T) {
		var found outcomes
		for seed := range uint64(10) {
			if found.add(t, lyingDisk(t, seed, trusting)); testing.Short() && found.torn > 0 {
				break // it was seen
			}
		}
		if found.torn == 0 {
			t.Errorf("nothing torn was handed out: %+v", found)
		}
	})
}

// outcomes counts what recovery came to.
type outcomes struct {
	whole, older, absent, damage, refused, torn int
	err                                         error // the first that was torn
}

func (o *outcomes) add(t *testing.T, p outcomes) {
	t.Helper()
	o.whole += p.whole
	o.older += p.older
	o.absent += p.absent
	o.damage += p.damage
	o.refused += p.refused
	o.torn += p.torn
	if o.err == nil {
		o.err = p.err
	}
}

func lyingDisk(t *testing.T, seed uint64, recover func(durable.FS, Options) (*Store, *Checkpoint, error)) (o outcomes) {
	t.Helper()
	lying := crashfs.Lying(crashfs.Thorough(crashfs.Torn(crashfs.Strict, 64)), 0.3, seed)
	w := &world{
		disk: crashfs.New(lying), states: 2, recover: recover,
		opts: func() Options { return testOptions(1) },
	}
	w.fs = w.disk
	check(t, w.disk.Mkdir(base))
	w.disk.Settle()
	_, err := crashfs.Sweep(w.disk, crashfs.Options{Limit: 256, Samples: 128, Seed: seed}, w.fromTheBeginning,
		func(state *crashfs.State) error {
			complete := toldTo(state).complete
			_, c, err := w.recovery(state.FS())
			have := checkpoint.ID(0)
			if c != nil {
				have = c.ID
			}
			switch {
			case isDamage(err):
				o.damage++
			case err != nil:
				o.refused++
			case w.asWritten(c) != nil:
				o.torn++
				if o.err == nil {
					o.err = w.asWritten(c)
				}
			case have >= complete:
				o.whole++
			case c == nil:
				o.absent++
			default:
				o.older++
			}
			return nil
		})
	check(t, err)
	return o
}
