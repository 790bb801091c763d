package run_test

import (
	"errors"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/run"
)

// An error of a sink that no retry heals ends the job at once, wherever it comes; one that may
// heal does not. Either way nothing is lost: the next run writes the rest.
func TestErrorsOfSinksThatDoNotHeal(t *testing.T) {
	for name, test := range map[string]struct {
		rule  faultfs.Rule
		heals bool
	}{
		"no folder":          {faultfs.Rule{Ops: faultfs.Mkdir, K: 1, Err: syscall.EROFS}, false},
		"no lock":            {faultfs.Rule{Ops: faultfs.Lock, K: 1, Err: syscall.EACCES}, false},
		"no file":            {faultfs.Rule{Ops: faultfs.Create, K: 3, Err: syscall.EACCES}, false},
		"no visible name":    {faultfs.Rule{Ops: faultfs.Rename, Name: "part-*", K: 2, Err: syscall.EROFS}, false},
		"no look at a start": {faultfs.Rule{Ops: faultfs.ReadDir, K: 2, Err: syscall.EACCES}, false},
		"a full disk":        {faultfs.Rule{Ops: faultfs.Create, K: 3, Err: syscall.ENOSPC}, true},
		"a bad disk":         {faultfs.Rule{Ops: faultfs.Lock, K: 1, Err: syscall.EIO}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 1000
				opts, dir := options(t, 1), t.TempDir()+"/out"
				test.rule.Sticky, opts.Restart.Max = true, 3
				faults := faultfs.New(durable.OS(), test.rule)
				err := run.Local(t.Context(), written(faults, dir, n, 1000), opts)
				st := opts.Monitor.Status()
				if !errors.Is(err, test.rule.Err) || faults.Fired(0) == 0 || weir.IsPermanent(err) == test.heals {
					t.Errorf("the job ended with %v", err)
				}
				if failed := st.Failures["sink"]; failed == 0 || (failed > 1) != test.heals {
					t.Errorf("it has failed for the reasons %v", st.Failures)
				}
				if err := run.Local(t.Context(), written(durable.OS(), dir, n, 1e6), opts); err != nil {
					t.Error(err)
				}
				checkWritten(t, dir, n)
			})
		})
	}
}
