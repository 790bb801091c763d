package main

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// A refusingFS does not open certain files, or read them.
type refusingFS struct {
	durable.FS
	refuse func(name string) bool
	err    error
	onRead bool
}

func (f refusingFS) Open(name string) (durable.Reader, error) {
	if !f.refuse(name) {
		return f.FS.Open(name)
	}
	err := &fs.PathError{Op: "open", Path: name, Err: f.err}
	if !f.onRead {
		return nil, err
	}
	r, errOpen := f.FS.Open(name)
	return refusingReader{r, err}, errOpen
}

type refusingReader struct {
	durable.Reader
	err error
}

func (r refusingReader) ReadAt([]byte, int64) (int, error) { return 0, r.err }

// TestUnreadable: what cannot be opened is not called damaged, and what the disk has lost is not
// called unreadable.
func TestUnreadable(t *testing.T) {
	base := filepath.ToSlash(t.TempDir())
	if err := (madeJob{keys: 1, maxBytes: -1}).run(base, "words", 2, false); err != nil {
		t.Fatal(err)
	}
	job := path.Join(base, flink.JobIDOf("words").String())
	flinks := path.Join(base, "mine")
	if err := small.writeFlinks(flinks, false, ""); err != nil {
		t.Fatal(err)
	}
	metadata := func(name string) bool { return strings.HasSuffix(name, "chk-2/"+checkpoint.MetadataName) }
	state := func(name string) bool { return strings.Contains(name, "chk-2/") && !metadata(name) }
	stateOfFlinks := func(name string) bool { return path.Base(name) == "state-2" }
	for _, v := range []struct {
		fs   refusingFS
		args []string
		code int
		want string // in standard output
		errs string // in standard error
	}{
		{refusingFS{nil, metadata, syscall.EACCES, false}, []string{"ls", job}, exitFailed, "unreadable\n", "permission denied"},
		{refusingFS{nil, metadata, syscall.EACCES, false}, []string{"ls", job}, exitFailed, "\n? a restart of the job begins here; it is not known whether the job can read it\n", "weir: open "},
		{refusingFS{nil, metadata, syscall.EACCES, false}, []string{"ls", "--json", job}, exitFailed, `"state":"unreadable"`, `"exit_code":2}`},
		{refusingFS{nil, metadata, syscall.EACCES, false}, []string{"inspect", job}, exitFailed, "", "permission denied"},
		{refusingFS{nil, metadata, syscall.EACCES, false}, []string{"verify", job}, exitFailed, "1 verified, 1 unreadable", "permission denied"},
		{refusingFS{nil, metadata, syscall.EACCES, false}, []string{"verify", path.Join(job, "chk-2")}, exitFailed, "chk-2: unreadable\n", "permission denied"},
		{refusingFS{nil, state, syscall.EACCES, false}, []string{"verify", "--json", job}, exitFailed, `"state":"unreadable"`, `"exit_code":2}`},
		{refusingFS{nil, state, syscall.EACCES, false}, []string{"inspect", job}, exitFailed, "unreadable: ", "permission denied"},
		{refusingFS{nil, stateOfFlinks, syscall.EACCES, false}, []string{"verify", flinks}, exitFailed, "mine: unreadable\n", "permission denied"},
		{refusingFS{nil, state, syscall.EIO, true}, []string{"verify", job}, exitDamaged, "1 verified, 1 damaged", ""},
		{refusingFS{nil, metadata, syscall.EIO, true}, []string{"verify", job}, exitDamaged, "1 verified, 1 damaged", ""},
		{refusingFS{nil, state, syscall.EIO, true}, []string{"inspect", job}, exitDamaged, "damaged: ", ""},
		{refusingFS{nil, stateOfFlinks, syscall.EIO, true}, []string{"verify", flinks}, exitDamaged, "mine: damaged\n", ""},
	} {
		v.fs.FS = durable.OS()
		stdout, stderr, code := runOn(v.fs, v.args...)
		if code != v.code || !strings.Contains(stdout, v.want) || !strings.Contains(stderr, v.errs) || v.errs == "" && stderr != "" {
			t.Errorf("%v, %v: exit code %d, want %d and %q and %q\n%s%s", v.fs.err, v.args, code, v.code, v.want, v.errs, stdout, stderr)
		}
	}
}
