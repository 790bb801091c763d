package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/flink"
)

const allDurable = "two to go, and leftovers"

var wordsDir = "/data/" + flink.JobIDOf("words").String()

// aDisk returns a disk that forgets, with checkpoints 1 to n of a job in wordsDir.
func aDisk(t testing.TB, n int) *crashfs.FS {
	t.Helper()
	disk := crashfs.New(crashfs.Strict)
	if err := disk.Mkdir("/data"); err != nil {
		t.Fatal(err)
	}
	if err := (madeJob{keys: 1}).runOn(disk, "/data", "words", n, false); err != nil {
		t.Fatal(err)
	}
	disk.Settle()
	return disk
}

// unsealed writes a checkpoint as Flink does, and syncs nothing at all.
func unsealed(t testing.TB, fsys durable.FS, dir string, id checkpoint.ID) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	create := func(name string, data []byte) {
		f, err := fsys.Create(path.Join(dir, name))
		must(err)
		_, err = f.Write(data)
		must(errors.Join(err, f.Close()))
	}
	must(fsys.Mkdir(dir))
	meta, err := madeJob{keys: 1}.metadata(id, func(what string, sub checkpoint.Subtask, data []byte) (flink.StreamHandle, error) {
		if what != "source" {
			return &flink.InlineHandle{Name: fmt.Sprint(what, sub), Data: data}, nil
		}
		create("state", data)
		return &flink.RelativeHandle{Path: "state", Length: int64(len(data))}, nil
	})
	must(err)
	payload, err := meta.AppendTo(nil)
	must(err)
	create(checkpoint.MetadataName, payload)
}

