package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/keyed"
)

const maxParallelism = 128

// A table is the keyed state of one subtask that owns all key groups, with one state.
type table[V any] struct {
	*keyed.Backend[string]
	state  *keyed.Slot[V]
	keys   []string
	groups []checkpoint.KeyGroup
}

func newTable[V any](b *testing.B, n int) *table[V] {
	t := &table[V]{keys: keys(n), groups: make([]checkpoint.KeyGroup, n)}
	for i, k := range t.keys {
		t.groups[i] = flink.KeyGroupOf(flink.JavaStringHash(k), maxParallelism)
	}
	t.empty(b)
	return t
}

// empty begins with a new backend without entries.
func (t *table[V]) empty(b *testing.B) {
	kc, err := codec.Of[string]()
	if err != nil {
		b.Fatal(err)
	}
	vc, err := codec.Of[V]()
	if err != nil {
		b.Fatal(err)
	}
	t.Backend = keyed.NewBackend(checkpoint.KeyGroupRange{Start: 0, End: maxParallelism - 1}, kc, flink.JavaStringHash)
	if t.state, err = keyed.NewValue(t.Backend, "v", keyed.PlainValue, vc); err != nil {
		b.Fatal(err)
	}
}

// set gives entry i a value.
func (t *table[V]) set(i int, v V) {
	t.Set(t.keys[i], t.groups[i])
	ref, _ := t.state.Ref()
	*ref = v
}

