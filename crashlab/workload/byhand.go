package workload

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/weirstream/weir/checkpoint"
)

// syncs says which system calls a sequence spends on durability.
type syncs struct {
	state       bool // fsync of each state file before it is closed
	directories bool // fsync of the checkpoint's and of the job's directory before it is complete
}

var (
	log1 = byHand("log1", FlinkBefore, "Flink before the fix: no fsync of state files", syncs{})
	log2 = byHand("log2", FlinkAfter, "Flink after the fix: no fsync of directories", syncs{state: true})

	minimal = byHand("minimal", Minimal, "the same with every fsync that is needed", syncs{state: true, directories: true})
)

func byHand(name string, kind Kind, what string, s syncs) Workload {
	return Workload{
		Name: name, Kind: kind, What: what,
		// There is a durable checkpoint before the recording begins, so that a recovery that
		// goes back finds one.
		Prepare: func(dir string) error {
			if err := os.Mkdir(handDir(dir), 0o755); err != nil {
				return err
			}
			return s.checkpoint(handDir(dir), 1, untold{})
		},
		Run: func(dir string, setup Setup, w World) error {
			if err := w.Ack(1); err != nil {
				return err
			}
			return cycle(2, setup, w, func(id checkpoint.ID) error { return s.checkpoint(handDir(dir), id, w) })
		},
		Find: findByHand,
	}
}

// handDir is the job's directory.
func handDir(dir string) string { return filepath.Join(dir, "job") }

func handCheckpoint(job string, id checkpoint.ID) string {
	return filepath.Join(job, fmt.Sprintf("chk-%d", id))
}

func stateName(id checkpoint.ID, i int) string { return fmt.Sprintf("state-%d-%d", id, i) }

// checkpoint makes one, with the system calls of the traces in FLINK-36421, in their
// order: the task manager's state files, the job manager's metadata under another name, the
// rename, the report that it is complete, and the deletion of the checkpoint before.
func (s syncs) checkpoint(job string, id checkpoint.ID, w World) error {
	dir := handCheckpoint(job, id)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for i := range stateFiles {
		name := filepath.Join(dir, stateName(id, i))
		if err := writeFile(name, os.O_TRUNC, content(id, i, stateBytes), s.state); err != nil {
			return err
		}
	}
	inprogress := filepath.Join(dir, "._metadata.inprogress")
	if err := writeFile(inprogress, os.O_EXCL, handMetadata(id), true); err != nil {
		return err
	}
	if _, err := os.Stat(inprogress); err != nil {
		return err
	}
	if err := os.Rename(inprogress, filepath.Join(dir, "_metadata")); err != nil {
		return err
	}
	if s.directories {
		if err := syncDir(dir); err != nil {
			return err
		}
		if err := syncDir(job); err != nil {
			return err
		}
	}
	if err := w.Ack(id); err != nil {
		return err
	}
	if id == 1 {
		return nil
	}
	return discard(job, id-1)
}

// discard deletes a checkpoint: only the last one is retained.
func discard(job string, id checkpoint.ID) error {
	dir := handCheckpoint(job, id)
	for i := range stateFiles {
		if err := os.Remove(filepath.Join(dir, stateName(id, i))); err != nil {
			return err
		}
	}
	if err := os.Remove(filepath.Join(dir, "_metadata")); err != nil {
		return err
	}
	return os.Remove(dir)
}

func writeFile(name string, flag int, data []byte, sync bool) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|flag, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if sync {
		if err := f.Sync(); err != nil {
			f.Close()
			return err
		}
	}
	return f.Close()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
