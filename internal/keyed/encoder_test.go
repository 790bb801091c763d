package keyed

import (
	"bytes"
	"errors"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// pieces is a writer that notes how much it gets at a time, and fails after some times.
type pieces struct {
	bytes.Buffer
	left    int // before it fails, once
	longest int
}

var errPieces = errors.New("no more pieces")

func (p *pieces) Write(b []byte) (int, error) {
	if p.left--; p.left == -1 {
		return 0, errPieces
	}
	p.longest = max(p.longest, len(b))
	return p.Buffer.Write(b)
}

// newBig returns a backend with a megabyte in each of two key groups, in states of
// each kind.
func newBig(t *testing.T) *deep {
	s := newDeep(t)
	for group := range int64(2) {
		const n = 25_000
		s.at(group)
		for i := range int64(n) {
			s.list.Add(i)
			s.table.Put(i, i)
			s.timers.Register(i)
		}
		for i := range int64(n) {
			s.at(group + deepGroups*i)
			s.number.Set(i)
		}
	}
	return s
}

// However large a state is, it is written in pieces of a bounded size, and restored from
// where the pieces begin.
func TestLargeStatesAreWrittenInPieces(t *testing.T) {
	s := newBig(t)
	w := &pieces{left: 1 << 20}
	offsets, err := s.Snapshot().Write(w)
	if err != nil {
		t.Fatal(err)
	}
	if w.longest > 2*writeSize {
		t.Errorf("%d bytes were written at a time, of %d", w.longest, w.Len())
	}
	restored := newDeep(t)
	part := flow.KeyedPart{Range: s.keyGroups, Offsets: offsets, Data: bytes.NewReader(w.Bytes()), Size: int64(w.Len()), From: "memory"}
	if err := restored.Restore([]flow.KeyedPart{part}, false); err != nil {
		t.Fatal(err)
	}
	if restored.Entries() != s.Entries() {
		t.Errorf("%d entries are restored, of %d", restored.Entries(), s.Entries())
	}
}

// An error of the writer is an error of the snapshot, whichever piece it comes with, and
// leaves nothing in the bytes of the next snapshot.
func TestWriteErrors(t *testing.T) {
	s := newBig(t)
	var whole pieces
	whole.left = 1 << 20
	if _, err := s.Snapshot().Write(&whole); err != nil {
		t.Fatal(err)
	}
	written := 1<<20 - whole.left
	for n := range written {
		failed := s.Snapshot()
		if _, err := failed.Write(&pieces{left: n}); !errors.Is(err, errPieces) {
			t.Fatalf("of %d pieces, %d were taken: %v", written, n, err)
		}
		failed.Release()
	}
	again := pieces{left: 1 << 20}
	if _, err := s.Snapshot().Write(&again); err != nil || !bytes.Equal(again.Bytes(), whole.Bytes()) {
		t.Errorf("after errors a snapshot is written with %v, equal %t", err, bytes.Equal(again.Bytes(), whole.Bytes()))
	}
}

// A value that cannot be encoded leaves nothing in the bytes of the next snapshot.
func TestEncodingErrorsLeaveNothing(t *testing.T) {
	bad := NewBackend(checkpoint.KeyGroupRange{}, of[int64](t), flink.JavaLongHash)
	value, err := NewValue(bad, "value", PlainValue, of[map[float64]string](t))
	if err != nil {
		t.Fatal(err)
	}
	bad.Set(1, 0)
	value.Set(map[float64]string{0: "a"})
	if _, err := bad.Snapshot().Write(&pieces{}); !errors.Is(err, errPieces) {
		t.Fatal(err)
	}
	good := newDeep(t)
	good.fill()
	want := write(t, good.Snapshot())
	if _, err := bad.Snapshot().Write(&pieces{}); !errors.Is(err, errPieces) {
		t.Fatal(err)
	}
	if got := write(t, good.Snapshot()); got.Size != want.Size {
		t.Errorf("%d bytes are written, and %d before", got.Size, want.Size)
	}
}

// A snapshot is written once, and when it is, nothing is kept for it any more.
func TestWrittenSnapshotsAreReleased(t *testing.T) {
	s := newDeep(t)
	s.fill()
	snapshot := s.Snapshot()
	write(t, snapshot)
	if n := len(s.timers.freezes); n != 0 {
		t.Errorf("%d snapshots are alive", n)
	}
	if _, err := snapshot.Write(&pieces{left: 1}); err == nil {
		t.Error("a snapshot is written a second time")
	}
	snapshot.Release()
}
