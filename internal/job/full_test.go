package job

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestFullDisk(t *testing.T) {
	at := func(path string, err error) error {
		return fmt.Errorf("operator out: %w", &fs.PathError{Op: "write", Path: path, Err: err})
	}
	for _, test := range []struct {
		err  error
		dir  string
		full bool
	}{
		{at("/out/.part-1", syscall.ENOSPC), "/out", true},
		{at("/out/.part-1", syscall.EDQUOT), "/out", true},
		{at("out", syscall.ENOSPC), ".", true},
		{at("/data/job/.inprogress-7", syscall.ENOSPC), "/data/job", true},             // to be made
		{at("/data/job/.inprogress-7.2/_metadata", syscall.ENOSPC), "/data/job", true}, // in it
		{errors.Join(at("/out/.part-1", syscall.ENOSPC), errors.New("close")), "/out", true},
		{fmt.Errorf("write to the database: %w", syscall.ENOSPC), "", true},
		{at("/out/.part-1", syscall.EIO), "", false},
		{errors.New("no space left on device"), "", false}, // words prove nothing
		{nil, "", false},
	} {
		if dir, full := fullDisk(test.err); dir != test.dir || full != test.full {
			t.Errorf("%v: %q %t, want %q %t", test.err, dir, full, test.dir, test.full)
		}
	}
}

func TestTellFull(t *testing.T) {
	full := fmt.Errorf("given up: %w", &fs.PathError{Op: "write", Path: "/out/f", Err: syscall.ENOSPC})
	for want, err := range map[string]error{
		"no space left in /out; checkpoint 7 is intact; free space and start again: given up: write /out/f: no space left on device": TellFull(full, 7),
		"no space left in /out; this run has completed no checkpoint, and what was there before is as it was; free space":            TellFull(full, 0),
		"no space left on a disk; checkpoint 7 is intact; free space":                                                                TellFull(syscall.ENOSPC, 7),
	} {
		if !strings.HasPrefix(err.Error(), want) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if TellFull(nil, 7) != nil || TellFull(ErrStopped, 7) != ErrStopped {
		t.Error("what is not the error of a full disk is changed")
	}
}
