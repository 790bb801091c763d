package file

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
)

// A name that leads nowhere is left out with a warning, and everything else is read; when
// it leads somewhere, that is read, too.
func TestNamesThatLeadNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, opts := range [][]Option{nil, {Follow()}} {
			d := drive(t, t.TempDir(), opts...)
			d.write("a", "1\n")
			must(t, os.Symlink("nowhere/b", d.path("dangling")))
			must(t, os.Symlink("loop", d.path("loop")))
			log := loggedBy(t, func() { d.run(2) })
			d.want("1")
			for _, words := range []string{"cannot be looked at and is left out", "dangling"} {
				if !strings.Contains(log, words) {
					t.Errorf("the log does not say %q: %s", words, log)
				}
			}
			if opts == nil {
				continue
			}
			must(t, os.Mkdir(d.path("nowhere"), 0o777))
			write(t, d.path("nowhere/b"), []byte("2\n"))
			d.run(3)
			d.want("1", "2")
		}
	})
}

// What is no regular file is refused at once if it was asked for, and passed over in a
// folder. Nothing waits for the other end of a pipe.
func TestPipesSocketsDevices(t *testing.T) {
	dir := t.TempDir()
	pipe, socket := filepath.Join(dir, "pipe"), filepath.Join(dir, "socket")
	mkfifo(t, pipe)
	l, err := net.Listen("unix", socket)
	must(t, err)
	defer l.Close()
	write(t, filepath.Join(dir, "a"), []byte("1\n"))
	for path, words := range map[string]string{pipe: "a named pipe", socket: "a socket", os.DevNull: "a device"} {
		for _, opts := range [][]Option{nil, {Follow()}} {
			src := Lines(path, opts...)
			_, err := src.Splits(t.Context())
			wantPermanent(t, err, path, words, "could not be read again")
			// It may have become one since it was listed.
			steps, err := read(src, filepath.Base(path), nil, 1)
			wantPermanent(t, err, path, words)
			if len(steps) > 0 {
				t.Errorf("%s: %d records", path, len(steps))
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, dir)
		d.run(1)
		d.want("1")
	})
}

// A file that is gone between the listing and the opening is an error that names it, for a
// source that ends; a follower goes on.
func TestGoneBeforeItIsOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, opts := range [][]Option{nil, {Follow()}} {
			dir := t.TempDir()
			for _, name := range []string{"a", "b"} {
				write(t, filepath.Join(dir, name), []byte(name+"\n"))
			}
			src := Lines(dir, opts...)
			p, err := src.(weir.SplitPlanner).PlanSplits(t.Context(), nil)
			must(t, err)
			r, err := src.Open(t.Context(), p.Read[1])
			must(t, err)
			defer r.Close()
			must(t, os.Remove(filepath.Join(dir, "b")))
			n, err := r.Read(t.Context(), make([]string, 1))
			if opts == nil {
				wantPermanent(t, err, filepath.Join(dir, "b"), "when the files were listed")
			} else if n != 0 || err != io.EOF {
				time.Sleep(searchPause) // it has searched just now
				if n, err := r.Read(t.Context(), make([]string, 1)); n != 0 || err != io.EOF {
					t.Errorf("%d records, %v", n, err)
				}
			}
		}
	})
}

// A folder that cannot be listed is the end; later, for the moment.
func TestUnlistableFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "in")
	for _, opts := range [][]Option{nil, {Follow()}} {
		src := Lines(filepath.Join(dir, "missing"), opts...)
		_, err := src.Splits(t.Context())
		wantPermanent(t, err, "missing", "no such file")
	}
	must(t, os.Mkdir(dir, 0o777))
	src := Lines(dir, Follow())
	_, err := src.Splits(t.Context())
	must(t, err)
	must(t, os.Remove(dir))
	if _, err = src.Splits(t.Context()); err == nil || weir.IsPermanent(err) {
		t.Errorf("a folder that was there: %v, want an error that a restart may heal", err)
	}
	write(t, dir, nil)
	if _, err = src.Splits(t.Context()); err == nil || weir.IsPermanent(err) {
		t.Errorf("a file is there now: %v, want an error that a restart may heal", err)
	}
}

// A file that was asked for by name is waited for by a follower, also while it is being
// rotated; no other file of its folder is read.
func TestOneFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		d := drive(t, filepath.Join(dir, "a.log"), Follow())
		d.dir = dir
		d.write("b.log", "no\n")
		log := loggedBy(t, func() { d.run(70) })
		if n := strings.Count(log, "not there yet"); n != 2 {
			t.Errorf("it is said %d times in 70 s that the file is not there: %s", n, log)
		}
		d.write("a.log", "1\n")
		d.run(2)
		d.add("a.log", "2\n")
		d.rename("a.log", "a.log.1")
		d.run(2)
		c := d.checkpoint()
		d.stop()
		d.add("a.log.1", "3\n")
		d.start(c)
		d.run(2)
		d.write("a.log", "4\n")
		d.run(2)
		d.want("1", "2", "3", "4")
		d.wantSplits("a.log", "a.log/2")
	})
}

