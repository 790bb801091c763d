package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// A madeJob is a job whose checkpoints the tests look at: a source and a counter with
// two subtasks, of which checkpoint n holds the count n for each key.
type madeJob struct {
	keys      int  // how many each subtask of the counter has
	maxBytes  int  // inline threshold, as in store.Options
	misplaced bool // keys are in key groups that they do not belong to
	nameless  bool // the seal has no names
}

const (
	madeParallelism    = 2
	madeMaxParallelism = 4
)

// mkjob is a command of the scripts: mkjob [-keys n] [-files] [-misplaced] [-nameless] DIR NAME N.
// It makes N checkpoints of the job NAME below the checkpoint directory DIR, and keeps all.
func mkjob() {
	keys := flag.Int("keys", 2, "keys per subtask")
	files := flag.Bool("files", false, "every state in a file")
	begun := flag.Bool("begun", false, "leave one more that was begun")
	misplaced := flag.Bool("misplaced", false, "keys are in wrong key groups")
	nameless := flag.Bool("nameless", false, "the seal has no names")
	flag.Parse()
	j := madeJob{keys: *keys, misplaced: *misplaced, nameless: *nameless}
	if *files {
		j.maxBytes = -1
	}
	var n int
	if _, err := fmt.Sscan(flag.Arg(2), &n); err != nil {
		log.Fatal(err)
	}
	if err := j.run(flag.Arg(0), flag.Arg(1), n, *begun); err != nil {
		log.Fatal(err)
	}
}

func (j madeJob) run(dir, name string, n int, begun bool) error {
	return j.runOn(durable.OS(), dir, name, n, begun)
}

func (j madeJob) runOn(fsys durable.FS, dir, name string, n int, begun bool) error {
	s, err := store.Open(fsys, dir, flink.JobIDOf(name), store.Options{Retain: n, InlineThreshold: j.maxBytes})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Recover(store.From{}); err != nil {
		return err
	}
	for range n {
		p, err := s.Begin()
		if err != nil {
			return err
		}
		var blobs []store.Blob
		meta, err := j.metadata(p.ID(), func(what string, sub checkpoint.Subtask, data []byte) (flink.StreamHandle, error) {
			w := p.NewWriter(what, sub)
			if _, err := w.Write(data); err != nil {
				return nil, err
			}
			blob, err := w.Close()
			blobs = append(blobs, blob)
			return blob.Handle, err
		})
		if err != nil {
			return err
		}
		names := checkpoint.NewNames(name, []checkpoint.OperatorName{
			{ID: flink.OperatorIDOf("source"), Name: "source", Kind: "source"}, {ID: flink.OperatorIDOf("counter"), Name: "counter", Kind: "process"},
		})
		if j.nameless {
			names = checkpoint.Names{}
		}
		if err := p.Publish(meta, blobs, names); err != nil {
			return err
		}
	}
	if begun {
		_, err = s.Begin()
	}
	return err
}

// mkflink is a command of the scripts: mkflink [-inline] [-misplaced] [-outside PATH] DIR. It writes
// the same checkpoint as Flink would: without a seal.
func mkflink() {
	keys := flag.Int("keys", 2, "keys per subtask")
	inline := flag.Bool("inline", false, "every state inline")
	outside := flag.String("outside", "", "the counter's state is in this file")
	misplaced := flag.Bool("misplaced", false, "keys are in wrong key groups")
	flag.Parse()
	if err := (madeJob{keys: *keys, misplaced: *misplaced}).writeFlinks(flag.Arg(0), *inline, *outside); err != nil {
		log.Fatal(err)
	}
}

func (j madeJob) writeFlinks(dir string, inline bool, outside string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	files := 0
	meta, err := j.metadata(7, func(what string, sub checkpoint.Subtask, data []byte) (flink.StreamHandle, error) {
		files++
		name := fmt.Sprintf("state-%d", files)
		if inline {
			return &flink.InlineHandle{Name: name, Data: data}, nil
		}
		if what == "counter" && sub == 0 && outside != "" {
			return &flink.FileHandle{Path: "file:" + outside, Length: int64(len(data))}, os.WriteFile(outside, data, 0o666)
		}
		return &flink.RelativeHandle{Path: name, Length: int64(len(data))}, os.WriteFile(filepath.Join(dir, name), data, 0o666)
	})
	if err != nil {
		return err
	}
	payload, err := meta.AppendTo(nil)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, checkpoint.MetadataName), payload, 0o666)
}

