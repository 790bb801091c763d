package faultfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// every does one operation of each kind, in a fixed order, and returns the errors.
func every(fsys durable.FS) (errs []error) {
	do := func(err error) { errs = append(errs, err) }
	do(fsys.Mkdir("/d"))
	f, err := fsys.Create("/d/f")
	do(err)
	if f != nil {
		_, err = f.Write([]byte("01234567"))
		do(err)
		do(f.Sync())
		do(f.Close())
	}
	do(fsys.Rename("/d/f", "/d/g"))
	do(fsys.SyncDir("/d"))
	l, err := fsys.Lock("/d/l")
	do(err)
	if l != nil {
		_, err = l.WriteAt([]byte("0123"), 0)
		do(err)
		_, err = l.ReadAt(make([]byte, 4), 0)
		do(err)
		do(l.Sync())
		do(l.Close())
	}
	r, err := fsys.Open("/d/g")
	do(err)
	if r != nil {
		_, err = r.ReadAt(make([]byte, 2), 0)
		do(err)
		do(r.Close())
	}
	_, err = fsys.ReadDir("/d")
	do(err)
	_, err = fsys.Stat("/d/g")
	do(err)
	do(fsys.Remove("/d/g"))
	return errs
}

func errorsIn(errs []error) (n int) {
	for _, err := range errs {
		if err != nil {
			n++
		}
	}
	return n
}

func TestRulesPick(t *testing.T) {
	for _, c := range []struct {
		rule    faultfs.Rule
		matched int // without a fault
	}{
		{faultfs.Rule{}, 17},
		{faultfs.Rule{Ops: faultfs.All}, 17},
		{faultfs.Rule{Ops: faultfs.Mutations}, 12},
		{faultfs.Rule{Ops: faultfs.Reads}, 5},
		{faultfs.Rule{Ops: faultfs.Sync}, 2},
		{faultfs.Rule{Ops: faultfs.Sync | faultfs.SyncDir}, 3},
		{faultfs.Rule{Ops: faultfs.Close}, 2},
		{faultfs.Rule{Ops: faultfs.Sync, Name: "l"}, 1},
		{faultfs.Rule{Name: "f"}, 5},
		{faultfs.Rule{Name: "g"}, 5}, // a rename goes by both names
		{faultfs.Rule{Name: "[fg]"}, 9},
		{faultfs.Rule{Name: "/d/?"}, 14},
		{faultfs.Rule{Name: "/d"}, 3},
		{faultfs.Rule{Name: "nothing"}, 0},
	} {
		counter := faultfs.New(crashfs.New(crashfs.Strict), c.rule)
		if n := errorsIn(every(counter)); n != 0 || counter.Matched(0) != c.matched || counter.Fired(0) != 0 {
			t.Errorf("%+v: matched %d, want %d; %d errors", c.rule, counter.Matched(0), c.matched, n)
		}
		// Each of them in turn, until the rule no longer fires.
		k := 1
		for ; ; k++ {
			rule := c.rule
			rule.K, rule.Err = k, syscall.EDQUOT
			faulty := faultfs.New(crashfs.New(crashfs.Strict), rule)
			errs := every(faulty)
			if faulty.Fired(0) == 0 {
				break
			}
			if !slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, syscall.EDQUOT) }) {
				t.Errorf("%+v: no error surfaced", rule)
			}
		}
		if k-1 != c.matched {
			t.Errorf("%+v: failed %d times, want %d", c.rule, k-1, c.matched)
		}
	}
}

func TestOnceAndSticky(t *testing.T) {
	for sticky, want := range map[bool][]bool{false: {true, false, true, true}, true: {true, false, false, false}} {
		faulty := faultfs.New(crashfs.New(crashfs.Strict),
			faultfs.Rule{Ops: faultfs.Mkdir, K: 2, Sticky: sticky, Err: syscall.EROFS})
		for i, ok := range want {
			if err := faulty.Mkdir(fmt.Sprint("/", i)); (err == nil) != ok {
				t.Errorf("sticky %v, mkdir %d: %v", sticky, i, err)
			}
		}
	}
}

