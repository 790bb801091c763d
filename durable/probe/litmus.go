package probe

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/weirstream/weir/durable"
)

// A Trial is one thing that was tried on a file system, and what came of it.
type Trial struct {
	Name    string // what the durability contract needs, as "rename refuses to replace"
	Outcome Outcome
	Detail  string // for people; may be empty
}

// An Outcome is how a [Trial] ended.
type Outcome int

const (
	Held    Outcome = iota // it is as it must be
	Weaker                 // it is not, and the contract can hold without it
	Failed                 // it is not, and the contract cannot hold
	Untried                // it cannot be tried here
)

func (o Outcome) String() string { return [...]string{"held", "weaker", "failed", "untried"}[o] }

// Litmus tries out a file system in the directory dir, which is empty and the caller's to
// remove. It tries what can be tried without cutting the power: that what must be refused
// is refused, and that what must succeed does. That synced bytes survive a power cut, no
// program can try on the machine it runs on.
//
// On the machine's own file system, durable.OS, it also asks by which means a rename is
// refused and a directory is synced, and whether eviction empties the page cache.
func Litmus(fsys durable.FS, dir string) []Trial {
	trials := []struct {
		name string
		try  func(durable.FS, string) (Outcome, string, error)
	}{
		{"create refuses a name that is taken", tryCreate},
		{"rename refuses to replace", tryRename},
		{"a file can be synced", trySync},
		{"a directory can be synced", trySyncDir},
		{"the page cache can be emptied", tryEvict},
		{"a lock excludes a second owner", tryLock},
		{"what was removed is gone", tryRemove},
	}
	var done []Trial
	for i, t := range trials {
		own := path.Join(dir, fmt.Sprint("trial-", i+1))
		outcome, detail, err := Failed, "", fsys.Mkdir(own)
		if err == nil {
			outcome, detail, err = t.try(fsys, own)
		}
		if err != nil {
			outcome, detail = Failed, err.Error()
		}
		done = append(done, Trial{t.name, outcome, detail})
	}
	return done
}

func tryCreate(fsys durable.FS, dir string) (Outcome, string, error) {
	name := path.Join(dir, "a")
	if err := durable.WriteFile(fsys, name, []byte("first")); err != nil {
		return 0, "", err
	}
	f, err := fsys.Create(name)
	if err == nil {
		_ = f.Close() // the trial has failed already
		return 0, "", errors.New("a file was created in place of one that was there (O_EXCL has no effect)")
	}
	if !errors.Is(err, fs.ErrExist) {
		return 0, "", fmt.Errorf("it was refused with another error than that the name is taken: %w", err)
	}
	return Held, "", wantContent(fsys, name, "first")
}

// tryRename renames a directory onto an empty one, which is what rename replaces unless
// it is told not to, and a file onto a file.
func tryRename(fsys durable.FS, dir string) (Outcome, string, error) {
	in := func(name string) string { return path.Join(dir, name) }
	err := errors.Join(fsys.Mkdir(in("staging")), fsys.Mkdir(in("taken")),
		durable.WriteFile(fsys, in("new"), []byte("new")), durable.WriteFile(fsys, in("old"), []byte("old")))
	if err != nil {
		return 0, "", err
	}
	for from, to := range map[string]string{"staging": "taken", "new": "old"} {
		err := fsys.Rename(in(from), in(to))
		if err == nil {
			return 0, "", fmt.Errorf("%s was renamed to %s, which was there: two processes could take each other's checkpoints away", from, to)
		}
		if !errors.Is(err, fs.ErrExist) {
			return 0, "", fmt.Errorf("it was refused with another error than that the name is taken: %w", err)
		}
	}
	if err := fsys.Rename(in("staging"), in("free")); err != nil {
		return 0, "", fmt.Errorf("to a free name: %w", err)
	}
	if err := wantContent(fsys, in("old"), "old"); err != nil {
		return 0, "", err
	}
	switch means, err := durable.MeansIn(dir); {
	case err != nil:
		return Held, "", nil // it is no directory of the machine's own file system
	case means.RenameRefuses:
		return Held, "by the system, in one step", nil
	}
	return Weaker, "the file system has no such rename: a file gets its new name as a second one first, " +
		"and a directory is renamed after a look at the new name; the lock keeps other processes out", nil
}

