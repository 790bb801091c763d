package store

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// damage flips a bit in a state file of a checkpoint.
func damage(t testing.TB, fsys durable.FS, id checkpoint.ID) {
	t.Helper()
	dir := jobDir.Complete(id)
	for _, name := range names(t, fsys, dir) {
		if name != checkpoint.MetadataName {
			overwrite(t, fsys, checkpoint.FileIn(dir, name), flipBit(77))
			return
		}
	}
	t.Fatalf("checkpoint %v has no state file", id)
}

// withCheckpoints is a disk with checkpoints 1 to n, all of them retained.
func withCheckpoints(t testing.TB, n int) *crashfs.FS {
	t.Helper()
	fsys := newDisk(t)
	s, _ := mustStart(t, fsys, testOptions(n))
	for range n {
		mustPublish(t, s, 1)
	}
	check(t, s.Close())
	fsys.Settle()
	return fsys
}

func TestDamagedIsRefused(t *testing.T) {
	fsys := withCheckpoints(t, 3)
	damage(t, fsys, 3)
	damage(t, fsys, 2)
	before := listing(fsys)
	_, _, err := start(fsys, testOptions(3), From{})
	var damaged *DamagedError
	if !errors.As(err, &damaged) || damaged.Report.ID != 3 || damaged.Intact != 1 {
		t.Fatalf("got %v", err)
	}
	wantText(t, err, "checkpoint 3 in "+jobDir.Complete(3)+" is damaged: state-3 (test state, subtask 0), block 0 at byte 0: its checksum is ",
		"No crash does that", "Nothing was changed",
		"Checkpoint 1 in "+jobDir.Complete(1)+" is intact (every byte verified)",
		"repeats what was processed between checkpoints 1 and 3", "appears a second time", "set Options.AllowFallback")
	if after := listing(fsys); strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("refused, and changed %v to %v", before, after)
	}
}

func TestDamagedAndNothingElse(t *testing.T) {
	fsys := withCheckpoints(t, 1)
	damage(t, fsys, 1)
	for _, allow := range []bool{false, true} {
		_, _, err := start(fsys, testOptions(2), From{AllowFallback: allow})
		wantText(t, err, "There is no older checkpoint", "start from a savepoint")
		wantNames(t, fsys, ".lock", "chk-1")
	}
	fsys = withCheckpoints(t, 2)
	damage(t, fsys, 1)
	check(t, fsys.Remove(checkpoint.MetadataIn(jobDir.Complete(2))))
	_, _, err := start(fsys, testOptions(2), From{AllowFallback: true})
	wantText(t, err, "_metadata: is missing", "None of the 2 checkpoints here is intact")
}

// TestLostSeal: what was cut off exactly where Flink's payload ends is not mistaken for
// a checkpoint of Flink's.
func TestLostSeal(t *testing.T) {
	fsys := withCheckpoints(t, 2)
	overwrite(t, fsys, checkpoint.MetadataIn(jobDir.Complete(2)), func(b []byte) []byte {
		payload, _, err := splitSeal(b)
		check(t, err)
		return payload
	})
	_, _, err := start(fsys, testOptions(2), From{})
	wantText(t, err, "checkpoint 2 in ", "_metadata: it has no seal: it was cut off", "Checkpoint 1 in ")
}

// TestCannotLook: that a file cannot be opened just now is no damage. Nothing is set
// aside for it, even where going back is allowed.
func TestCannotLook(t *testing.T) {
	for _, err := range []error{syscall.EMFILE, fs.ErrPermission} {
		fsys := withCheckpoints(t, 2)
		for _, name := range []string{"_metadata", "state-2"} {
			faulty := faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Open | faultfs.Read, Name: name, K: 1, Sticky: true, Err: err})
			_, _, got := start(faulty, testOptions(2), From{AllowFallback: true})
			var damaged *DamagedError
			if !errors.Is(got, err) || errors.As(got, &damaged) {
				t.Errorf("%v on %s: %v", err, name, got)
			}
			wantNames(t, fsys, ".lock", "chk-1", "chk-2")
		}
	}
	fsys := withCheckpoints(t, 2)
	faulty := faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Read, Name: "state-2", K: 1, Sticky: true, Err: syscall.EIO})
	_, _, err := start(faulty, testOptions(2), From{})
	wantText(t, err, "state-2 (test state, subtask 0), block 0 at byte 0: cannot be read", "Checkpoint 1 in")
}

func TestFromNone(t *testing.T) {
	fsys := withCheckpoints(t, 2)
	damage(t, fsys, 2) // does not matter to a start from nothing
	s, c, err := start(fsys, testOptions(2), From{None: true})
	check(t, err)
	if c != nil {
		t.Fatalf("recovered %v", c.ID)
	}
	for i, want := range []string{".lock chk-1 chk-2 chk-3", ".lock chk-3 chk-4"} {
		if id := mustPublish(t, s, 1); id != checkpoint.ID(3+i) {
			t.Errorf("id %v", id)
		}
		_, err := s.Subsume()
		check(t, err)
		wantNames(t, fsys, strings.Fields(want)...)
	}
}

