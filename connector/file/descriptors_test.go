package file

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
)

// limited is a source that may have n files open.
func limited(n int, path string, opts ...Option) source[string] {
	src := Lines(path, opts...).(source[string])
	src.descriptors = newDescriptors(n)
	return src
}

// opened is how many files of a folder are open in this process.
func opened(t testing.TB, dir string) int { return len(openFiles(t, dir)) }

// openedAtOnce is opened while files are opened and closed. A listing is not made at one
// moment: it may have a file that was closed before another one was opened. So only two
// listings that are the same count, and otherwise it is 0.
func openedAtOnce(t testing.TB, dir string) int {
	first := openFiles(t, dir)
	if !maps.Equal(first, openFiles(t, dir)) {
		return 0
	}
	return len(first)
}

// openFiles returns the descriptors of the process that are files in a folder.
func openFiles(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("there is no /proc")
	}
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && filepath.Dir(to) == dir {
			files[fd.Name()] = to
		}
	}
	return files
}

// Many readers, in as many goroutines, share few descriptors: all of them get on, and there
// are never more files open.
func TestReadersShareDescriptors(t *testing.T) {
	dir := t.TempDir()
	const files, lines, few = 60, 40, 5
	for i := range files {
		var b []byte
		for j := range lines {
			b = fmt.Appendf(b, "%d-%d %s\n", i, j, make([]byte, 200))
		}
		write(t, filepath.Join(dir, fmt.Sprint("f", i)), b)
	}
	src := limited(few, dir, Follow())
	p, err := src.PlanSplits(t.Context(), nil)
	must(t, err)
	var running sync.WaitGroup
	got := make([]int, files)
	for i, s := range p.Read {
		r, err := src.Open(t.Context(), s)
		must(t, err)
		defer r.Close()
		running.Go(func() {
			records := make([]string, 3)
			for got[i] < lines {
				n, err := r.Read(t.Context(), records)
				if err != nil {
					t.Error(err)
					return
				}
				got[i] += n
			}
		})
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	for most := 0; ; {
		select {
		case <-done:
			if n := opened(t, dir); n > few || n == 0 {
				t.Errorf("%d files are open in the end, want 1 to %d", n, few)
			}
			if most > few {
				t.Errorf("%d files were open at once, want %d at most", most, few)
			}
			return
		default:
			most = max(most, openedAtOnce(t, dir))
		}
	}
}

// Readers wait for a descriptor in the order in which they came; one that waits no longer
// takes none away.
func TestDescriptorsAreHandedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, nil)
	all := newDescriptors(1)
	busy := descriptor{of: all}
	must(t, busy.open(t.Context(), path))
	if err := (&descriptor{of: all}).open(t.Context(), path); err != errBusy {
		t.Fatalf("with none left: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&descriptor{of: all}).open(ended, path); err != context.Canceled {
		t.Fatalf("with a context that has ended: %v", err)
	}
	src := Lines(path).(source[string])
	src.descriptors = all
	r, err := src.Open(t.Context(), weir.Split{ID: "in"})
	must(t, err)
	defer r.Close()
	if n, err := r.Read(t.Context(), make([]string, 1)); n != 0 || err != nil {
		t.Fatalf("a reader without a descriptor: %d records, %v; want it to wait", n, err)
	}
	first, second := descriptor{of: all}, descriptor{of: all}
	order := make(chan string, 2)
	var waiting sync.WaitGroup
	wait := func(d *descriptor, name string, n int) {
		waiting.Go(func() {
			if err := d.open(t.Context(), path); err != nil {
				t.Error(name, err)
			}
			order <- name
			d.rest()
		})
		for {
			all.mu.Lock()
			there := len(all.waiting)
			all.mu.Unlock()
			if there >= n || len(order) > 0 {
				return
			}
			time.Sleep(0)
		}
	}
	wait(&first, "first", 1)
	wait(&second, "second", 2)
	busy.rest()
	waiting.Wait()
	if a, b := <-order, <-order; a != "first" || b != "second" {
		t.Errorf("%s got it before %s", a, b)
	}
	// What rests is given away, the longest first, and comes back when it is needed.
	must(t, busy.open(t.Context(), path))
	if second.f != nil || busy.f == nil {
		t.Error("what rested was not closed for another")
	}
	busy.close()
	if all.free != 1 || all.resting.Len() != 0 || len(all.waiting) != 0 {
		t.Errorf("in the end %d are free, %d rest, %d wait", all.free, all.resting.Len(), len(all.waiting))
	}
}

// A process that is out of descriptors goes on when it has some again.
func TestOutOfDescriptors(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		write(t, filepath.Join(dir, fmt.Sprint("f", i)), fmt.Appendf(nil, "%d\n", i))
	}
	lower(t, func(release func()) {
		src := limited(1000, dir, Follow())
		var readers []weir.Reader[string]
		for i := range 20 {
			r, err := src.Open(t.Context(), weir.Split{ID: fmt.Sprint("f", i)})
			must(t, err)
			defer r.Close()
			readers = append(readers, r)
		}
		got := 0
		for round := range 3 {
			if round == 2 {
				release()
			}
			for _, r := range readers {
				n, err := r.Read(t.Context(), make([]string, 2))
				if err != nil {
					t.Fatal(err)
				}
				got += n
			}
		}
		if got != 20 {
			t.Errorf("%d records", got)
		}
	})
}

// A file that has been read to its end stays open for a while and no longer, a packed one
// lets go of its buffers, and both are read on.
func TestSleep(t *testing.T) {
	for _, p := range packings {
		t.Run(p.name, func(t *testing.T) { testSleep(t, p.pack) })
	}
}

func testSleep(t *testing.T, pack func(string) []byte) {
	dir := t.TempDir()
	path := filepath.Join(dir, "in")
	synctest.Test(t, func(t *testing.T) {
		write(t, path, pack("1\n2\nha"))
		r, err := Lines(path, Follow()).Open(t.Context(), weir.Split{ID: "in"})
		must(t, err)
		defer r.Close()
		read := func(want int) {
			t.Helper()
			for got := 0; ; {
				n, err := r.Read(t.Context(), make([]string, 5))
				if err != nil && err != io.EOF {
					t.Fatal(err)
				}
				if got += n; n == 0 {
					if got != want {
						t.Fatalf("%d records, want %d", got, want)
					}
					return
				}
			}
		}
		read(2)
		time.Sleep(idleTime / 2)
		read(0)
		if n := opened(t, dir); n != 1 {
			t.Errorf("%d files are open after %v", n, idleTime/2)
		}
		time.Sleep(idleTime)
		read(0)
		if n := opened(t, dir); n != 0 {
			t.Errorf("%d files are open after %v", n, idleTime)
		}
		if rd := r.(*reader[string]); len(rd.scan.buf) > 2 {
			t.Errorf("a buffer of %d bytes is kept", len(rd.scan.buf))
		}
		add(t, path, pack("lf\n3\n"))
		read(2)
		time.Sleep(3 * idleTime)
		read(0)
		add(t, path, pack("4\n"))
		read(1)
	})
}