// openStore opens a store in a new directory on the disk.
func openStore(b *testing.B) *store.Store {
	s, err := store.Open(durable.OS(), b.TempDir(), checkpoint.JobID{1}, store.Options{InlineThreshold: -1, Retain: 1})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Recover(store.From{}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// takeCheckpoint writes the state as a checkpoint and publishes it: when it returns the
// checkpoint is complete, and the one before is still there.
func takeCheckpoint(b *testing.B, s *store.Store, snapshot flow.KeyedSnapshot) (*flink.KeyGroupsHandle, int64) {
	p, err := s.Begin()
	if err != nil {
		b.Fatal(err)
	}
	w := p.NewWriter("bench", 0)
	offsets, err := snapshot.Write(w)
	snapshot.Release()
	if err != nil {
		b.Fatal(err)
	}
	blob, err := w.Close()
	if err != nil {
		b.Fatal(err)
	}
	h := &flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Range: snapshot.Range(), Offsets: offsets, Data: blob.Handle, ID: "bench"}
	meta := &flink.Metadata{Version: 3, CheckpointID: p.ID(), Operators: []flink.OperatorState{{
		ID: flink.OperatorIDOf("bench"), Parallelism: 1, MaxParallelism: maxParallelism,
		Subtasks: []flink.SubtaskState{{ManagedKeyed: h}},
	}}}
	if err := p.Publish(meta, []store.Blob{blob}, checkpoint.Names{}); err != nil {
		b.Fatal(err)
	}
	return h, blob.File.Length
}

// BenchmarkCheckpoint1GiB writes 1 GiB of keyed state as a checkpoint, complete with seal
// and directory syncs, and the same number of bytes to a plain file that is synced, in
// turn. What the one and the other delete afterwards is not in it.
func BenchmarkCheckpoint1GiB(b *testing.B) {
	const valueSize = 1000
	n := (1 << 30) / (1 + 17 + 4 + valueSize)
	t := newTable[[]byte](b, n)
	for i := range n {
		v := make([]byte, valueSize)
		for j := 0; j < valueSize; j += 8 {
			binary.LittleEndian.PutUint64(v[j:], uint64(i*j)*0x9e3779b97f4a7c15)
		}
		t.set(i, v)
	}
	s := openStore(b)
	dir := b.TempDir()
	var ours, theirs, ratios []float64
	for b.Loop() {
		began := time.Now()
		_, size := takeCheckpoint(b, s, t.Snapshot())
		took := time.Since(began)
		if _, err := s.Subsume(); err != nil {
			b.Fatal(err)
		}
		plain := writePlain(b, filepath.Join(dir, "plain"), size)
		ours = append(ours, float64(size)/took.Seconds()/1e6)
		theirs = append(theirs, float64(size)/plain.Seconds()/1e6)
		ratios = append(ratios, plain.Seconds()/took.Seconds())
	}
	b.ReportMetric(median(ours), "weir-MB/s")
	b.ReportMetric(median(theirs), "plain-MB/s")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(0, "ns/op")
}

// writePlain writes and syncs a file as one would by hand, a megabyte at a time, and
// removes it again.
func writePlain(b *testing.B, name string, size int64) time.Duration {
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i * 7)
	}
	began := time.Now()
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	for written := int64(0); written < size; written += int64(len(data)) {
		if _, err := f.Write(data[:min(int64(len(data)), size-written)]); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	if err := os.Remove(name); err != nil {
		b.Fatal(err)
	}
	return took
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// BenchmarkSnapshotPause measures the synchronous part of a snapshot at 50 thousand and
// at 5 million keys, in turn, 500 times each, with a hundredth of the keys written while
// the snapshot is alive.
func BenchmarkSnapshotPause(b *testing.B) {
	fill := func(n int) *table[int64] {
		t := newTable[int64](b, n)
		for i := range n {
			t.set(i, int64(i))
		}
		return t
	}
	small, large := fill(50_000), fill(5_000_000)
	runtime.GC()
	pause := func(t *table[int64], round int) time.Duration {
		began := time.Now()
		s := t.Snapshot()
		took := time.Since(began)
		for i := round % 100; i < len(t.keys); i += 100 {
			t.set(i, int64(round))
		}
		s.Release()
		return took
	}
	p99 := func(pauses []time.Duration) time.Duration {
		slices.Sort(pauses)
		return pauses[len(pauses)*99/100]
	}
	var ofSmall, ofLarge []time.Duration
	for b.Loop() {
		for round := range 500 {
			ofSmall = append(ofSmall, pause(small, round))
			ofLarge = append(ofLarge, pause(large, round))
		}
	}
	b.ReportMetric(float64(p99(ofSmall).Microseconds()), "50k-p99-µs")
	b.ReportMetric(float64(p99(ofLarge).Microseconds()), "5M-p99-µs")
	b.ReportMetric(float64(p99(ofLarge))/float64(p99(ofSmall)), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRestore restores 5 million keys from a checkpoint on the disk, verified past the
// page cache, and fills the same tables from memory, in turn.
func BenchmarkRestore(b *testing.B) {
	const n = 5_000_000
	t := newTable[int64](b, n)
	for i := range n {
		t.set(i, int64(i))
	}
	s := openStore(b)
	takeCheckpoint(b, s, t.Snapshot())
	var restore, rebuild []float64
	for b.Loop() {
		t.empty(b)
		runtime.GC()
		began := time.Now()
		for i := range n {
			t.set(i, int64(i))
		}
		rebuild = append(rebuild, time.Since(began).Seconds())

		t.empty(b)
		runtime.GC()
		began = time.Now()
		cp, err := s.Recover(store.From{})
		if err != nil {
			b.Fatal(err)
		}
		h := cp.Meta.Operators[0].Subtasks[0].ManagedKeyed.(*flink.KeyGroupsHandle)
		data, err := cp.OpenStream(h.Data)
		if err != nil {
			b.Fatal(err)
		}
		err = t.Restore([]flow.KeyedPart{{Range: h.Range, Offsets: h.Offsets, Data: data, Size: data.Size(), From: data.Name()}}, false)
		if err != nil {
			b.Fatal(err)
		}
		restore = append(restore, time.Since(began).Seconds())
		data.Close()
		if t.Entries() != n {
			b.Fatalf("%d entries restored, want %d", t.Entries(), n)
		}
	}
	b.ReportMetric(median(restore), "restore-s")
	b.ReportMetric(median(rebuild), "rebuild-s")
	b.ReportMetric(median(restore)/median(rebuild), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBytesPerKey measures the heap that 5 million keys of 16 characters with an int64
// each take, the bytes of the keys included.
func BenchmarkBytesPerKey(b *testing.B) {
	const n = 5_000_000
	var perKey float64
	for b.Loop() {
		t := newTable[int64](b, 0)
		before := liveHeap()
		key := make([]byte, 16)
		for i := range n {
			k := fmt.Appendf(key[:0], "key-%012d", i)
			g := flink.KeyGroupOf(flink.JavaStringHash(string(k)), maxParallelism)
			t.Set(string(k), g)
			ref, _ := t.state.Ref()
			*ref = int64(i)
		}
		t.Set("", 0)
		perKey = float64(liveHeap()-before) / n
		runtime.KeepAlive(t)
	}
	b.ReportMetric(perKey, "B/key")
	b.ReportMetric(0, "ns/op")
}
