package weirtest

import (
	"testing"
	"testing/synctest"
)

// Test runs a script in a bubble of testing/synctest: it has a clock of its own, which stands
// still unless the script advances it or waits for something that needs time. The job that
// the script starts keeps its checkpoints on a disk in memory.
//
// When the script returns, a job that still runs is ended as by a crash. A job that has
// failed fails the test, unless the script has asked for the error by [Run.Wait].
//
// In a bubble t.Run, t.Parallel and t.Deadline must not be called, and real network
// connections do not work.
func Test(t *testing.T, script func(t *testing.T, r *Run)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRun(t, plan{})
		defer r.end()
		script(t, r)
	})
}
