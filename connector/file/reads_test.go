package file

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/weirstream/weir"
)

// A source says which files would become its input, whatever leads to them.
func TestReads(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	for _, d := range []string{"in", "in/below", "out", "deep/er"} {
		must(t, os.MkdirAll(filepath.Join(dir, d), 0o777))
	}
	for _, f := range []string{"in/a.txt", "out/real.txt", "out/other.txt"} {
		write(t, filepath.Join(dir, f), nil)
	}
	must(t, os.Symlink(in, filepath.Join(dir, "link")))
	must(t, os.Symlink("../in", filepath.Join(dir, "deep/link")))
	must(t, os.Symlink(filepath.Join(dir, "out/real.txt"), filepath.Join(in, "linked.txt")))
	t.Chdir(dir)
	for _, test := range []struct {
		src  weir.Source[string]
		path string
		want bool
	}{
		{Lines(in), "in/new.txt", true},
		{Lines(in), filepath.Join(in, "new.txt"), true},
		{Lines("in/"), filepath.Join(in, "new.txt"), true},
		{Lines("./in/below/.."), filepath.Join(in, "new.txt"), true},
		{Lines(in), "link/new.txt", true},
		{Lines("link"), "in/new.txt", true},
		{Lines("link"), "deep/link/new.txt", true},
		{Lines(in), "in/a.txt", true},
		{Lines(in), "in/../out/new.txt", false},
		{Lines(in), "in/below/new.txt", false}, // folders in it are not read
		{Lines(in), "in", false},
		{Lines(in), "in/.hidden", false},
		{Lines(in), "in/_hidden", false},
		{Lines(in), "missing/new.txt", false},
		{Lines(in), "out/real.txt", true}, // by the link
		{Lines(in), "out/other.txt", false},
		{Lines(in, Include("*.log")), "in/new.txt", false},
		{Lines(in, Include("*.log")), "in/new.log", true},
		{Lines(in, Exclude("part-*")), "in/part-1.txt", false},
		{Lines("in/a.txt"), "link/a.txt", true},
		{Lines("in/a.txt"), "in/b.txt", false},
		{Lines("in/later.txt", Follow()), "in/later.txt", true},
		{Lines("in/linked.txt"), "out/real.txt", true},
		{Lines("missing"), "missing/new.txt", false},
		{Lines("missing/deep"), "missing/deep", true},
	} {
		if got := test.src.(weir.FileReading).Reads(test.path); got != test.want {
			t.Errorf("%v reads %s: %v, want %v", test.src.(source[string]).folder.path, test.path, got, test.want)
		}
	}
}