func TestFromPath(t *testing.T) {
	copyOf := func(fsys *crashfs.FS, id checkpoint.ID, to string) {
		t.Helper()
		check(t, fsys.Mkdir(to))
		from := jobDir.Complete(id)
		for _, name := range names(t, fsys, from) {
			r, err := fsys.Open(checkpoint.FileIn(from, name))
			check(t, err)
			data := make([]byte, r.Size())
			check(t, readFull(r, data, 0))
			check(t, durable.WriteFile(fsys, checkpoint.FileIn(to, name), data))
		}
	}
	unseal := func(b []byte) []byte {
		payload, _, err := splitSeal(b)
		check(t, err)
		return payload
	}
	fsys := withCheckpoints(t, 3)
	copyOf(fsys, 2, "/savepoint")
	copyOf(fsys, 2, "/flink")
	overwrite(t, fsys, "/flink/_metadata", unseal)
	copyOf(fsys, 3, "/moved")
	overwrite(t, fsys, "/moved/state-3", flipBit(1))

	for _, c := range []struct {
		path string
		want checkpoint.ID
	}{
		{jobDir.Complete(1), 1},
		{jobDir.Complete(1) + "/", 1},
		{"file://" + jobDir.Complete(1) + "/_metadata", 1},
		{"/savepoint", 2},
		{"/savepoint/_metadata", 2},
		{"file:/flink", 2},
	} {
		s, got, err := start(fsys, testOptions(3), From{Path: c.path})
		check(t, err)
		if got.ID != c.want || (got.Seal == nil) != (c.path == "file:/flink") {
			t.Errorf("%s: checkpoint %v, sealed %v", c.path, got.ID, got.Seal != nil)
		}
		p, err := s.Begin()
		check(t, err)
		if p.ID() < 4 {
			t.Errorf("%s: next id %v", c.path, p.ID())
		}
		check(t, p.Abort())
		check(t, s.Close())
		wantNames(t, fsys, ".lock", "chk-1", "chk-2", "chk-3")
	}

	for path, texts := range map[string][]string{
		"/moved":              {"is damaged", "Nothing was changed", "block 0"},
		"/nowhere":            {"/nowhere"},
		string(jobDir):        {"is no checkpoint", "the job's directory above them is neither"},
		"s3://bucket/chk-1":   {"only local files can be read, not s3"},
		"file://host/a/chk-1": {"only files of this machine"},
	} {
		_, _, err := start(fsys, testOptions(3), From{Path: path})
		wantText(t, err, texts...)
		var nowhere *NoCheckpointError
		if none := path != "/moved"; errors.As(err, &nowhere) != none {
			t.Errorf("%s: that it is no checkpoint is %v, and it is a %T", path, none, err)
		}
	}

	// What looks like one of ours and has lost its seal is damaged, not Flink's.
	overwrite(t, fsys, checkpoint.MetadataIn(jobDir.Complete(2)), unseal)
	_, _, err := start(fsys, testOptions(3), From{Path: jobDir.Complete(2)})
	wantText(t, err, "it has no seal")

	// Another job's is refused, sealed as it is.
	s, err := Open(fsys, base, otherJob, testOptions(1))
	check(t, err)
	_, err = s.Recover(From{Path: "/savepoint"})
	var other *OtherJobError
	if !errors.As(err, &other) || other.Job != testJob {
		t.Errorf("another job's checkpoint: %v", err)
	}
	_, err = s.Recover(From{Path: "/flink"})
	check(t, err)
	p, err := s.Begin()
	check(t, err)
	if p.ID() != 3 {
		t.Errorf("the first id after an unsealed checkpoint 2 is %v", p.ID())
	}
}

func TestStrangersAreLeftAlone(t *testing.T) {
	fsys := withCheckpoints(t, 1)
	strangers := []string{"chk-07", "chk-9.bak", "notes.txt"}
	for _, name := range strangers {
		check(t, durable.WriteFile(fsys, jobDir.Join(name), []byte("x")))
	}
	check(t, durable.WriteFile(fsys, jobDir.Join("chk-12"), nil)) // a file: no checkpoint, but the id is taken
	for _, dir := range []string{"shared", "taskowned", ".trash-1", ".trash-1.2", ".inprogress-4.1"} {
		check(t, fsys.Mkdir(jobDir.Join(dir)))
	}
	check(t, durable.WriteFile(fsys, jobDir.Join(".trash-1/x"), nil))
	opts, log := logged(testOptions(2))
	s, c, err := start(fsys, opts, From{})
	check(t, err)
	if c.ID != 1 {
		t.Errorf("recovered %v", c.ID)
	}
	wantNames(t, fsys, ".lock", "chk-07", "chk-1", "chk-12", "chk-9.bak", "notes.txt", "shared", "taskowned")
	if !strings.Contains(log.String(), "chk-9.bak") {
		t.Errorf("the log does not tell of strangers:\n%s", log)
	}
	if id := mustPublish(t, s, 1); id != 13 {
		t.Errorf("next id %v", id)
	}
}