// TestActions: what has happened when the error comes.
func TestActions(t *testing.T) {
	for _, c := range []struct {
		do     faultfs.Action
		effect bool
		bytes  string
	}{{faultfs.Fail, false, ""}, {faultfs.FailPartly, false, "0123"}, {faultfs.FailAfter, true, "01234567"}} {
		below := crashfs.New(crashfs.Strict)
		rule := func(op faultfs.Op) durable.FS {
			return faultfs.New(below, faultfs.Rule{Ops: op, K: 1, Do: c.do, Err: syscall.EIO})
		}
		failed := func(what string, err error) {
			t.Helper()
			var pe *fs.PathError
			if !errors.Is(err, syscall.EIO) || !errors.As(err, &pe) {
				t.Errorf("%v, %s: %v", c.do, what, err)
			}
		}
		is := func(name string, want bool) {
			t.Helper()
			if _, err := below.Stat(name); (err == nil) != want {
				t.Errorf("%v: %s is there: %v, want %v", c.do, name, err == nil, want)
			}
		}
		failed("mkdir", rule(faultfs.Mkdir).Mkdir("/made"))
		is("/made", c.effect)

		f, err := rule(faultfs.Create).Create("/created")
		failed("create", err)
		if f != nil {
			t.Error("a file came with the error")
		}
		is("/created", c.effect)

		l, err := rule(faultfs.Lock).Lock("/locked")
		failed("lock", err)
		if l != nil {
			t.Error("a lock came with the error")
		}
		is("/locked", c.effect)
		if l, err := below.Lock("/locked"); err != nil {
			t.Errorf("%v: the lock is held, and no one has it: %v", c.do, err)
		} else {
			l.Close()
		}

		below.Mkdir("/old")
		failed("rename", rule(faultfs.Rename).Rename("/old", "/new"))
		is("/new", c.effect)
		is("/old", !c.effect)

		f, err = rule(faultfs.Write).Create("/f")
		if err != nil {
			t.Fatal(err)
		}
		n, err := f.Write([]byte("01234567"))
		failed("write", err)
		if n != len(c.bytes) {
			t.Errorf("%v: %d bytes written", c.do, n)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		r, err := rule(faultfs.Read).Open("/f")
		if err != nil {
			t.Fatal(err)
		}
		if r.Size() != int64(len(c.bytes)) {
			t.Errorf("%v: size %d", c.do, r.Size())
		}
		_, err = r.ReadAt(make([]byte, 2), 0)
		failed("read", err)

		f, err = rule(faultfs.Close).Create("/closed")
		if err != nil {
			t.Fatal(err)
		}
		failed("close", f.Close())
		if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("a close that failed did not release the file: %v", err)
		}

		failed("remove", rule(faultfs.Remove).Remove("/f"))
		is("/f", !c.effect)
	}
}

// TestFailedSyncSyncsNothing, and a dropped one neither; one that fails after the fact
// does.
func TestFailedSyncSyncsNothing(t *testing.T) {
	for do, want := range map[faultfs.Action]int{faultfs.Fail: 5, faultfs.FailPartly: 5, faultfs.FailAfter: 1, faultfs.Drop: 5} {
		below := crashfs.New(crashfs.Strict)
		faulty := faultfs.New(below, faultfs.Rule{Ops: faultfs.Sync, K: 1, Do: do, Err: syscall.EIO})
		f, err := faulty.Create("/f")
		if err != nil {
			t.Fatal(err)
		}
		if err := below.SyncDir("/"); err != nil {
			t.Fatal(err)
		}
		f.Write([]byte("01234567"))
		if err := f.Sync(); (err == nil) != (do == faultfs.Drop) {
			t.Errorf("%v: %v", do, err)
		}
		n := 0
		for range below.Point().States(crashfs.Options{}) {
			n++
		}
		if n != want {
			t.Errorf("%v: %d states, want %d", do, n, want)
		}
	}
	for do, want := range map[faultfs.Action]int{faultfs.Fail: 2, faultfs.FailAfter: 1, faultfs.Drop: 2} {
		below := crashfs.New(crashfs.Strict)
		below.Mkdir("/d")
		faultfs.New(below, faultfs.Rule{Ops: faultfs.SyncDir, K: 1, Do: do, Err: syscall.EIO}).SyncDir("/")
		n := 0
		for range below.Point().States(crashfs.Options{}) {
			n++
		}
		if n != want {
			t.Errorf("%v: %d states, want %d", do, n, want)
		}
	}
}

