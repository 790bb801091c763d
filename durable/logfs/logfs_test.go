package logfs_test

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
)

// numbered replaces every uuid by the order in which it came.
func numbered() func(string) string {
	uuid := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	known := map[string]string{}
	return func(name string) string {
		return uuid.ReplaceAllStringFunc(name, func(id string) string {
			if known[id] == "" {
				known[id] = fmt.Sprintf("<uuid-%d>", len(known)+1)
			}
			return known[id]
		})
	}
}

func scenario(fsys durable.FS, dir string) {
	in := func(name string) string { return path.Join(dir, name) }
	fsys.Mkdir(in(".inprogress-1.1"))
	for _, id := range []string{"0507881e-8877-40b0-82d6-3d7dead64ccc", "9504fadb-182e-4812-857a-3dffa2408222"} {
		durable.WriteFile(fsys, in(".inprogress-1.1/"+id), []byte("some state"))
	}
	fsys.SyncDir(in(".inprogress-1.1"))
	fsys.Rename(in(".inprogress-1.1"), in("chk-1"))
	fsys.SyncDir(in("."))
	l, err := fsys.Lock(in(".lock"))
	if err == nil {
		l.WriteAt([]byte("owner"), 8)
		if other, err := fsys.Lock(in(".lock")); err != nil {
			other.WriteAt([]byte("x"), 0)
			other.Close()
		}
		l.Sync()
		l.Close()
	}
	// Reading is not logged.
	fsys.ReadDir(in("chk-1"))
	fsys.Stat(in("chk-1"))
	if r, err := fsys.Open(in("chk-1/9504fadb-182e-4812-857a-3dffa2408222")); err == nil {
		r.ReadAt(make([]byte, 1), 0)
		r.Close()
	}
	// What fails.
	fsys.Mkdir(in("chk-1"))
	fsys.Create(in("missing/f"))
	fsys.Rename(in("chk-1"), in(".lock"))
	fsys.Remove(in("chk-1"))
	fsys.SyncDir(in("missing"))
	fsys.Remove("/elsewhere/f")
	durable.RemoveTree(fsys, in("chk-1"))
}

const golden = `mkdir .inprogress-1.1
create .inprogress-1.1/<uuid-1>
write .inprogress-1.1/<uuid-1> 10
sync .inprogress-1.1/<uuid-1>
close .inprogress-1.1/<uuid-1>
create .inprogress-1.1/<uuid-2>
write .inprogress-1.1/<uuid-2> 10
sync .inprogress-1.1/<uuid-2>
close .inprogress-1.1/<uuid-2>
sync-dir .inprogress-1.1
rename .inprogress-1.1 -> chk-1
sync-dir .
lock .lock
write-at .lock 8 5
lock .lock [locked by another owner]
write-at .lock 0 0 [locked by another owner]
close .lock
sync .lock
close .lock
mkdir chk-1 [file exists]
create missing/f [no such file or directory]
rename chk-1 -> .lock [file exists]
remove chk-1 [directory not empty]
sync-dir missing [no such file or directory]
remove /elsewhere/f [no such file or directory]
remove chk-1/<uuid-1>
remove chk-1/<uuid-2>
remove chk-1
`

// TestGoldenLog: the log is the same on the real file system and on the simulated one,
// and wherever the root is.
func TestGoldenLog(t *testing.T) {
	onCrashFS := crashfs.New(crashfs.Strict)
	if err := onCrashFS.Mkdir("/job"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		fsys durable.FS
		dir  string
	}{
		{"os", durable.OS(), filepath.ToSlash(t.TempDir())},
		{"crashfs", onCrashFS, "/job"},
		{"crashfs root", crashfs.New(crashfs.Strict), "/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log strings.Builder
			fsys := logfs.New(c.fsys, func(line string) { log.WriteString(line + "\n") },
				logfs.Root(c.dir), logfs.Rename(numbered()))
			scenario(fsys, c.dir)
			want := golden
			if c.dir == "/" {
				want = strings.ReplaceAll(want, "/elsewhere", "elsewhere") // inside, this time
			}
			if log.String() != want {
				t.Errorf("got\n%s\nwant\n%s", &log, want)
			}
			if fsys.Unwrap() != c.fsys {
				t.Error("Unwrap does not lead to the file system below")
			}
		})
	}
}

// TestErrorsOfWrappersBelow: an injected error is named by its own words, not by paths.
func TestErrorsOfWrappersBelow(t *testing.T) {
	var lines []string
	fsys := logfs.New(faultfs.New(crashfs.New(crashfs.Strict),
		faultfs.Rule{Ops: faultfs.Write, K: 1, Do: faultfs.FailPartly, Err: syscall.ENOSPC},
		faultfs.Rule{Ops: faultfs.Mkdir, K: 1, Err: fmt.Errorf("weather: %w", fmt.Errorf("rain"))}),
		func(line string) { lines = append(lines, line) })
	f, err := fsys.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("0123"))
	f.Sync()
	f.Close()
	fsys.Mkdir("d")
	want := []string{"create a", "write a 2 [no space left on device]", "sync a [no space left on device]", "close a", "mkdir d [rain]"}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

// TestLinesDoNotOverlap: log need not be safe for concurrent use itself. The race
// detector is the judge.
func TestLinesDoNotOverlap(t *testing.T) {
	lines := 0
	fsys := logfs.New(crashfs.New(crashfs.Strict), func(string) { lines++ })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				durable.WriteFile(fsys, fmt.Sprintf("f-%d-%d", i, j), []byte("x"))
			}
		})
	}
	wg.Wait()
	if lines != 8*20*4 {
		t.Errorf("%d lines", lines)
	}
}
