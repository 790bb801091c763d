package inspect

import (
	"context"
	"io"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/flink"
)

// A fatalist is a *testing.T or a *rapid.T.
type fatalist interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

// A keyedState is what one operator keeps by key: one value state, in one key group.
type keyedState struct {
	uid    string
	name   string
	key    flink.Serializer
	keys   [][]byte // encoded
	values []int64  // beside the keys; 0 where there are less
}

// operator returns the state as an operator of a snapshot, its bytes put away by put.
func (k keyedState) operator(t fatalist, put func(what string, data []byte) flink.StreamHandle) flink.OperatorState {
	header := flink.KeyedHeader{Key: k.key, States: []flink.StateMeta{flink.ValueStateMeta(k.name, flink.Long)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Offsets: []int64{int64(len(data))}, ID: "h"}
	data = flink.AppendStateBlock(flink.AppendKeyGroup(data, 0), 0, len(k.keys))
	for i, key := range k.keys {
		data = append(append(data, 0), key...) // in the namespace that stands for none
		value := int64(0)
		if i < len(k.values) {
			value = k.values[i]
		}
		data = flink.AppendI64(data, value)
	}
	h.Data = put(k.uid, data)
	return flink.OperatorState{
		ID: flink.OperatorIDOf(k.uid), Parallelism: 1, MaxParallelism: 1, Subtasks: []flink.SubtaskState{{ManagedKeyed: h}},
	}
}

// writeFlinks writes a snapshot as Flink would, without a seal, with all state in the metadata.
func writeFlinks(t fatalist, fsys durable.FS, dir string, states ...keyedState) {
	meta := &flink.Metadata{CheckpointID: 1}
	for _, s := range states {
		meta.Operators = append(meta.Operators, s.operator(t, func(_ string, data []byte) flink.StreamHandle {
			return &flink.InlineHandle{Name: "s", Data: data}
		}))
	}
	writeMetadata(t, fsys, dir, meta)
}

func writeMetadata(t fatalist, fsys durable.FS, dir string, meta *flink.Metadata) {
	payload, err := meta.AppendTo(nil)
	if err == nil {
		err = fsys.Mkdir(dir)
	}
	if err == nil {
		err = durable.FillFile(fsys, checkpoint.MetadataIn(dir), func(w io.Writer) error { _, err := w.Write(payload); return err })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// writeJob makes n complete checkpoints of a job of Weir's below base, with every state in a
// file, and returns the job's directory.
func writeJob(t fatalist, fsys durable.FS, base, job string, n int, states ...keyedState) string {
	s, err := store.Open(fsys, base, flink.JobIDOf(job), store.Options{Retain: n, InlineThreshold: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Recover(store.From{}); err != nil {
		t.Fatal(err)
	}
	for range n {
		p, err := s.Begin()
		if err != nil {
			t.Fatal(err)
		}
		meta := &flink.Metadata{Version: 3, CheckpointID: p.ID()}
		names := checkpoint.Names{Job: job}
		var blobs []store.Blob
		for _, st := range states {
			meta.Operators = append(meta.Operators, st.operator(t, func(what string, data []byte) flink.StreamHandle {
				w := p.NewWriter(what, 0)
				if _, err := w.Write(data); err != nil {
					t.Fatal(err)
				}
				blob, err := w.Close()
				if err != nil {
					t.Fatal(err)
				}
				blobs = append(blobs, blob)
				return blob.Handle
			}))
			names.Operators = append(names.Operators, checkpoint.OperatorName{ID: flink.OperatorIDOf(st.uid), Name: st.uid, Kind: "process"})
		}
		names = checkpoint.NewNames(names.Job, names.Operators)
		if err := p.Publish(meta, blobs, names); err != nil {
			t.Fatal(err)
		}
	}
	return s.Dir()
}

// open opens a checkpoint and loads all of it.
func open(t fatalist, r *Reader, dir string, uids ...string) *Checkpoint {
	p, err := r.LookForCheckpoint(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Open(context.Background(), p, uids...)
	if err != nil {
		t.Fatal(err)
	}
	c.Load(Selection{}, true)
	return c
}

func newDisk() *crashfs.FS { return crashfs.New(crashfs.Strict) }

// words is the state of a counter.
var words = keyedState{uid: "counter", name: "count", key: flink.String, keys: [][]byte{
	flink.AppendString(nil, "FRA"), flink.AppendString(nil, "MUC"),
}, values: []int64{3, 5}}

func TestSnapshotsCanBeRead(t *testing.T) {
	disk := newDisk()
	r := &Reader{FS: disk}
	writeFlinks(t, disk, "/sp", words)
	dir := writeJob(t, disk, "/data", "words", 2, words)
	for _, path := range []string{"/sp", dir, dir + "/chk-1"} {
		c := open(t, r, path)
		var lines []string
		x, err := c.Export(func(_ *Handle, e *Entry) error {
			lines = append(lines, e.Text())
			return nil
		})
		if err != nil || len(x.Errors) > 0 || len(lines) != 2 || lines[0] != `count["FRA"] = 3` {
			t.Errorf("%s: %q, %v, %v", path, lines, x, err)
		}
	}
}
