package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// CopyOptions are the options of Copy.
type CopyOptions struct {
	// Owner names the process that copies. A process that finds the directory of a job
	// locked meanwhile is told.
	Owner string

	serial bool
}

// A Copied is what Copy has made.
type Copied struct {
	Dir      string
	Identity checkpoint.Identity
	// Resealed says that the checkpoint had no seal and that its copy has one: that proves
	// the bytes as they were copied, and not as they were once written.
	Resealed  bool
	Files     int      // state files
	Bytes     int64    // in them
	Strangers []string // in the source's directory, not its own: not copied
}

// Copy copies the checkpoint or savepoint src to the directory dst, which must not exist.
//
// Every byte of a sealed checkpoint is compared with its seal while it is read, and its
// metadata and seal are copied as they are: the copy is the same checkpoint. One without
// a seal, as all of Flink's, gets one; identityOf decides its identity.
//
// The order of operations is that of Publish: state files, metadata, the staging directory,
// its name, the parent's entries, each durable before the next. Before it gets its name
// the copy is read back past the page cache and verified. So dst is there as a whole or
// not at all, whenever the power fails; what is left otherwise is a staging directory,
// which is never taken for a checkpoint.
//
// On nil the copy is durable, dst and its parents included. If the source is damaged the
// error is a *DamagedSourceError. After any error but an *UnknownCopyError what was made is
// removed as far as possible. In the directory of a job the job's lock is held meanwhile;
// if a job runs there the error is a *LockedError.
func Copy(fsys durable.FS, src, dst string, opts CopyOptions) (*Copied, error) {
	c := &copying{fsys: fsys, dst: path.Clean(dst), opts: opts}
	if err := c.source(src); err != nil {
		return nil, err
	}
	if err := c.destination(); err != nil {
		return nil, fmt.Errorf("copy to %s: %w", dst, err)
	}
	err := c.prepare()
	if err == nil {
		err = c.stage()
	}
	if err != nil {
		c.discard()
		return nil, err
	}
	if err := c.reveal(); err != nil {
		return nil, err
	}
	return c.done, nil
}

// A copying is a copy under way.
type copying struct {
	fsys durable.FS
	opts CopyOptions
	done *Copied

	from     *Checkpoint
	metadata []byte // the whole file
	files    []checkpoint.File

	dst     string
	name    checkpoint.Name // the last element of dst
	staging string          // beside dst; empty as long as it has not been made
	made    []string        // parents that were made for it, deepest first
	owned   *Store          // the job's directory that dst is put into, nil if it is none
	newLock bool            // that directory had no lock file before
}

// source reads the metadata of what is to be copied and lists its state files.
func (c *copying) source(src string) error {
	file, dir, err := locate(c.fsys, src)
	if err != nil {
		return err
	}
	rep := &Report{Dir: dir}
	if c.metadata, err = readMetadata(c.fsys, file); errors.Is(err, fs.ErrNotExist) {
		return noCheckpoint(dir, err)
	}
	var meta *flink.Metadata
	var seal *Seal
	if err == nil {
		if meta, seal, err = decodeMetadata(c.metadata); err != nil {
			err = &MetadataError{Path: file, Err: err}
		}
	}
	if err != nil {
		f, err := metadataFinding(path.Base(file), err)
		if err != nil {
			return err
		}
		rep.Findings = append(rep.Findings, f)
		return &DamagedSourceError{Report: rep}
	}
	c.from = newCheckpoint(c.fsys, dir, meta, seal, ReadOptions{})
	rep.ID, rep.Sealed = c.from.ID, c.from.Seal != nil
	if rep.Sealed {
		rep.heldAgainstSeal(c.from, path.Base(file), nil)
		c.files = c.from.Seal.Files
	} else if c.files, err = unsealedFiles(c.from, rep); err != nil {
		return err
	}
	if len(rep.Findings) > 0 {
		return &DamagedSourceError{Report: rep}
	}
	c.done = &Copied{Dir: c.dst, Resealed: !rep.Sealed, Files: len(c.files)}
	c.done.Strangers = c.strangers()
	return nil
}

// strangers are names in the source's directory that are not the checkpoint's.
func (c *copying) strangers() (names []string) {
	own := map[string]bool{checkpoint.MetadataName: true}
	for i := range c.files {
		own[c.files[i].Name] = true
	}
	listing, _ := c.fsys.ReadDir(c.from.Dir) // for people only
	for _, e := range listing {
		if !own[e.Name] {
			names = append(names, e.Name)
		}
	}
	return names
}

