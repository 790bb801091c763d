package file

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/weirstream/weir"
)

// A folder that is mounted in a second place is the same folder. Needs root.
func TestReadsByAnotherMount(t *testing.T) {
	in, elsewhere := t.TempDir(), t.TempDir()
	if err := syscall.Mount(in, elsewhere, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("cannot mount: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(elsewhere, syscall.MNT_DETACH)) })
	must(t, os.Mkdir(filepath.Join(in, "below"), 0o777))
	for _, test := range []struct {
		src  weir.Source[string]
		path string
		want bool
	}{
		{Lines(in), filepath.Join(elsewhere, "new.txt"), true},
		{Lines(elsewhere), filepath.Join(in, "new.txt"), true},
		{Lines(filepath.Join(in, "below")), filepath.Join(elsewhere, "below", "new.txt"), true},
		{Lines(in), filepath.Join(elsewhere, "below", "new.txt"), false},
		{Lines(in, Include("*.log")), filepath.Join(elsewhere, "new.txt"), false},
		{Lines(filepath.Join(in, "later.txt"), Follow()), filepath.Join(elsewhere, "later.txt"), true},
	} {
		if got := test.src.(weir.FileReading).Reads(test.path); got != test.want {
			t.Errorf("%v reads %s: %v, want %v", test.src.(source[string]).folder.path, test.path, got, test.want)
		}
	}
}
