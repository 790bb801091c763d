package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/flink"
)

// What the tests of this package share: a job, states whose bytes follow from the
// checkpoint they are in, and metadata around them.

const base = "/data"

var (
	testJob  = checkpoint.JobID{0xca, 0xfe, 15: 7}
	otherJob = checkpoint.JobID{0xbe, 0xef, 15: 8}
	testOp   = checkpoint.OperatorID{1, 2, 3}
	jobDir   = checkpoint.JobDirIn(base, testJob)
)

// testOptions make a store whose operations are the same in every run: a file for each
// state, with names that count, and nothing in parallel.
func testOptions(retain int) Options {
	n := 0
	return Options{
		Retain: retain, InlineThreshold: -1, Owner: "host a, process 1, started at noon", serial: true,
		newName: func() string { n++; return fmt.Sprintf("state-%d", n) },
	}
}

// testNames are the words in the seal of every checkpoint here; isWhole misses them.
var testNames = checkpoint.NewNames("the test's job", []checkpoint.OperatorName{
	{ID: testOp, Name: "keep", Kind: "process"}, {ID: checkpoint.OperatorID{1}, Name: "in", Kind: "source"},
})

// newDisk is a file system in memory with the directory that checkpoints go to.
func newDisk(t testing.TB) *crashfs.FS {
	t.Helper()
	fsys := crashfs.New(crashfs.Strict)
	check(t, fsys.Mkdir(base))
	fsys.Settle()
	return fsys
}

// start opens a store and recovers. The checkpoint is nil if there is none.
func start(fsys durable.FS, opts Options, from From) (*Store, *Checkpoint, error) {
	s, err := Open(fsys, base, testJob, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("open: %w", err)
	}
	c, err := s.Recover(from)
	if err != nil {
		s.Close()
		return nil, nil, fmt.Errorf("recover: %w", err)
	}
	return s, c, nil
}

func mustStart(t testing.TB, fsys durable.FS, opts Options) (*Store, *Checkpoint) {
	t.Helper()
	s, c, err := start(fsys, opts, From{})
	check(t, err)
	return s, c
}

// stateOf is what state i of a checkpoint holds; no two are the same, and all of them
// have the same length.
func stateOf(of checkpoint.Identity, i int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("state %2d of checkpoint %3d of incarnation %3d\n", i, of.ID, of.Incarnation), 3))
}

// write writes the states of a checkpoint.
func write(p *Pending, states int) ([]Blob, error) {
	var blobs []Blob
	for i := range states {
		w := p.NewWriter("test state", checkpoint.Subtask(i))
		if _, err := w.Write(stateOf(p.of, i)); err != nil {
			return nil, err
		}
		b, err := w.Close()
		if err != nil {
			return nil, err
		}
		blobs = append(blobs, b)
	}
	return blobs, nil
}

// metadataOf is metadata in which each blob is the state of a subtask.
func metadataOf(id checkpoint.ID, blobs []Blob) *flink.Metadata {
	op := flink.OperatorState{ID: testOp, Parallelism: max(1, len(blobs)), MaxParallelism: 128}
	for i, b := range blobs {
		sub := flink.SubtaskState{Index: checkpoint.Subtask(i)}
		if b.Handle != nil {
			sub.ManagedOperator = &flink.OperatorHandle{
				States: []flink.OperatorStateMeta{{Name: "s", Offsets: []int64{0}}},
				Data:   b.Handle,
			}
		}
		op.Subtasks = append(op.Subtasks, sub)
	}
	return &flink.Metadata{CheckpointID: id, Operators: []flink.OperatorState{op}}
}

// publish makes a whole checkpoint.
func publish(s *Store, states int) (checkpoint.ID, error) {
	p, err := s.Begin()
	if err != nil {
		return 0, err
	}
	blobs, err := write(p, states)
	if err != nil {
		return p.ID(), errors.Join(err, p.Abort())
	}
	return p.ID(), p.Publish(metadataOf(p.ID(), blobs), blobs, testNames)
}

func mustPublish(t testing.TB, s *Store, states int) checkpoint.ID {
	t.Helper()
	id, err := publish(s, states)
	check(t, err)
	return id
}

// isWhole compares a checkpoint with what was written, byte by byte, and trusts no
// checksum.
func isWhole(c *Checkpoint, states int) error {
	if c.Seal == nil {
		return errors.New("no seal")
	}
	n := 0
	for ref := range c.Meta.Streams() {
		data, err := readAll(c, ref.Handle)
		if err != nil {
			return err
		}
		if want := stateOf(c.Seal.Identity, int(ref.Subtask)); !bytes.Equal(data, want) {
			return &differs{ref.Subtask, data, want}
		}
		n++
	}
	if n != states {
		return fmt.Errorf("%d states, want %d", n, states)
	}
	if c.Names.Job != testNames.Job || !slices.Equal(c.Names.Operators, testNames.Operators) {
		return fmt.Errorf("names are %+v, want %+v", c.Names, testNames)
	}
	return nil
}

// A differs error says that a state can be read and is not what was written.
type differs struct {
	subtask    checkpoint.Subtask
	have, want []byte
}

func (e *differs) Error() string {
	return fmt.Sprintf("state %v is %q, want %q", e.subtask, e.have, e.want)
}

func readAll(c *Checkpoint, h flink.StreamHandle) ([]byte, error) {
	s, err := c.OpenStream(h)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	data := make([]byte, s.Size())
	return data, readFull(s, data, 0)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantText(t testing.TB, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

// names lists a directory.
func names(t testing.TB, fsys durable.FS, dir string) []string {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	check(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name)
	}
	return list
}

func wantNames(t testing.TB, fsys durable.FS, want ...string) {
	t.Helper()
	if have := names(t, fsys, string(jobDir)); strings.Join(have, " ") != strings.Join(want, " ") {
		t.Errorf("the job's directory holds %v, want %v", have, want)
	}
}

// overwrite changes a file without the store.
func overwrite(t testing.TB, fsys durable.FS, name string, change func([]byte) []byte) {
	t.Helper()
	check(t, rewrite(fsys, name, change))
}

func rewrite(fsys durable.FS, name string, change func([]byte) []byte) error {
	r, err := fsys.Open(name)
	if err != nil {
		return err
	}
	data := make([]byte, r.Size())
	if err := errors.Join(readFull(r, data, 0), r.Close(), fsys.Remove(name)); err != nil {
		return err
	}
	return durable.WriteFile(fsys, name, change(data))
}

func flipBit(bit int) func([]byte) []byte {
	return func(b []byte) []byte {
		b[bit/8] ^= 1 << (bit % 8)
		return b
	}
}

// logged collects what is logged.
func logged(opts Options) (Options, *bytes.Buffer) {
	var b bytes.Buffer
	opts.Log = slog.New(slog.NewTextHandler(&b, nil))
	return opts, &b
}

// killed is the file system as the next process finds it: nothing is lost that was
// done, nothing is locked.
func killed(t testing.TB, fsys *crashfs.FS) *crashfs.FS {
	t.Helper()
	fsys.Settle()
	for s := range fsys.Point().States(crashfs.Options{}) {
		return s.FS()
	}
	t.Fatal("no state")
	return nil
}
