package job

import "testing"

// All effects of a checkpoint are visible once every task has said so of this checkpoint. What
// tasks say of an earlier or a later one does not count.
func TestEffects(t *testing.T) {
	e := effects{tasks: 2}
	e.begin(4, true)
	if e.visible(3) || e.visible(4) {
		t.Error("visible after one task of two")
	}
	if e.visible(3) || e.visible(5) {
		t.Error("another checkpoint was counted")
	}
	e.begin(5, true)
	if e.visible(4) || e.visible(5) {
		t.Error("what was said of an earlier checkpoint counts for the later one")
	}
	if !e.visible(5) {
		t.Error("not visible after both tasks")
	}
	if e.begin(6, false); e.visible(6) || e.visible(6) {
		t.Error("a checkpoint without effects has some")
	}
}
