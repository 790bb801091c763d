package crashfs_test

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// treesAt are the different states at the present instant, written down and sorted.
func treesAt(t *testing.T, f *crashfs.FS) []string {
	t.Helper()
	var trees []string
	for s := range f.Point().States(crashfs.Options{}) {
		trees = append(trees, treeOf(t, s.FS()))
	}
	slices.Sort(trees)
	return slices.Compact(trees)
}

func TestModelsDiffer(t *testing.T) {
	for _, c := range []struct {
		model crashfs.Model
		want  []string
	}{
		// a was synced, b is only a name; between them nothing is ordered.
		{crashfs.Strict, []string{"", "/a=AB", "/a=AB /b=", "/b="}},
		// The sync of a took the whole log along.
		{crashfs.Ext4, []string{"/a=AB /b="}},
		// The sync of a took the log along as far as a's creation, and b came later.
		{crashfs.XFS, []string{"/a=AB", "/a=AB /b="}},
		// As strict, and b's inode may be missing where its name is not.
		{crashfs.NoJournal, []string{"", "/a=AB", "/a=AB /b=", "/b="}},
	} {
		t.Run(c.model.String(), func(t *testing.T) {
			f := crashfs.New(c.model)
			a := create(t, f, "/a")
			create(t, f, "/b")
			write(t, a, "AB")
			must(a.Sync())
			if got := treesAt(t, f); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNoJournalNeedsTheInodeSynced(t *testing.T) {
	f := crashfs.New(crashfs.NoJournal)
	must(f.Mkdir("/d"))
	must(f.SyncDir("/"))
	if got, want := treesAt(t, f), []string{"", "/d/"}; !slices.Equal(got, want) {
		t.Errorf("the parent is synced: got %q, want %q", got, want)
	}
	must(f.SyncDir("/d"))
	if got, want := treesAt(t, f), []string{"/d/"}; !slices.Equal(got, want) {
		t.Errorf("both are synced: got %q, want %q", got, want)
	}
}

func create(t *testing.T, f durable.FS, name string) durable.File {
	t.Helper()
	file, err := f.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func write(t *testing.T, f durable.File, data string) {
	t.Helper()
	if _, err := f.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
}

// TestChunksAreOneWrite: writing in pieces makes neither more operations nor more
// states than writing at once, even if something else is written in between.
func TestChunksAreOneWrite(t *testing.T) {
	run := func(between string, chunks ...string) *crashfs.Report {
		f := crashfs.New(crashfs.Strict)
		r, err := crashfs.Sweep(f, crashfs.Options{}, func() error {
			a, b := create(t, f, "/a"), create(t, f, "/b")
			write(t, b, "UVWXYZ")
			for _, c := range chunks {
				write(t, a, c)
				write(t, b, between)
			}
			must(a.Sync())
			return nil
		}, func(*crashfs.State) error { return nil })
		must(err)
		return r
	}
	for _, between := range []string{"", "Q"} {
		one, many := run(between, "ABCDEFGHIJKL"), run(between, "A", "BCD", "EFGH", "IJ", "KL")
		if one.Ops != 5 || many.Ops != 5 || one.States != many.States {
			t.Errorf("at once: %s\nin pieces: %s", one, many)
		}
		if between == "" && one.Distinct != many.Distinct {
			t.Errorf("at once: %s\nin pieces: %s", one, many)
		}
	}
}

// TestAppendAfterSync: what is durable stays, only the tail is in doubt.
func TestAppendAfterSync(t *testing.T) {
	f := crashfs.New(crashfs.Strict)
	a := create(t, f, "/a")
	must(f.SyncDir("/"))
	write(t, a, "AAAA")
	must(a.Sync())
	write(t, a, "BBBB")
	want := []string{"/a=AAAA", "/a=AAAA0000", "/a=AAAA????", "/a=AAAABB", "/a=AAAABBBB"}
	if got := treesAt(t, f); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOverwriteInPlace(t *testing.T) {
	f := crashfs.New(crashfs.Strict)
	l, err := f.Lock("/l")
	must(err)
	writeAt(t, l, "AAAAAA", 0)
	must(l.Sync())
	must(f.SyncDir("/"))
	if got, want := treesAt(t, f), []string{"/l=AAAAAA"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	writeAt(t, l, "BBBB", 1)
	var got []string
	for s := range f.Point().States(crashfs.Options{}) {
		data, err := readFile(s.FS(), "/l")
		must(err)
		switch g := string(data); {
		case len(g) != 6 || g[0] != 'A' || g[5] != 'A':
			t.Errorf("bytes changed that were not written: %q", g)
		case g[1] >= 0x80:
			got = append(got, "A????A")
		default:
			got = append(got, strings.ReplaceAll(g, "\x00", "0"))
		}
	}
	slices.Sort(got)
	if want := []string{"A0000A", "A????A", "AAAAAA", "ABBAAA", "ABBBBA"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func writeAt(t *testing.T, l durable.LockFile, data string, off int64) {
	t.Helper()
	if _, err := l.WriteAt([]byte(data), off); err != nil {
		t.Fatal(err)
	}
}

// TestStateIsAFreshFS: what a state gives is a file system of its own, with nothing
// open, nothing locked and everything durable.
func TestStateIsAFreshFS(t *testing.T) {
	f := crashfs.New(crashfs.Strict)
	l, err := f.Lock("/l")
	must(err)
	writeAt(t, l, "AAAA", 0)
	must(l.Sync())
	must(f.SyncDir("/"))
	f.Ack("one")
	var states []*crashfs.FS
	for s := range f.Point().States(crashfs.Options{}) {
		if got := s.Acked(); !slices.Equal(got, []string{"one"}) {
			t.Errorf("acknowledged: %q", got)
		}
		states = append(states, s.FS())
	}
	if len(states) != 1 {
		t.Fatalf("%d states, want 1", len(states))
	}
	after := states[0]
	if n := len(treesAt(t, after)); n != 1 {
		t.Errorf("a state has %d states of its own", n)
	}
	m, err := after.Lock("/l")
	if err != nil {
		t.Fatalf("the lock outlived the power cut: %v", err)
	}
	writeAt(t, m, "BB", 1)
	writeAt(t, m, "CC", 4)
	for fsys, want := range map[*crashfs.FS]string{f: "AAAA", after: "ABBACC"} {
		if data, err := readFile(fsys, "/l"); err != nil || string(data) != want {
			t.Errorf("got %q, %v, want %q", data, err, want)
		}
	}
}

// TestPointStays: a Point does not change with the file system.
func TestPointStays(t *testing.T) {
	f := crashfs.New(crashfs.Strict)
	a := create(t, f, "/a")
	write(t, a, "AAAA")
	p := f.Point()
	list := func() (trees []string) {
		for s := range p.States(crashfs.Options{}) {
			trees = append(trees, treeOf(t, s.FS()))
		}
		return trees
	}
	before := list()
	write(t, a, "BBBB")
	must(a.Sync())
	must(f.Rename("/a", "/b"))
	must(f.SyncDir("/"))
	if after := list(); !slices.Equal(before, after) {
		t.Errorf("before %q, after %q", before, after)
	}
}

// TestFailedSyncIsFinal plays durability.md, section 1.5: after a failed fsync the next
// one succeeds and does nothing, the cache shows the right bytes, and only evicting it
// shows the disk's.
func TestFailedSyncIsFinal(t *testing.T) {
	f := crashfs.New(crashfs.Strict)
	faulty := faultfs.New(f, faultfs.Rule{Ops: faultfs.Sync, K: 1, Err: syscall.EIO})
	l, err := faulty.Lock("/l")
	must(err)
	must(f.SyncDir("/"))
	writeAt(t, l, "AAAA", 0)
	if err := l.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatalf("got %v, want EIO", err)
	}
	must(l.Close())

	l, err = faulty.Lock("/l") // a second descriptor, as a careless program would try
	must(err)
	must(l.Sync())
	if n := len(treesAt(t, f)); n != 5 {
		t.Errorf("%d states after the second sync, want 5: it did nothing", n)
	}
	r, err := faulty.Open("/l")
	must(err)
	read := func() string {
		b := make([]byte, 4)
		_, err := r.ReadAt(b, 0)
		must(err)
		return legible(b)
	}
	if got := read(); got != "AAAA" {
		t.Errorf("through the cache: %q", got)
	}
	must(r.Evict())
	if got := read(); got != "0000" {
		t.Errorf("past the cache: %q", got)
	}

	// Written anew and synced, it is there.
	writeAt(t, l, "BBBB", 0)
	must(l.Sync())
	if got, want := treesAt(t, f), []string{"/l=BBBB"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSampleIsPartOfAll: sampled states are states, the same seed draws the same, and
// enough of them are all.
func TestSampleIsPartOfAll(t *testing.T) {
	for _, model := range []crashfs.Model{crashfs.Strict, crashfs.NoJournal, crashfs.Ext4} {
		t.Run(model.String(), func(t *testing.T) {
			f := crashfs.New(model)
			p := protocol{2, 2, log1}
			s := &script{FS: f, ack: f.Ack, protocol: p}
			s.setup()
			f.Settle()
			s.writeInPlace(1, false)
			must(s.Rename(checkpointDir(0), "/elsewhere"))

			all := map[crashfs.Fingerprint]bool{}
			for s := range f.Point().States(crashfs.Options{}) {
				all[s.Fingerprint()] = true
			}
			draw := func(samples int, seed uint64) (list []crashfs.Fingerprint) {
				o := crashfs.Options{Limit: 1, Samples: samples, Seed: seed}
				if f.Point().Exhaustive(o) {
					t.Fatal("not sampled")
				}
				for s := range f.Point().States(o) {
					if !all[s.Fingerprint()] {
						t.Fatalf("drawn, but not a state:\n%s", s)
					}
					list = append(list, s.Fingerprint())
				}
				return list
			}
			few := draw(200, 1)
			if len(few) != 200 {
				t.Errorf("%d samples, want 200", len(few))
			}
			if !slices.Equal(few, draw(200, 1)) {
				t.Error("the same seed drew other states")
			}
			if slices.Equal(few, draw(200, 2)) {
				t.Error("another seed drew the same states")
			}
			many := map[crashfs.Fingerprint]bool{}
			for _, id := range draw(50000, 3) {
				many[id] = true
			}
			if len(many) < len(all)*9/10 {
				t.Errorf("50000 samples found %d of %d states", len(many), len(all))
			}
			// The two extremes and what is near them come first.
			var first []string
			for s := range f.Point().States(crashfs.Options{Limit: 1, Samples: 2}) {
				first = append(first, treeOf(t, s.FS()))
			}
			if len(first) != 2 || first[1] != treeOf(t, f) || model == crashfs.Strict && strings.Contains(first[0], "chk-1") {
				t.Errorf("the first samples are not nothing and everything: %q", first)
			}
		})
	}
}

// TestNearStatesAreSampled: at a point with more states than can ever be drawn, every
// state that lacks one effect, and every one that lacks any two, is in the sample.
func TestNearStatesAreSampled(t *testing.T) {
	const files = 30
	f := crashfs.New(crashfs.Strict)
	for i := range files {
		create(t, f, fmt.Sprintf("/%02d", i))
	}
	p := f.Point()
	if p.Size() != 1<<files || p.Exhaustive(crashfs.Options{}) {
		t.Fatalf("size %d", p.Size())
	}
	lacking := map[int]int{}
	seen := map[crashfs.Fingerprint]bool{}
	for s := range p.States(crashfs.Options{Samples: 4096}) {
		if !seen[s.Fingerprint()] {
			seen[s.Fingerprint()] = true
			entries, err := s.FS().ReadDir("/")
			must(err)
			lacking[files-len(entries)]++
		}
	}
	for k, want := range map[int]int{0: 1, 1: files, 2: files * (files - 1) / 2, files - 2: files * (files - 1) / 2, files - 1: files, files: 1} {
		if lacking[k] != want {
			t.Errorf("%d states that lack %d of %d names, want %d", lacking[k], k, files, want)
		}
	}
	if middle := lacking[files/2]; middle < 10 {
		t.Errorf("only %d states that lack half of the names", middle)
	}
}

// TestSweepCountsWhatItSamples: a point that is too large is sampled, and the report
// says so and with which seed.
func TestSweepCountsWhatItSamples(t *testing.T) {
	f := crashfs.New(crashfs.Strict)
	r, err := crashfs.Sweep(f, crashfs.Options{Samples: 100, Limit: 1000, Seed: 7}, func() error {
		for i := range 20 {
			create(t, f, fmt.Sprintf("/%02d", i))
		}
		return nil
	}, func(s *crashfs.State) error {
		if _, err := s.FS().Stat("/00"); err != nil && s.Point().Op() > 19 {
			return errors.New("the first is gone")
		}
		return nil
	})
	must(err)
	if r.Points != 21 || r.Sampled != 11 || r.States != 1<<21-1 || r.Visited != 1<<10-1+11*100 {
		t.Errorf("%+v", r)
	}
	if r.Bad == 0 || r.Err() == nil {
		t.Fatalf("no fault found: %s", r)
	}
	for _, part := range []string{"seed 0x7", "the first is gone", "lost: create /00", "create /19"} {
		if !strings.Contains(r.Err().Error(), part) {
			t.Errorf("no %q in\n%v", part, r.Err())
		}
	}
}

// TestSweepWithinSweep cuts the power again while recovery runs.
func TestSweepWithinSweep(t *testing.T) {
	f := crashfs.New(crashfs.Strict)
	cleanUp := func(fsys durable.FS) error {
		return durable.RemoveTree(fsys, "/trash")
	}
	inner := 0
	r, err := crashfs.Sweep(f, crashfs.Options{}, func() error {
		must(f.Mkdir("/trash"))
		must(f.Mkdir("/keep"))
		must(f.SyncDir("/"))
		must(f.Mkdir("/trash/a"))
		f.Ack("kept")
		return nil
	}, func(s *crashfs.State) error {
		again := s.FS()
		acked := len(s.Acked()) > 0
		r, err := crashfs.Sweep(again, crashfs.Options{}, func() error { return cleanUp(again) },
			func(s *crashfs.State) error {
				if acked != slices.Contains(s.Acked(), "kept") {
					return errors.New("an acknowledgement was lost")
				}
				if _, err := s.FS().Stat("/keep"); err != nil && acked {
					return err
				}
				return cleanUp(s.FS())
			})
		inner += int(r.Visited)
		return errors.Join(err, r.Err())
	})
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	if inner <= int(r.Visited) {
		t.Errorf("only %d states within %d", inner, r.Visited)
	}
}

// TestManyCheckpoints: what cannot come back is forgotten, so that a long run does not
// slow down, and its count stops rather than starting over.
func TestManyCheckpoints(t *testing.T) {
	half := protocol{1, 1, stage}.sweep(t, crashfs.Strict, 20)
	r := protocol{1, 1, stage}.sweep(t, crashfs.Strict, 40)
	if r.Bad > 0 {
		t.Error(r.Err())
	}
	if r.States != 1<<64-1 || r.Ops != 40*15 {
		t.Error(r)
	}
	if r.Visited > half.Visited*21/10 {
		t.Errorf("%d states visited, %d at half of the way: what was deleted is still looked at", r.Visited, half.Visited)
	}
}

// TestConcurrentUse lets writers work in parallel, as task managers do; the counts are
// those of some order of their operations.
func TestConcurrentUse(t *testing.T) {
	f := crashfs.New(crashfs.Strict)
	must(f.Mkdir("/d"))
	must(f.SyncDir("/"))
	f.Settle()
	const writers = 4
	r, err := crashfs.Sweep(f, crashfs.Options{}, func() error {
		errs := make(chan error)
		for i := range writers {
			go func() { errs <- durable.WriteFile(f, path.Join("/d", stateName(i)), []byte("some state")) }()
		}
		for range writers {
			if err := <-errs; err != nil {
				return err
			}
		}
		if err := f.SyncDir("/d"); err != nil {
			return err
		}
		f.Ack("done")
		return nil
	}, func(s *crashfs.State) error {
		if len(s.Acked()) == 0 {
			return nil
		}
		for i := range writers {
			data, err := readFile(s.FS(), path.Join("/d", stateName(i)))
			if err != nil || string(data) != "some state" {
				return fmt.Errorf("%q, %v", data, err)
			}
		}
		return nil
	})
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	if r.Ops != 3*writers+2 {
		t.Error(r)
	}
}

func BenchmarkStates(b *testing.B) {
	f := crashfs.New(crashfs.Strict)
	s := &script{FS: f, ack: f.Ack, protocol: protocol{4, 4, log1}}
	s.setup()
	f.Settle()
	s.writeInPlace(1, false)
	p := f.Point()
	n := 0
	for b.Loop() {
		for s := range p.States(crashfs.Options{}) {
			s.Fingerprint()
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Minutes(), "states/min")
}

func BenchmarkStatesWithFS(b *testing.B) {
	f := crashfs.New(crashfs.Strict)
	p := protocol{3, 3, log1}
	s := &script{FS: f, ack: f.Ack, protocol: p}
	s.setup()
	f.Settle()
	s.writeInPlace(1, false)
	point := f.Point()
	n := 0
	for b.Loop() {
		for s := range point.States(crashfs.Options{}) {
			p.oracle(s)
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Minutes(), "states/min")
}
