package store

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
)

// TestLargeState writes a state that is written behind, whole, and with a fault at each
// of its writes: no write is lost, none is tried again, and the writer says so.
//
// It runs in a bubble, which fails if a goroutine is left.
func TestLargeState(t *testing.T) { synctest.Test(t, testLargeState) }

func testLargeState(t *testing.T) {
	state := make([]byte, 3*behindAfter+12345)
	rand.NewChaCha8([32]byte{1}).Read(state)
	write := func(s *Store) (*Pending, Blob, error) {
		p, err := s.Begin()
		check(t, err)
		w := p.NewWriter("large", 0)
		scratch := make([]byte, 100_000)
		for rest := state; len(rest) > 0; {
			n := copy(scratch, rest)
			_, err := w.Write(scratch[:n])
			clear(scratch) // Write has returned: the bytes are the caller's again
			if err != nil {
				w.Abort()
				b, err2 := w.Close()
				if err2 != err {
					t.Errorf("Write says %v, then Close %v", err, err2)
				}
				return p, b, err
			}
			rest = rest[n:]
		}
		b, err := w.Close()
		return p, b, err
	}
	disk := newDisk(t)
	s, _ := mustStart(t, disk, testOptions(1))
	p, b, err := write(s)
	check(t, err)
	check(t, p.Publish(metadataOf(p.ID(), []Blob{b}), []Blob{b}, testNames))
	c, err := s.Recover(From{})
	check(t, err)
	got, err := readAll(c, b.Handle)
	check(t, err)
	if !bytes.Equal(got, state) {
		t.Fatalf("%d bytes came back, other than the %d that were written", len(got), len(state))
	}

	for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailPartly, faultfs.FailAfter} {
		for k := 1; ; k++ {
			faulty := faultfs.New(disk, faultfs.Rule{Ops: faultfs.Write, Name: "state-*", K: k, Do: do, Err: syscall.ENOSPC})
			s.fsys = faulty
			p, b, err := write(s)
			if faulty.Fired(0) == 0 {
				check(t, err)
				if k < 20 {
					t.Errorf("only %d writes", k-1)
				}
				check(t, p.Abort())
				break
			}
			if !errors.Is(err, syscall.ENOSPC) || b.Handle != nil {
				t.Fatalf("action %d, write %d: %v, %+v", do, k, err, b)
			}
			if n := faulty.Matched(0); n != k {
				t.Errorf("action %d: write %d failed, and %d were made", do, k, n)
			}
			if left := names(t, disk, p.dir); len(left) > 0 {
				t.Errorf("action %d, write %d: left %v", do, k, left)
			}
			check(t, p.Abort())
		}
	}
}

// A slow file system takes its time (the bubble's, which costs none) with each write of a
// state file, and notes what is synced while something is still being written.
type slow struct {
	durable.FS
	writing atomic.Int32
	early   atomic.Int32 // syncs and closes that did not wait
}

type slowFile struct {
	durable.File
	of *slow
}

func (s *slow) Create(name string) (durable.File, error) {
	f, err := s.FS.Create(name)
	return slowFile{f, s}, err
}

func (f slowFile) Write(p []byte) (int, error) {
	f.of.writing.Add(1)
	defer f.of.writing.Add(-1)
	time.Sleep(time.Hour)
	return f.File.Write(p)
}

func (f slowFile) Sync() error  { f.wait(); return f.File.Sync() }
func (f slowFile) Close() error { f.wait(); return f.File.Close() }

func (f slowFile) wait() {
	if f.of.writing.Load() > 0 {
		f.of.early.Add(1)
	}
}

// TestSyncWaitsForWhatIsWrittenBehind: a state file is synced when all of it is written,
// and not before, however slow the disk is; and closed not before that if it is aborted.
func TestSyncWaitsForWhatIsWrittenBehind(t *testing.T) {
	for _, abort := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			disk := &slow{FS: newDisk(t)}
			s, _ := mustStart(t, disk, testOptions(1))
			p, err := s.Begin()
			check(t, err)
			w := p.NewWriter("large", 0)
			for range 3 * behindAfter / bufferBytes {
				_, err := w.Write(make([]byte, bufferBytes))
				check(t, err)
			}
			if abort {
				w.Abort()
			} else {
				_, err = w.Close()
				check(t, err)
			}
			if n := disk.early.Load(); n > 0 {
				t.Errorf("aborted: %v: the file was synced or closed %d times while it was being written", abort, n)
			}
		})
	}
}
