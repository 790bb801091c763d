package store

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

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
	wantText(t, p.Publish(metadataOf(1, nil), nil, testNames), "aborted")
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
		err = p.Publish(m, blobs, testNames)
		var aborted *AbortedError
		if !errors.As(err, &aborted) {
			t.Fatalf("Publish: %v, want it aborted", err)
		}
		wantText(t, err, texts...)
	}
	publishing(func(p *Pending, m *flink.Metadata, blobs []Blob) (*flink.Metadata, []Blob) {
		p.NewWriter("forgotten", 0)
		return m, blobs
	}, "1 state writers are still open", "there is no complete one")
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
	wantText(t, slow.Publish(metadataOf(slow.ID(), nil), nil, testNames), "overtaken")

	// Begun before a recovery.
	old, err := s.Begin()
	check(t, err)
	_, err = s.Recover(From{})
	check(t, err)
	if err := old.Publish(metadataOf(old.ID(), nil), nil, testNames); !errors.Is(err, errForgotten) {
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

	// A name that appears while the store is open counts from the next recovery on.
	check(t, fsys.Mkdir(jobDir.Join(".damaged-49")))
	_, err = s.Recover(From{})
	check(t, err)
	if id := mustPublish(t, s, 1); id != 50 {
		t.Errorf("the id after .damaged-49 is %v", id)
	}

	// A name that is taken is refused, and that is no unknown outcome: nothing was done.
	check(t, fsys.Mkdir(jobDir.Complete(51)))
	_, err = publish(s, 1)
	var aborted *AbortedError
	if !errors.As(err, &aborted) || !errors.Is(err, fs.ErrExist) || aborted.Newest != 50 {
		t.Errorf("published over an existing name: %v", err)
	}
	if id := mustPublish(t, s, 1); id != 52 {
		t.Errorf("the id after 51 is %v", id)
	}
}

// TestForgottenIDStaysTaken: the id of a checkpoint that was begun and then
// forgotten stands in the name of its staging directory alone, which recovery removes.
func TestForgottenIDStaysTaken(t *testing.T) {
	fsys := newDisk(t)
	s, _ := mustStart(t, fsys, testOptions(2))
	mustPublish(t, s, 1)
	_, err := s.Begin()
	check(t, err)
	_, err = s.Recover(From{})
	check(t, err)
	fsys = killed(t, fsys)
	s, _ = mustStart(t, fsys, testOptions(2))
	if id := mustPublish(t, s, 1); id != 3 {
		t.Errorf("the id after a forgotten 2 and a restart is %v", id)
	}
}

// TestStateFileIsGone: a state file that was removed is missed before the
// checkpoint gets its name.
func TestStateFileIsGone(t *testing.T) {
	fsys := newDisk(t)
	s, _ := mustStart(t, fsys, testOptions(2))
	p, err := s.Begin()
	check(t, err)
	blobs, err := write(p, 2)
	check(t, err)
	check(t, fsys.Remove(checkpoint.FileIn(p.dir, blobs[1].File.Name)))
	err = p.Publish(metadataOf(p.ID(), blobs), blobs, testNames)
	wantText(t, err, "2 state files were written, and 1 are in the staging directory", "aborted")
}
