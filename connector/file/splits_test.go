package file

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSplits(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.txt", "a.txt", ".hidden", "_SUCCESS", "c.gz"} {
		write(t, filepath.Join(dir, name), nil)
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder", "below"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "a.txt"), filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	write(t, outside, nil)
	for link, to := range map[string]string{
		"linked-folder": "folder", "loop": "loop", "dangling.txt": "nowhere", "outside.txt": outside, "z.txt": outside, "0-link.txt": "b.txt",
	} {
		must(t, os.Symlink(to, filepath.Join(dir, link)))
	}
	must(t, os.Link(filepath.Join(dir, "a.txt"), filepath.Join(dir, "hard.txt")))
	for _, test := range []struct {
		path string
		opts []Option
		want []string
	}{
		{dir, nil, []string{"a.txt", "b.txt", "c.gz", "outside.txt"}}, // each file once
		{dir + "/", nil, []string{"a.txt", "b.txt", "c.gz", "outside.txt"}},
		{filepath.Join(dir, "b.txt"), nil, []string{"b.txt"}},
		{filepath.Join(dir, "_SUCCESS"), nil, []string{"_SUCCESS"}}, // asked for by name
		{filepath.Join(dir, "0-link.txt"), nil, []string{"0-link.txt"}},
		{filepath.Join(dir, "folder"), nil, nil},
		{dir, []Option{Include("*.txt")}, []string{"a.txt", "b.txt", "outside.txt"}},
		{dir, []Option{Include("c*", "b*")}, []string{"b.txt", "c.gz"}},
		{dir, []Option{Include("*.txt"), Exclude("[ao]*")}, []string{"b.txt", "hard.txt", "z.txt"}},
		{dir, []Option{Include("_SUCCESS")}, nil},
	} {
		got, err := Lines(test.path, test.opts...).Splits(t.Context())
		if err != nil || !same(got, test.want) {
			t.Errorf("%s: got %q, %v, want %q", test.path, got, err, test.want)
		}
	}
	_, err := Lines(filepath.Join(dir, "missing")).Splits(t.Context())
	wantPermanent(t, err, "missing")
	_, err = Lines(dir, MaxLine(0)).Splits(t.Context())
	wantPermanent(t, err, "0 bytes")
	_, err = Lines(dir, Include("[")).Splits(t.Context())
	wantPermanent(t, err, "pattern", "[")
	for _, o := range []Option{Include("logs/*.log"), Exclude("*/old")} {
		_, err = Lines(dir, o).Splits(t.Context())
		wantPermanent(t, err, "pattern", "folder")
	}
}

func TestFolderMoves(t *testing.T) {
	dir := t.TempDir()
	old, moved := filepath.Join(dir, "old"), filepath.Join(dir, "moved")
	if err := os.Mkdir(old, 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(old, "a"), []byte("1\n2\n3\n"))
	steps, err := read(Lines(old), "a", nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(old, moved); err != nil {
		t.Fatal(err)
	}
	got, _ := mustRead(t, Lines(moved), "a", steps[0].position)
	if !same(got, []string{"3"}) {
		t.Errorf("got %q", got)
	}
	// The folder's only file, asked for by name, is the same split.
	got, _ = mustRead(t, Lines(filepath.Join(moved, "a")), "a", steps[0].position)
	if !same(got, []string{"3"}) {
		t.Errorf("got %q", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	write(t, path, []byte("1\n"))
	_, end := mustRead(t, Lines(dir), "a", nil)
	open := func(path, id string, position []byte) error {
		_, err := read(Lines(path), id, position, 1)
		return err
	}
	wantPermanent(t, open(path, "b", nil), "another file, b")
	for _, id := range []string{"", ".", "..", "../a", "x/y", "a/1", "a/02", "a/2/3", "./2", "a\x00"} {
		wantPermanent(t, open(dir, id, nil), "not the name of a file")
	}
	wantPermanent(t, open(dir, "gone", nil), "gone")
	wantPermanent(t, open(dir, "gone", end), "gone", "when the files were listed")
	wantPermanent(t, open(dir, "a", []byte{}), "position")
	wantPermanent(t, open(dir, "a", []byte{9, 9, 9}), "version 9")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	wantPermanent(t, open(dir, "folder", nil), "a directory")
}
