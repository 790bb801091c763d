package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/inspect"
)

// A fakeClock advances only while a goroutine sleeps.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) work() clockwork {
	return clockwork{
		now: func() time.Time {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.now
		},
		sleep: func(d time.Duration) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.now = c.now.Add(d)
		},
	}
}

func TestPace(t *testing.T) {
	c := &fakeClock{}
	p := &pace{bytesPerSecond: 1000, clock: c.work()}
	for range 10 {
		p.pay(100)
	}
	if took := c.now.Sub(time.Time{}); took != time.Second {
		t.Errorf("1000 bytes at 1000 a second took %v", took)
	}
	c.now = c.now.Add(time.Hour) // idle time is not saved up
	before := c.now
	p.pay(500)
	if took := c.now.Sub(before); took != time.Second/2 {
		t.Errorf("500 bytes took %v", took)
	}
	// Readers share the rate: nothing sleeps here, so each must wait for all before it.
	var waits []time.Duration
	p = &pace{bytesPerSecond: 1000, clock: clockwork{
		now: func() time.Time { return time.Time{} }, sleep: func(d time.Duration) { waits = append(waits, d) },
	}}
	for range 4 {
		p.pay(250)
	}
	if waits[3] != time.Second {
		t.Errorf("four at the same time wait %v", waits)
	}
	p = &pace{clock: clockwork{}} // without a bound it needs no clock
	p.pay(1 << 30)
	if p.read.Load() != 1<<30 {
		t.Errorf("%d bytes were counted", p.read.Load())
	}
}

// scrubAt scrubs under a fake clock.
func scrubAt(c *fakeClock, fsys durable.FS, args ...string) (stdout, stderr string, code int) {
	var out, errs strings.Builder
	t := &tool{fsys: fsys, out: newPipe(&out), errs: newPipe(&errs), clock: c.work()}
	code = t.execute(append([]string{"scrub"}, args...))
	return out.String(), errs.String(), code
}

// TestScrubKeepsThePace: it takes as long as the rate says.
func TestScrubKeepsThePace(t *testing.T) {
	base := filepath.ToSlash(t.TempDir())
	if err := (madeJob{keys: 20000, maxBytes: -1}).run(base, "words", 2, false); err != nil {
		t.Fatal(err)
	}
	dir := path.Join(base, flink.JobIDOf("words").String())
	size := inspect.DirBytes(durable.OS(), dir+"/chk-1") + inspect.DirBytes(durable.OS(), dir+"/chk-2")
	for _, rate := range []string{"64KiB/s", "1MiB/s"} {
		c := &fakeClock{}
		_, stderr, code := scrubAt(c, durable.OS(), base, "--rate", rate)
		if code != exitGood || stderr != "" {
			t.Fatalf("exit code %d\n%s", code, stderr)
		}
		per := int64(64 << 10)
		if rate == "1MiB/s" {
			per = 1 << 20
		}
		want := time.Duration(float64(size) / float64(per) * float64(time.Second))
		if took := c.now.Sub(time.Time{}); took < want-time.Millisecond || took > want*2 {
			t.Errorf("%d bytes at %s took %v, want %v", size, rate, took, want)
		}
	}
	c := &fakeClock{}
	if _, _, code := scrubAt(c, durable.OS(), base, "--rate", "0"); code != exitGood || !c.now.IsZero() {
		t.Errorf("without a bound it took %v", c.now)
	}
}

// TestScrubDeletedMeanwhile: what a job deletes while it is scrubbed is no damage, even if nothing
// else is left.
func TestScrubDeletedMeanwhile(t *testing.T) {
	base := filepath.ToSlash(t.TempDir())
	if err := (madeJob{keys: 1, maxBytes: -1}).run(base, "words", 2, false); err != nil {
		t.Fatal(err)
	}
	fsys := retiringFS{durable.OS(), "_metadata", "chk-1"}
	stdout, stderr, code := scrubAt(&fakeClock{}, fsys, base)
	if code != exitGood || stderr != "" || !strings.HasPrefix(stdout, "1 checkpoint: 1 verified; 1 more deleted meanwhile by the job; ") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	fsys.of = "chk-2"
	stdout, stderr, code = scrubAt(&fakeClock{}, fsys, base)
	if code != exitGood || stderr != "" || !strings.HasPrefix(stdout, "0 checkpoints; 1 more deleted meanwhile by the job; ") {
		t.Errorf("all: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// An evictingFS counts how often files are taken out of the page cache, and when.
type evictingFS struct {
	durable.FS
	before, after *atomic.Int32
}

type evictingReader struct {
	durable.Reader
	f    evictingFS
	read *bool
}

func (f evictingFS) Open(name string) (durable.Reader, error) {
	r, err := f.FS.Open(name)
	return evictingReader{r, f, new(bool)}, err
}

func (r evictingReader) ReadAt(p []byte, off int64) (int, error) {
	*r.read = true
	return r.Reader.ReadAt(p, off)
}

func (r evictingReader) Evict() error {
	if *r.read {
		r.f.after.Add(1)
	} else {
		r.f.before.Add(1)
	}
	return r.Reader.Evict()
}

// TestScrubLeavesTheCacheAlone: scrub reads from the disk, and removes from the page cache what it
// has read.
func TestScrubLeavesTheCacheAlone(t *testing.T) {
	base := filepath.ToSlash(t.TempDir())
	if err := (madeJob{keys: 1, maxBytes: -1}).run(base, "words", 1, false); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(base, flink.JobIDOf("words").String(), "chk-1"))
	if err != nil {
		t.Fatal(err)
	}
	fsys := evictingFS{durable.OS(), new(atomic.Int32), new(atomic.Int32)}
	if _, _, code := scrubAt(&fakeClock{}, fsys, base); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	before, after := int(fsys.before.Load()), int(fsys.after.Load())
	if before != after || before < len(entries) {
		t.Errorf("of %d files %d were evicted before and %d after they were read", len(entries), before, after)
	}
}

// TestScrubSays what it is doing, for a terminal.
func TestScrubSays(t *testing.T) {
	if s := scrubbing("chk-3/a\x1b", 0); s != `scrubbing chk-3/a\u001b` {
		t.Error(s)
	}
	if s := progressLine(scrubbing("chk-3/a", 2), 1<<20, 4<<20, 1<<20, 0); s != "scrubbing chk-3/a, 2 checkpoints damaged so far,  25%  1.0 MiB of 4.0 MiB  1.0 MiB/s" {
		t.Error(s)
	}
	for width := range 100 {
		s := progressLine("scrubbing chk-6/e9ab0d59-5f86-48be-b66f-03ecdb537c0a", 1<<20, 4<<20, 1<<20, width)
		if n := utf8.RuneCountInString(s); width > 0 && n > width || width >= 50 && !strings.HasSuffix(s, "  25%  1.0 MiB of 4.0 MiB  1.0 MiB/s") {
			t.Errorf("in %d columns: %q", width, s)
		}
	}
}