func trySync(fsys durable.FS, dir string) (Outcome, string, error) {
	name := path.Join(dir, "a")
	if err := durable.WriteFile(fsys, name, []byte("synced")); err != nil {
		return 0, "", err
	}
	return Held, "", wantContent(fsys, name, "synced")
}

func trySyncDir(fsys durable.FS, dir string) (Outcome, string, error) {
	if err := fsys.SyncDir(dir); err != nil {
		return 0, "", err
	}
	switch means, err := durable.MeansIn(dir); {
	case err != nil:
		return Held, "", nil // it is no directory of the machine's own file system
	case means.DirSync == durable.WholeSync:
		return Weaker, "directories have no sync of their own here: the whole file system is synced instead, " +
			"which takes longer, and how well it is kept depends on the file system", nil
	case means.DirSync == durable.NoSync:
		return Weaker, "this system has no way to make names durable: what is complete survives the end of the process, " +
			"and may be gone after a power cut", nil
	}
	return Held, "", nil
}

// evictBytes is enough for many pages.
const evictBytes = 256 << 10

func tryEvict(fsys durable.FS, dir string) (Outcome, string, error) {
	name := path.Join(dir, "a")
	if err := durable.WriteFile(fsys, name, make([]byte, evictBytes)); err != nil {
		return 0, "", err
	}
	r, err := fsys.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer r.Close()
	if err := r.Evict(); err != nil {
		return 0, "", err
	}
	switch Cached(name) {
	case Yes:
		return Weaker, "what was asked to leave the page cache is still in it: " +
			"a checkpoint that is verified may be read from memory instead of from the disk", nil
	case Unseen:
		return Untried, "whether it is done cannot be seen here", nil
	}
	return Held, "what is verified is read from the disk", nil
}

func tryLock(fsys durable.FS, dir string) (Outcome, string, error) {
	name := path.Join(dir, "a")
	first, err := fsys.Lock(name)
	if err != nil {
		return 0, "", err
	}
	second, err := fsys.Lock(name)
	if second != nil {
		_ = second.Close() // what matters is whether the lock was given
	}
	if err == nil {
		_ = first.Close() // the trial has failed already
		return 0, "", errors.New("two owners had the lock at the same time: two processes could run the same job")
	}
	if !errors.Is(err, durable.ErrLocked) {
		_ = first.Close() // the trial has failed already
		return 0, "", fmt.Errorf("the second owner was refused with another error than that it is locked: %w", err)
	}
	if err := first.Close(); err != nil {
		return 0, "", err
	}
	third, err := fsys.Lock(name)
	if err != nil {
		return 0, "", fmt.Errorf("after the first owner had gone: %w", err)
	}
	return Held, "tried within this machine", third.Close()
}

func tryRemove(fsys durable.FS, dir string) (Outcome, string, error) {
	if err := durable.WriteFile(fsys, path.Join(dir, "a"), []byte("a")); err != nil {
		return 0, "", err
	}
	if err := durable.RemoveTree(fsys, dir); err != nil {
		return 0, "", err
	}
	if _, err := fsys.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return 0, "", fmt.Errorf("a removed directory is still there (%v)", err)
	}
	return Held, "", nil
}

// wantContent reads a file past the page cache.
func wantContent(fsys durable.FS, name, want string) error {
	r, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.Evict(); err != nil {
		return err
	}
	have := make([]byte, len(want)+1)
	n, _ := r.ReadAt(have, 0) // the end of the file is an error too
	if !bytes.Equal(have[:n], []byte(want)) {
		return fmt.Errorf("%q was written, and %q is read back", want, have[:n])
	}
	return nil
}
