package weirtest

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/weirstream/weir/durable"
)

// A power cut takes what was not synced, or does not; what was synced it never takes. The same
// seed leaves the same.
func TestPowerCutTakesWhatWasNotSynced(t *testing.T) {
	lost := 0
	for seed := range uint64(20) {
		var left [2]bool
		for i := range left {
			d := newDisk(0)
			for _, name := range []string{"/synced", "/not"} {
				if err := durable.WriteFile(d.fs, name, []byte("bytes")); err != nil {
					t.Fatal(err)
				}
				if name == "/synced" {
					if err := d.fs.SyncDir("/"); err != nil {
						t.Fatal(err)
					}
				}
			}
			d.cut(seed)
			if _, err := d.fs.Stat("/synced"); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			_, err := d.fs.Stat("/not")
			left[i] = err == nil
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
		if left[0] != left[1] {
			t.Errorf("seed %d leaves one thing and another", seed)
		}
		if !left[0] {
			lost++
		}
	}
	if lost == 0 || lost == 20 {
		t.Errorf("lost %d times of 20", lost)
	}
}
