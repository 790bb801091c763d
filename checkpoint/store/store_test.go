package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
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
	return p.ID(), p.Publish(metadataOf(p.ID(), blobs), blobs)
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
			return fmt.Errorf("state %v is %q, want %q", ref.Subtask, data, want)
		}
		n++
	}
	if n != states {
		return fmt.Errorf("%d states, want %d", n, states)
	}
	return nil
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

// overwrite changes a file behind the store's back.
func overwrite(t testing.TB, fsys durable.FS, name string, change func([]byte) []byte) {
	t.Helper()
	r, err := fsys.Open(name)
	check(t, err)
	data := make([]byte, r.Size())
	check(t, readFull(r, data, 0))
	check(t, r.Close())
	check(t, fsys.Remove(name))
	check(t, durable.WriteFile(fsys, name, change(data)))
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

func TestCycle(t *testing.T) {
	fsys := newDisk(t)
	s, c := mustStart(t, fsys, testOptions(2))
	if c != nil || s.Incarnation() != 1 {
		t.Fatalf("a new directory gave checkpoint %v, incarnation %v", c, s.Incarnation())
	}
	for want := checkpoint.ID(1); want <= 4; want++ {
		if id := mustPublish(t, s, 2); id != want {
			t.Fatalf("id %v, want %v", id, want)
		}
		deleted, err := s.Subsume()
		check(t, err)
		if want > 2 && (len(deleted) != 1 || deleted[0] != want-2) || want <= 2 && len(deleted) > 0 {
			t.Errorf("after checkpoint %v deleted %v", want, deleted)
		}
	}
	wantNames(t, fsys, ".lock", "chk-3", "chk-4")
	check(t, s.Close())

	s, c = mustStart(t, fsys, testOptions(1))
	if c.ID != 4 || s.Incarnation() != 2 || s.Newest() != 4 {
		t.Fatalf("recovered %v as incarnation %v", c.ID, s.Incarnation())
	}
	check(t, isWhole(c, 2))
	wantNames(t, fsys, ".lock", "chk-4")
	if id := mustPublish(t, s, 0); id != 5 {
		t.Errorf("id %v, want 5", id)
	}
}

func TestAbort(t *testing.T) {
	fsys := newDisk(t)
	s, _ := mustStart(t, fsys, testOptions(2))
	p, err := s.Begin()
	check(t, err)
	_, err = write(p, 1)
	check(t, err)
	late := p.NewWriter("late", 1)
	check(t, p.Abort())
	check(t, p.Abort())
	wantNames(t, fsys, ".lock")
	if _, err := late.Write([]byte("x")); !errors.Is(err, errAborted) {
		t.Errorf("a late writer got %v", err)
	}
	wantText(t, p.Publish(metadataOf(1, nil), nil), "aborted")
	if id := mustPublish(t, s, 1); id != 2 {
		t.Errorf("the id after an aborted 1 is %v", id)
	}

	// An id that was only ever aborted is not given out again by the next process.
	p, err = s.Begin()
	check(t, err)
	check(t, p.Abort())
	fsys = killed(t, fsys)
	s, _ = mustStart(t, fsys, testOptions(2))
	if id := mustPublish(t, s, 1); id != 4 {
		t.Errorf("the id after an aborted 3 and a restart is %v", id)
	}
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

func TestMisuse(t *testing.T) {
	fsys := newDisk(t)
	s, err := Open(fsys, base, testJob, testOptions(2))
	check(t, err)
	if _, err := s.Begin(); !errors.Is(err, errNotRecovered) {
		t.Errorf("Begin before Recover: %v", err)
	}
	if _, err := s.Recover(From{None: true, Path: "x"}); err == nil {
		t.Error("Recover took a path and none")
	}
	_, err = s.Recover(From{})
	check(t, err)

	publishing := func(change func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob), texts ...string) {
		t.Helper()
		p, err := s.Begin()
		check(t, err)
		blobs, err := write(p, 2)
		check(t, err)
		m, blobs := change(p, metadataOf(p.ID(), blobs), blobs)
		err = p.Publish(m, blobs)
		var aborted *AbortedError
		if !errors.As(err, &aborted) {
			t.Fatalf("Publish: %v, want it aborted", err)
		}
		wantText(t, err, texts...)
	}
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		p.NewWriter("forgotten", 0)
		return m, blobs
	}, "1 state writers are still open", "no complete one yet")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		return m, blobs[:1]
	}, "2 state files were written and 1 acknowledged")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		return m, []Blob{blobs[0], blobs[0]}
	}, "twice")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		blobs[1].File.Name = "foreign"
		return m, blobs
	}, "foreign is not one of this checkpoint's")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		return metadataOf(p.ID(), blobs[:1]), blobs
	}, "nothing in the metadata refers to it")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		m.Operators[0].Subtasks[0].ManagedOperator.Data = &flink.RelativeHandle{Path: "nowhere", Length: 3}
		return m, blobs
	}, "the seal does not know it")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		m.Operators[0].Subtasks[0].ManagedOperator.Data = &flink.FileHandle{Path: "file:/etc/passwd", Length: 3}
		return m, blobs
	}, "leads out of the directory")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		h := m.Operators[0].Subtasks[0].ManagedOperator.Data.(*flink.RelativeHandle)
		m.Operators[0].Subtasks[0].ManagedOperator.Data = &flink.RelativeHandle{Path: h.Path, Length: h.Length + 1}
		return m, blobs
	}, "for the seal")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		m.CheckpointID++
		return m, blobs
	}, "is of checkpoint")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		blobs = append(blobs, Blob{Handle: &flink.InlineHandle{Name: "i", Data: []byte("abc")}})
		return m, blobs
	}, "inline state i of 3 bytes is not in the metadata")
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		check(t, durable.WriteFile(fsys, p.dir+"/stray", nil))
		return m, blobs
	}, "stray in the staging directory")
	wantNames(t, fsys, ".lock")

	// Overtaken by a newer one.
	slow, err := s.Begin()
	check(t, err)
	mustPublish(t, s, 1)
	wantText(t, slow.Publish(metadataOf(slow.ID(), nil), nil), "overtaken")

	// Begun before a recovery.
	old, err := s.Begin()
	check(t, err)
	_, err = s.Recover(From{})
	check(t, err)
	if err := old.Publish(metadataOf(old.ID(), nil), nil); !errors.Is(err, errForgotten) {
		t.Errorf("published across a recovery: %v", err)
	}
	check(t, old.Abort())

	check(t, s.Close())
	check(t, s.Close())
	_, err = s.Begin()
	if !errors.Is(err, errClosed) {
		t.Errorf("Begin after Close: %v", err)
	}
	for _, o := range []Options{{Retain: -1}, {InlineThreshold: maxInlineThreshold + 1}} {
		if _, err := Open(fsys, base, testJob, o); err == nil {
			t.Errorf("opened with %+v", o)
		}
	}
}

// TestNeverCollides: names that are taken are walked around, and nothing is replaced.
func TestNeverCollides(t *testing.T) {
	fsys := newDisk(t)
	s, _ := mustStart(t, fsys, testOptions(1))
	mustPublish(t, s, 1)
	mustPublish(t, s, 1)
	for _, name := range []string{".trash-1", ".trash-1.1"} {
		check(t, fsys.Mkdir(jobDir.Join(name)))
	}
	deleted, err := s.Subsume()
	check(t, err)
	if len(deleted) != 1 || deleted[0] != 1 {
		t.Errorf("deleted %v", deleted)
	}
	wantNames(t, fsys, ".lock", ".trash-1", ".trash-1.1", "chk-2")

	// Somebody made what the next checkpoint would be.
	check(t, fsys.Mkdir(jobDir.Complete(3)))
	_, err = publish(s, 1)
	var unknown *UnknownOutcomeError
	if !errors.As(err, &unknown) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("published over an existing name: %v", err)
	}
}