// TestDropDropsSyncsOnly: the other operations are done, and not counted as fired.
func TestDropDropsSyncsOnly(t *testing.T) {
	faulty := faultfs.New(crashfs.New(crashfs.Strict), faultfs.Rule{K: 1, Sticky: true, Do: faultfs.Drop})
	if n := errorsIn(every(faulty)); n != 0 || faulty.Fired(0) != 3 {
		t.Errorf("%d errors, fired %d times", n, faulty.Fired(0))
	}
}

// TestShort: half of the bytes, how many, and not a word. The file lives on.
func TestShort(t *testing.T) {
	below := crashfs.New(crashfs.Strict)
	faulty := faultfs.New(below, faultfs.Rule{Name: "f", K: 1, Sticky: true, Do: faultfs.Short})
	f, err := faulty.Create("/f")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := f.Write([]byte("0123")); n != 2 || err != nil {
			t.Errorf("write: %d, %v", n, err)
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Error(err)
	}
	r, err := faulty.Open("/f")
	if err != nil || r.Size() != 4 {
		t.Fatal(r.Size(), err)
	}
	b := make([]byte, 4)
	if n, err := r.ReadAt(b, 0); n != 2 || err != nil || string(b[:n]) != "01" {
		t.Errorf("read: %d, %v, %q", n, err, b)
	}
	if err := r.Close(); err != nil || faulty.Fired(0) != 3 {
		t.Errorf("%v, fired %d times", err, faulty.Fired(0))
	}
}

// TestStillOpen: what is open is listed, and what failed to open or to close is not.
func TestStillOpen(t *testing.T) {
	below := crashfs.New(crashfs.Strict)
	faulty := faultfs.New(below,
		faultfs.Rule{Name: "bad", Ops: faultfs.Create | faultfs.Open | faultfs.Lock, K: 1, Sticky: true, Do: faultfs.FailAfter, Err: syscall.EMFILE},
		faultfs.Rule{Ops: faultfs.Close, K: 1, Sticky: true, Err: syscall.EIO})
	f, err1 := faulty.Create("/f")
	l, err2 := faulty.Lock("/l")
	r, err3 := faulty.Open("/f")
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	faulty.Create("/bad")
	faulty.Open("/bad")
	faulty.Lock("/bad")
	if got := faulty.StillOpen(); !slices.Equal(got, []string{"/f", "/f", "/l"}) {
		t.Errorf("open: %v", got)
	}
	f.Close()
	l.Close()
	if got := faulty.StillOpen(); !slices.Equal(got, []string{"/f"}) {
		t.Errorf("open: %v", got)
	}
	r.Close()
	if got := faulty.StillOpen(); len(got) > 0 {
		t.Errorf("open: %v", got)
	}
}

func TestTheFirstRuleCounts(t *testing.T) {
	faulty := faultfs.New(crashfs.New(crashfs.Strict),
		faultfs.Rule{Ops: faultfs.Mkdir, K: 1, Err: syscall.EIO},
		faultfs.Rule{Ops: faultfs.Mkdir, K: 1, Sticky: true, Err: syscall.ENOSPC})
	if err := faulty.Mkdir("/a"); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	if err := faulty.Mkdir("/a"); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if faulty.Matched(0) != 2 || faulty.Matched(1) != 2 || faulty.Fired(0) != 1 || faulty.Fired(1) != 1 {
		t.Error(faulty.Matched(0), faulty.Matched(1), faulty.Fired(0), faulty.Fired(1))
	}
}

func TestConcurrentCountsAreExact(t *testing.T) {
	faulty := faultfs.New(crashfs.New(crashfs.Strict), faultfs.Rule{Ops: faultfs.Write, K: 50, Err: syscall.EIO})
	var mu sync.Mutex
	failed := 0
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			for j := range 10 {
				if err := durable.WriteFile(faulty, fmt.Sprintf("/%d-%d", i, j), []byte("x")); err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if failed != 1 || faulty.Matched(0) != 100 {
		t.Errorf("%d failed of %d", failed, faulty.Matched(0))
	}
}

func TestSenselessRulesPanic(t *testing.T) {
	for _, r := range []faultfs.Rule{{K: 1}, {Name: "[", K: 1, Err: syscall.EIO}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was taken", r)
				}
			}()
			faultfs.New(crashfs.New(crashfs.Strict), r)
		}()
	}
}
