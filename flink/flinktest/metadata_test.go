package flinktest

import (
	"path/filepath"
	"testing"

	"github.com/weirstream/weir/flink"
)

// TestSameMetadata: sameMetadata finds metadata with another meaning, and accepts metadata
// that have the same meaning and other bytes.
func TestSameMetadata(t *testing.T) {
	metadata := func(change func(*written)) string {
		w := small(false)
		change(w)
		return filepath.Join(w.write(t), "_metadata")
	}
	wrote := metadata(func(*written) {})
	for name, same := range map[string]func(*written){
		"nothing":  func(*written) {},
		"the seal": func(w *written) { w.seal = []byte("a seal") },
	} {
		if err := sameMetadata(wrote, metadata(same)); err != nil {
			t.Errorf("%s: sameMetadata says that the meaning differs: %v", name, err)
		}
	}
	for name, other := range map[string]func(*written){
		"the id":         func(w *written) { w.id++ },
		"an offset":      func(w *written) { w.spoil = func(h *flink.KeyGroupsHandle) { h.Offsets[0]++ } },
		"an element":     func(w *written) { w.operators[0].elements = nil },
		"an operator id": func(w *written) { w.operators[0].ID[0]++ },
		"a stream":       func(w *written) { w.inline = func() bool { return true } },
	} {
		if sameMetadata(wrote, metadata(other)) == nil {
			t.Errorf("%s: sameMetadata does not find that the meaning differs", name)
		}
	}
}