// stage makes the copy in the staging directory and reads it back.
func (c *copying) stage() error {
	of := c.done.Identity
	staging := path.Join(path.Dir(c.dst),
		checkpoint.Name{Kind: checkpoint.Staging, ID: of.ID, Incarnation: c.stagingIncarnation()}.String())
	err := c.fsys.Mkdir(staging)
	switch {
	case errors.Is(err, fs.ErrExist):
		return &stagingError{staging}
	case err != nil:
		return fmt.Errorf("make the staging directory: %w", err)
	}
	c.staging = staging
	if err := c.copyFiles(); err != nil {
		return err
	}
	if c.done.Resealed {
		c.metadata = appendSeal(c.metadata, &Seal{
			Identity: of, PayloadLength: int64(len(c.metadata)), PayloadHash: payloadHash(of, c.metadata),
			Files: c.files, Names: c.from.Names,
		})
	}
	if err := sealStaging(c.fsys, staging, c.metadata, c.opts.serial); err != nil {
		return err
	}
	rep, _, err := verify(c.fsys, checkpoint.MetadataIn(staging), staging, VerifyOptions{MustBeSealed: true, serial: c.opts.serial})
	switch {
	case err != nil:
		return fmt.Errorf("read the copy back: %w", err)
	case !rep.Verified():
		return fmt.Errorf("what was written does not come back as it was written (%s): "+
			"suspect the disk of %s; the copy is removed, as far as possible", rep.Verdict(), c.dst)
	}
	c.done.Bytes = rep.Bytes
	return nil
}

// copyFiles copies all state files, and makes each durable.
func (c *copying) copyFiles() error {
	findings := make([][]Finding, len(c.files))
	err := forEach(len(c.files), c.opts.serial, func(i int) (err error) {
		findings[i], err = c.copyFile(&c.files[i])
		return err
	})
	rep := &Report{Dir: c.from.Dir, ID: c.from.ID, Sealed: !c.done.Resealed}
	for _, f := range findings {
		rep.Findings = append(rep.Findings, f...)
	}
	if len(rep.Findings) > 0 {
		return &DamagedSourceError{Report: rep}
	}
	return err
}

// reveal gives the staged copy its name, durably.
func (c *copying) reveal() error {
	parent := path.Dir(c.dst)
	err := c.fsys.Rename(c.staging, c.dst)
	switch {
	case errors.Is(err, fs.ErrExist):
		err := c.inTheWay()
		c.discard()
		return fmt.Errorf("copy to %s: %w", c.dst, err)
	case err != nil && nothingRenamed(c.fsys, c.staging, err):
		c.discard()
		return fmt.Errorf("copy to %s: rename the staging directory: %w", c.dst, err)
	case err != nil:
		err = &UnknownCopyError{Dir: c.dst, Err: fmt.Errorf("rename the staging directory: %w", err)}
	default:
		if err = c.fsys.SyncDir(parent); err != nil {
			err = &UnknownCopyError{Dir: c.dst, Err: fmt.Errorf("sync %s: %w", parent, err)}
		}
	}
	if c.owned != nil {
		c.owned.last = max(c.owned.last, c.done.Identity.ID) // Close notes it
		_ = c.owned.Close()                                  // an error does not change the copy
	}
	return err
}

// discard removes what was made, as far as possible.
func (c *copying) discard() {
	if c.staging != "" {
		_ = durable.RemoveTree(c.fsys, c.staging)
	}
	if c.owned != nil {
		if c.newLock { // before it is closed: afterwards another process may own it
			_ = c.fsys.Remove(c.owned.dir.Lock())
		}
		_ = c.owned.Close()
	}
	for _, dir := range c.made {
		_ = c.fsys.Remove(dir) // refuses if something was put into it meanwhile
	}
}

// A stagingError says that the name of the staging directory is taken.
type stagingError struct{ dir string }

func (e *stagingError) Error() string {
	return fmt.Sprintf("%s is in the way: another copy is writing it, or one was cut off; "+
		"if none is at work, remove it and copy again", e.dir)
}

// A DamagedSourceError says that a checkpoint was not copied because it is damaged.
type DamagedSourceError struct{ Report *Report }

func (e *DamagedSourceError) Error() string {
	return fmt.Sprintf("%s is %s: it was not copied", e.Report.Dir, e.Report.Verdict())
}

// An UnknownCopyError says that it is not known whether a copy is there to stay.
type UnknownCopyError struct {
	Dir string
	Err error
}

func (e *UnknownCopyError) Error() string {
	return fmt.Sprintf("it is not known whether %s is there to stay: %v: remove what is there and copy again", e.Dir, e.Err)
}

func (e *UnknownCopyError) Unwrap() error { return e.Err }