// TestRetentionTrustsNoName: what is no longer whole does not count as kept.
func TestRetentionTrustsNoName(t *testing.T) {
	fsys := withCheckpoints(t, 5)
	damage(t, fsys, 4)
	opts, log := logged(testOptions(2))
	s, _, err := start(fsys, opts, From{})
	check(t, err)
	// 5 and 3 are the two intact ones; 4 stays until two newer ones are.
	wantNames(t, fsys, ".lock", "chk-3", "chk-4", "chk-5")
	if !strings.Contains(log.String(), "not whole") {
		t.Errorf("the log says nothing of checkpoint 4:\n%s", log)
	}
	mustPublish(t, s, 1)
	_, err = s.Subsume()
	check(t, err)
	wantNames(t, fsys, ".lock", "chk-5", "chk-6")
}

// TestSubsumeCannotDelete: what cannot be deleted does no harm and goes later.
func TestSubsumeCannotDelete(t *testing.T) {
	for _, name := range []string{"chk-1", "_metadata", "state-1", ".trash-1"} {
		fsys := withCheckpoints(t, 1)
		faulty := faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Rename | faultfs.Remove, Name: name, K: 1, Err: syscall.EIO})
		if name == "_metadata" || name == "state-1" {
			faulty = faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Remove, Name: name, K: 1, Err: syscall.EIO})
		}
		opts, log := logged(testOptions(1))
		s, _, err := start(fsys, opts, From{})
		check(t, err)
		mustPublish(t, s, 1)
		s.fsys = faulty
		deleted, err := s.Subsume()
		check(t, err)
		if len(deleted) > 0 || !strings.Contains(log.String(), "cannot delete") {
			t.Errorf("%s: deleted %v; log:\n%s", name, deleted, log)
		}
		check(t, s.Close())
		_, c := mustStart(t, fsys, testOptions(1))
		if c.ID != 2 {
			t.Errorf("recovered %v", c.ID)
		}
		wantNames(t, fsys, ".lock", "chk-2")
	}
}

func TestNoMoreNumbers(t *testing.T) {
	fsys := newDisk(t)
	check(t, fsys.Mkdir(string(jobDir)))
	check(t, fsys.Mkdir(jobDir.Join(".trash-9223372036854775807")))
	s, _ := mustStart(t, fsys, testOptions(1))
	if _, err := s.Begin(); !errors.Is(err, errNoMoreIDs) {
		t.Errorf("Begin: %v", err)
	}
	check(t, s.Close())
	check(t, fsys.Mkdir(jobDir.Join(".inprogress-1.9223372036854775807")))
	_, err := Open(fsys, base, testJob, testOptions(1))
	wantText(t, err, "no incarnations left")
}

// TestUnverifiableDoesNotCount: an older checkpoint that cannot be looked at just now does
// not count as retained, so that one that can be stays for it.
func TestUnverifiableDoesNotCount(t *testing.T) {
	fsys := withCheckpoints(t, 3)
	s, c, err := start(unreadableDir{fsys, "chk-2"}, testOptions(2), From{})
	check(t, err)
	if c.ID != 3 {
		t.Errorf("recovered %v", c.ID)
	}
	check(t, s.Close())
	wantNames(t, fsys, ".lock", "chk-1", "chk-2", "chk-3")
}

// An unreadableDir is a file system with a directory whose files this process may not open.
type unreadableDir struct {
	durable.FS
	name string
}

func (u unreadableDir) Open(name string) (durable.Reader, error) {
	if path.Base(path.Dir(name)) == u.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	return u.FS.Open(name)
}

// TestRefusalChangesNothing: a refusal for damage says that nothing was changed. Leftovers
// may be what is needed to find out what happened.
func TestRefusalChangesNothing(t *testing.T) {
	fsys := withCheckpoints(t, 3)
	check(t, fsys.Mkdir(jobDir.Join(".inprogress-4.1")))
	check(t, fsys.Mkdir(jobDir.Join(".trash-1")))
	damage(t, fsys, 3)
	before := listing(fsys)
	_, _, err := start(fsys, testOptions(1), From{})
	wantText(t, err, "Nothing was changed")
	if after := listing(fsys); !slices.Equal(after, before) {
		t.Errorf("there was %v, and now there is %v", before, after)
	}
}