// prunings are what is swept. In each of them but the first, the newest checkpoint was written by
// a process that was cut off before it was durable.
var prunings = []struct {
	name   string
	dir    string
	newest checkpoint.ID
	disk   func(t testing.TB) *crashfs.FS
}{
	{allDurable, wordsDir, 3, func(t testing.TB) *crashfs.FS {
		disk := aDisk(t, 3)
		for _, leftover := range []string{"/.inprogress-9.1", "/.trash-8"} {
			if err := disk.Mkdir(wordsDir + leftover); err != nil {
				t.Fatal(err)
			}
		}
		disk.Settle()
		return disk
	}},
	{"killed between the rename and the sync", wordsDir, 3, func(t testing.TB) *crashfs.FS {
		disk := aDisk(t, 2)
		// The directory as a store leaves it that is killed there, pending entries included.
		killed := faultfs.New(disk, faultfs.Rule{Ops: faultfs.SyncDir, Name: path.Base(wordsDir), K: 4, Do: faultfs.Drop})
		s, err := store.Open(killed, "/data", flink.JobIDOf("words"), store.Options{Retain: 3})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recover(store.From{}); err != nil {
			t.Fatal(err)
		}
		p, err := s.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Publish(&flink.Metadata{CheckpointID: 3}, nil, checkpoint.Names{}); err != nil {
			t.Fatal(err)
		}
		if killed.Fired(0) != 1 {
			t.Fatal("it was synced")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return disk
	}},
	{"copies, and no lock", "/backup", 2, func(t testing.TB) *crashfs.FS {
		disk := aDisk(t, 2)
		if err := disk.Mkdir("/backup"); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Copy(disk, wordsDir+"/chk-1", "/backup/chk-1", store.CopyOptions{}); err != nil {
			t.Fatal(err)
		}
		disk.Settle()
		killed := faultfs.New(disk, faultfs.Rule{Ops: faultfs.SyncDir, Name: "backup", K: 2, Do: faultfs.Drop})
		if _, err := store.Copy(killed, wordsDir+"/chk-2", "/backup/chk-2", store.CopyOptions{}); err != nil {
			t.Fatal(err)
		}
		if killed.Fired(0) != 1 {
			t.Fatal("it was synced")
		}
		return disk
	}},
	{"Flink's", "/flink", 2, func(t testing.TB) *crashfs.FS {
		disk := crashfs.New(crashfs.Strict)
		if err := disk.Mkdir("/flink"); err != nil {
			t.Fatal(err)
		}
		unsealed(t, disk, "/flink/chk-1", 1)
		disk.Settle()
		unsealed(t, disk, "/flink/chk-2", 2)
		return disk
	}},
}

// sweepPrune cuts the power at every operation of a prune that keeps one. The newest
// intact checkpoint must be at least as new as the newest that was durable; once prune has
// begun to delete, it is the one that is kept.
func sweepPrune(t *testing.T, dir string, newest checkpoint.ID, disk *crashfs.FS, fsys durable.FS) *crashfs.Report {
	t.Helper()
	r, err := crashfs.Sweep(disk, crashfs.Options{}, func() error {
		stdout, stderr, code := runOn(fsys, "prune", dir, "--keep", "1")
		if code != exitGood {
			return fmt.Errorf("exit code %d\n%s%s", code, stdout, stderr)
		}
		disk.Ack("pruned")
		return nil
	}, func(state *crashfs.State) error {
		after := state.FS()
		entries, err := after.ReadDir(dir)
		if err != nil {
			return err
		}
		intact := checkpoint.ID(0)
		for _, e := range slices.Backward(entries) {
			n := checkpoint.ParseName(e.Name)
			if n.Kind != checkpoint.Complete {
				continue
			}
			rep, err := store.Verify(after, path.Join(dir, e.Name), store.VerifyOptions{})
			if err == nil && len(rep.Findings) == 0 {
				// Bytes without a seal are held against what was written.
				if !rep.Sealed && !readsThrough(after, path.Join(dir, e.Name)) {
					continue
				}
				intact = max(intact, n.ID)
			}
		}
		switch {
		case intact == 0:
			return errors.New("there is no intact checkpoint left")
		case intact < newest-1, intact < newest && len(state.Acked()) > 0:
			return fmt.Errorf("the newest intact one is %v", intact)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Sampled > 0 {
		t.Fatalf("not exhaustive: %v", r)
	}
	return r
}

func readsThrough(fsys durable.FS, dir string) bool {
	_, _, code := runOn(fsys, "verify", dir)
	return code == exitGood
}

func TestPruneCrash(t *testing.T) {
	for _, p := range prunings {
		t.Run(p.name, func(t *testing.T) {
			disk := p.disk(t)
			r := sweepPrune(t, p.dir, p.newest, disk, disk)
			t.Log(r)
			if err := r.Err(); err != nil {
				t.Error(err)
			}
			if have := entryNames(t, disk, p.dir); !slices.Contains(have, fmt.Sprint("chk-", p.newest)) || len(have) > 2 {
				t.Errorf("left are %v", have)
			}
		})
	}
}

// TestPruneSyncs leaves out one sync of a prune at a time and sees that it is missed, unless
// another one covers the same.
func TestPruneSyncs(t *testing.T) {
	spared := map[string]string{
		"killed between the rename and the sync: sync " + wordsDir + "/.lock":           "nothing hangs on it here: the seals say how many incarnations there were",
		"killed between the rename and the sync: sync " + wordsDir + "/chk-3/_metadata": "Weir has synced it before it got its name",
		"killed between the rename and the sync: sync-dir " + wordsDir + "/chk-3":       "Weir has synced it before it got its name",
		"copies, and no lock: sync /backup/chk-2/_metadata":                             "Weir has synced it before it got its name",
		"copies, and no lock: sync-dir /backup/chk-2":                                   "Weir has synced it before it got its name",
	}
	found := map[string]bool{} // one may be made twice: the lock file is synced before it is read, too
	for _, p := range prunings {
		if p.name == allDurable {
			continue // no sync is needed, as nothing is pending
		}
		disk := p.disk(t)
		before := len(disk.Trace())
		if stdout, stderr, code := runOn(disk, "prune", p.dir, "--keep", "1"); code != exitGood {
			t.Fatal(stdout, stderr)
		}
		k := 0
		for _, line := range disk.Trace()[before:] {
			if !strings.HasPrefix(line, "sync") {
				continue
			}
			k++
			t.Run(p.name+"/"+line, func(t *testing.T) {
				disk := p.disk(t)
				faulty := faultfs.New(disk, faultfs.Rule{Ops: faultfs.Sync | faultfs.SyncDir, K: k, Do: faultfs.Drop})
				r := sweepPrune(t, p.dir, p.newest, disk, faulty)
				t.Log(r)
				_, ok := spared[p.name+": "+line]
				if ok {
					found[p.name+": "+line] = true
				}
				if ok != (r.Bad == 0) || faulty.Fired(0) != 1 {
					t.Errorf("%d were forgotten: %v", faulty.Fired(0), r.Err())
				}
			})
		}
	}
	if len(found) != len(spared) {
		t.Errorf("%d of %d syncs that may be spared are there", len(found), len(spared))
	}
}

func entryNames(t testing.TB, fsys durable.FS, dir string) (names []string) {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names
}
