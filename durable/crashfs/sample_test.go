package crashfs_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
)

// TestSameSeedSameOrder: the states come in the same order every time, all of them or a
// sample, whatever the order of Go's maps.
func TestSameSeedSameOrder(t *testing.T) {
	models := slices.Clone(everyModel)
	for _, m := range everyModel {
		models = append(models, crashfs.Torn(crashfs.Thorough(m), crashfs.Sector))
	}
	for _, m := range models {
		for _, o := range []crashfs.Options{{}, {Limit: 1, Samples: 300, Seed: 7}} {
			t.Run(fmt.Sprintf("%v/limit %d", m, o.Limit), func(t *testing.T) {
				list := func() (all []crashfs.Fingerprint) {
					f := crashfs.New(m)
					p := protocol{2, 2, log1}
					s := &script{FS: f, ack: f.Ack, protocol: p}
					s.setup()
					f.Settle()
					s.writeInPlace(1, false)
					s.ackCheckpoint(1)
					s.removeFlink(0)
					o := o
					if o.Limit == 0 && f.Point().Size() > 1<<14 {
						o = crashfs.Options{Limit: 1, Samples: 5000, Seed: 1}
					}
					for s := range f.Point().States(o) {
						all = append(all, s.Fingerprint())
					}
					return all
				}
				all := list()
				for range 3 {
					if !slices.Equal(all, list()) {
						t.Fatal("another order")
					}
				}
			})
		}
	}
}

// TestEnough: a sweep that has seen enough looks at nothing more, and lets the scenario run
// to its end.
func TestEnough(t *testing.T) {
	f := crashfs.New(crashfs.Strict)
	looked := 0
	r, err := crashfs.Sweep(f, crashfs.Options{Enough: func() bool { return looked == 3 }}, func() error {
		for i := range 10 {
			create(t, f, fmt.Sprintf("/%02d", i))
		}
		return nil
	}, func(*crashfs.State) error { looked++; return nil })
	must(err)
	if looked != 3 || r.Visited >= 20 || r.Ops != 10 {
		t.Errorf("looked at %d: %v", looked, r)
	}
}

// TestOvertakenIsSampled: at a point with far too many states, each change is seen to be
// there without each one before it.
func TestOvertakenIsSampled(t *testing.T) {
	const files = 25
	f := crashfs.New(crashfs.Strict)
	for i := range files {
		create(t, f, fmt.Sprintf("/%02d", i))
	}
	seen := map[string]bool{}
	for s := range f.Point().States(crashfs.Options{Limit: 1, Samples: 4096}) {
		entries, err := s.FS().ReadDir("/")
		must(err)
		names := ""
		for _, e := range entries {
			names += e.Name + " "
		}
		seen[names] = true
	}
	for b := range files {
		for a := range b {
			want := ""
			for i := range b + 1 {
				if i != a {
					want += fmt.Sprintf("%02d ", i)
				}
			}
			if !seen[want] {
				t.Errorf("%d without %d was not seen", b, a)
			}
		}
	}
}