// A putter keeps the bytes of a state.
type putter func(what string, sub checkpoint.Subtask, data []byte) (flink.StreamHandle, error)

func (j madeJob) metadata(id checkpoint.ID, put putter) (*flink.Metadata, error) {
	data, states, err := flink.EncodeBytesLists(flink.BytesList{Name: "splits", Elements: [][]byte{[]byte("split one"), []byte("split two")}})
	if err != nil {
		return nil, err
	}
	h, err := put("source", 0, data)
	if err != nil {
		return nil, err
	}
	source := flink.OperatorState{
		ID: flink.OperatorIDOf("source"), Parallelism: 1, MaxParallelism: 128,
		Subtasks: []flink.SubtaskState{{ManagedOperator: &flink.OperatorHandle{States: states, Data: h}}},
	}
	counter := flink.OperatorState{
		ID: flink.OperatorIDOf("counter"), Parallelism: madeParallelism, MaxParallelism: madeMaxParallelism,
	}
	for i := range checkpoint.Subtask(madeParallelism) {
		data, offsets, err := j.counts(i, int64(id))
		if err != nil {
			return nil, err
		}
		h, err := put("counter", i, data)
		if err != nil {
			return nil, err
		}
		counter.Subtasks = append(counter.Subtasks, flink.SubtaskState{Index: i, ManagedKeyed: &flink.KeyGroupsHandle{
			Tag: flink.TagKeyGroupsV2, Range: flink.KeyGroupRangeOf(i, madeMaxParallelism, madeParallelism),
			Offsets: offsets, Data: h, ID: fmt.Sprint("handle-", i),
		}})
	}
	return &flink.Metadata{Version: 3, CheckpointID: id, Operators: []flink.OperatorState{source, counter}}, nil
}

// counts is the keyed state of a subtask of the counter, in the heap native layout: a
// count and a map per key, and a timer.
func (j madeJob) counts(sub checkpoint.Subtask, count int64) (data []byte, offsets []int64, err error) {
	header := flink.KeyedHeader{Key: flink.String, States: []flink.StateMeta{
		flink.ValueStateMeta("count", flink.Long),
		flink.MapStateMeta("seen", flink.String, flink.Int),
		flink.TimerQueueMeta("_timer_state/event_flush", flink.String, flink.VoidNamespace),
	}}
	if data, err = header.AppendTo(nil); err != nil {
		return nil, nil, err
	}
	groups := flink.KeyGroupRangeOf(sub, madeMaxParallelism, madeParallelism)
	keys := map[checkpoint.KeyGroup][]string{}
	for i, n := 0, 0; n < j.keys; i++ {
		key := fmt.Sprintf("key-%d", i)
		g := flink.KeyGroupOf(flink.JavaStringHash(key), madeMaxParallelism)
		if j.misplaced {
			g = (g + 1) % madeMaxParallelism
		}
		if groups.Contains(g) {
			keys[g] = append(keys[g], key)
			n++
		}
	}
	for g := checkpoint.KeyGroup(groups.Start); groups.Contains(g); g++ {
		offsets = append(offsets, int64(len(data)))
		data = flink.AppendKeyGroup(data, g)
		data = flink.AppendStateBlock(data, 0, len(keys[g]))
		for _, key := range keys[g] {
			data = flink.AppendI64(flink.AppendString(append(data, 0), key), count)
		}
		data = flink.AppendStateBlock(data, 1, len(keys[g]))
		for _, key := range keys[g] {
			data = flink.AppendI32(flink.AppendString(append(data, 0), key), 1)
			data = flink.AppendI32(flink.AppendBool(flink.AppendString(data, "x"), false), 5)
		}
		data = flink.AppendStateBlock(data, 2, len(keys[g]))
		for _, key := range keys[g] {
			data = append(flink.AppendString(flink.AppendI64(data, 1000^-1<<63), key), 0)
		}
	}
	return data, offsets, nil
}
