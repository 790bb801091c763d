package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/flink"
)

// TestWriterDies: whatever fails, the writer says so at once, stays dead, tries nothing
// again and leaves no file.
func TestWriterDies(t *testing.T) {
	for _, op := range []faultfs.Op{faultfs.Create, faultfs.Write, faultfs.Sync, faultfs.Close} {
		for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailPartly, faultfs.FailAfter} {
			disk := newDisk(t)
			s, _ := mustStart(t, disk, testOptions(1))
			p, err := s.Begin()
			check(t, err)
			faulty := faultfs.New(disk, faultfs.Rule{Ops: op, Name: "state-*", K: 1, Do: do, Err: syscall.ENOSPC})
			s.fsys = faulty
			w := p.NewWriter("big", 4)
			big := make([]byte, 2*bufferBytes)
			_, err = w.Write(big)
			if early := op == faultfs.Create || op == faultfs.Write; early != (err != nil) {
				t.Errorf("op %d, action %d: Write says %v", op, do, err)
			}
			b, err := w.Close()
			if !errors.Is(err, syscall.ENOSPC) || b.Handle != nil || b.File.Name != "" {
				t.Fatalf("op %d, action %d: Close says %v and hands out %+v", op, do, err, b)
			}
			wantText(t, err, "checkpoint 1: big of subtask 4: ")
			_, again := w.Write(big)
			if _, err2 := w.Close(); again != err || err2 != err {
				t.Errorf("op %d, action %d: later it says %v, %v", op, do, again, err2)
			}
			w.Abort()
			left := names(t, disk, p.dir)
			if op == faultfs.Create && do == faultfs.FailAfter {
				left = nil // it was made all the same; Publish would see it, Abort removes it
			}
			if len(left) > 0 || faulty.Fired(0) != 1 {
				t.Errorf("op %d, action %d: left %v, %d faults", op, do, left, faulty.Fired(0))
			}
			check(t, p.Abort())
			wantNames(t, disk, ".lock")
		}
	}
}

// TestWriters writes many states at the same time.
func TestWriters(t *testing.T) {
	disk := newDisk(t)
	opts := testOptions(1)
	opts.InlineThreshold, opts.newName, opts.serial = 0, nil, false
	s, _ := mustStart(t, disk, opts)
	p, err := s.Begin()
	check(t, err)
	const n = 40
	blobs := make([]Blob, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			w := p.NewWriter("state", checkpoint.Subtask(i))
			for j := range i * 200 {
				fmt.Fprintf(w, "%d of %d\n", j, i)
			}
			blobs[i], errs[i] = w.Close()
		})
	}
	wg.Wait()
	check(t, errors.Join(errs...))
	check(t, p.Publish(metadataOf(p.ID(), blobs), blobs, testNames))
	c, err := s.Recover(From{})
	check(t, err)
	inline, files := 0, 0
	for ref := range c.Meta.Streams() {
		var want strings.Builder
		for j := range int(ref.Subtask) * 200 {
			fmt.Fprintf(&want, "%d of %d\n", j, ref.Subtask)
		}
		got, err := readAll(c, ref.Handle)
		check(t, err)
		if string(got) != want.String() {
			t.Errorf("subtask %v has %d bytes, want %d", ref.Subtask, len(got), want.Len())
		}
		if _, ok := ref.Handle.(*flink.InlineHandle); ok {
			inline++
		} else {
			files++
		}
	}
	if inline == 0 || files == 0 || inline+files != n-1 { // the first one is empty
		t.Errorf("%d inline, %d files", inline, files)
	}
	if len(c.Seal.Files) != files || blobs[0].Handle != nil {
		t.Errorf("%d sealed files; the empty state is %v", len(c.Seal.Files), blobs[0].Handle)
	}
}

// BenchmarkWriter is what checksums and buffering cost, without a disk: a mebibyte at
// a time, as a snapshot writes it.
func BenchmarkWriter(b *testing.B) {
	piece := make([]byte, 1<<20)
	sum := newSum(checkpoint.Identity{Job: testJob, Incarnation: 1, ID: 1}, 0, "name", blockBytes)
	b.SetBytes(int64(len(piece)))
	for b.Loop() {
		sum.add(piece)
		sum.crcs = sum.crcs[:0]
	}
}

// TestWriterTakesNoShortWrite: a state of which less was taken than was given is no
// blob, even if that was not reported.
func TestWriterTakesNoShortWrite(t *testing.T) {
	_, s := newWorld(t, 1, 1, 0)
	s.fsys = faultfs.New(s.fsys, faultfs.Rule{Ops: faultfs.Write, K: 1, Do: faultfs.Short})
	p, err := s.Begin()
	check(t, err)
	w := p.NewWriter("test state", 0)
	_, err = w.Write([]byte("0123"))
	check(t, err) // in the buffer
	_, err = w.Close()
	wantText(t, err, "2 of 4 bytes were taken")
}

// TestInlineWriterAfterAbort: a state that is kept in memory is of no use either, once its
// checkpoint is aborted.
func TestInlineWriterAfterAbort(t *testing.T) {
	opts := testOptions(1)
	opts.InlineThreshold = 100
	s, _ := mustStart(t, newDisk(t), opts)
	p, err := s.Begin()
	check(t, err)
	w := p.NewWriter("state", 0)
	_, err = w.Write([]byte("few"))
	check(t, err)
	check(t, p.Abort())
	if b, err := w.Close(); !errors.Is(err, errAborted) || b.Handle != nil {
		t.Errorf("a state of an aborted checkpoint is handed out: %v, %v", b.Handle, err)
	}
}