// A source that ends goes on if what it had read to the end is gone, and only then.
func TestBoundedAndGone(t *testing.T) {
	lines := strings.Repeat("a line that is there\n", 30)
	for _, test := range []struct {
		name    string
		partly  bool // read before things happen
		happens func(d *driver)
		words   []string // of the refusal; nil: none
		want    []string
	}{
		{"removed", false, func(d *driver) { d.remove("a") }, nil, nil},
		{"removed, and half of it was read", true, func(d *driver) { d.remove("a") }, []string{"line 7", "is gone", "file.Exclude"}, nil},
		{"replaced", false, func(d *driver) { d.write("b", "new\n"); d.rename("b", "a") }, nil, []string{"new"}},
		{"written over", false, func(d *driver) { d.write("a", "new\n") }, nil, []string{"new"}},
		{"emptied", false, func(d *driver) { d.write("a", "") }, nil, nil},
		{"replaced, and half of it was read", true, func(d *driver) { d.write("b", "new\n"); d.rename("b", "a") }, []string{"line 7", "replaced by another"}, nil},
		{"edited", false, func(d *driver) { d.write("a", strings.Repeat("a line that is there\n", 29)+"a line that is THERE\n") }, []string{"line 30", "not what was read"}, nil},
		{"edited by a program that replaces it", false, func(d *driver) {
			d.write("b", strings.Repeat("a line that is there\n", 29)+"a line that is THERE\n")
			d.rename("b", "a")
		}, []string{"line 30", "rewritten"}, nil},
		{"cut", false, func(d *driver) { must(d.t, os.Truncate(d.path("a"), 300)) }, []string{"line 30", "truncated"}, nil},
		{"rewritten with more at its end", false, func(d *driver) { d.write("b", lines+"more\n"); d.rename("b", "a") }, nil, []string{"more"}},
		{"renamed", true, func(d *driver) { d.rename("a", "z") }, nil, strings.Split(strings.TrimSpace(strings.Repeat("a line that is there\n", 23)), "\n")},
		{"packed", false, func(d *driver) { d.copy("a", "a.gz", zip); d.remove("a") }, nil, nil},
		{"rotated", false, func(d *driver) { d.add("a", "1\n"); d.rename("a", "a.1"); d.write("a", "2\n") }, nil, []string{"1", "2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := drive(t, t.TempDir())
				d.write("a", lines)
				if test.partly {
					must(t, d.plan())
					n, err := d.readers["a"].Read(t.Context(), make([]string, 7))
					if n != 7 || err != nil {
						t.Fatal(n, err)
					}
					d.positions["a"] = d.readers["a"].Position()
				} else {
					d.run(1)
				}
				c := d.checkpoint()
				d.stop()
				test.happens(d)
				d.got = nil
				c.got = 0
				d.start(c)
				err := d.tick()
				if test.words != nil {
					wantPermanent(t, err, append(test.words, d.path("a"))...)
					// With the file left out, the job goes on.
					d.stop()
					d.new = func() weir.Source[string] { return Lines(d.dir, Exclude("a")) }
					d.start(c)
					must(t, d.tick())
					if d.positions["a"] == nil {
						t.Error("the position is not kept")
					}
					return
				}
				must(t, err)
				d.want(test.want...)
				d.restart(d.checkpoint())
				must(t, d.tick())
				d.want(test.want...)
			})
		})
	}
}

// The positions of files that are gone leave the checkpoints, also of a job that runs a
// moment each day.
func TestForgottenBetweenRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, t.TempDir())
		for day := range 20 {
			d.write("day-"+itoa(int64(day)), itoa(int64(day))+"\n")
			must(t, d.tick())
			d.remove("day-" + itoa(int64(day)))
			time.Sleep(forgetAfter)
			d.restart(d.checkpoint())
		}
		if n := len(d.got); n != 20 {
			t.Errorf("%d records", n)
		}
		if n := len(d.positions); n > 3 {
			t.Errorf("%d positions are kept%s", n, d.text())
		}
	})
}

func TestReadEndsWithContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte(strings.Repeat("x", 1<<20)))
	_, end := mustRead(t, Lines(path), "in", nil)
	add(t, path, []byte("\n"))
	r, err := Lines(path).Open(t.Context(), weir.Split{ID: "in", Position: end})
	must(t, err)
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := r.Read(ctx, make([]string, 1)); n != 0 || err != context.Canceled {
		t.Errorf("while it reads again what was read: %d records, %v", n, err)
	}
}
