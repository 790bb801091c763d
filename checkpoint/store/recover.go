package store

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// From is where to start from. The zero value is the newest checkpoint of the job.
type From struct {
	// Path is a checkpoint or savepoint to start from instead: its directory or its
	// metadata file, of this job's or of Flink's. Until the first checkpoint after it is
	// complete, a start without Path still finds the ones that were there before.
	Path string
	// None starts from nothing. The checkpoints that are there stay until newer ones are
	// complete; ids continue above theirs.
	None bool
	// AllowFallback goes back to the newest intact checkpoint if the newest is damaged.
	// What was processed since is processed again, and output that was shown already is
	// shown again.
	AllowFallback bool

	ReadOptions
}

// Recover finds the checkpoint to start from and verifies it: it is durable, and every
// byte of it has been read from the disk and is the byte that was written (of an unsealed
// checkpoint of Flink's only presence, length and structure). It returns nil if there is
// none, or if none is wanted.
//
// If the newest checkpoint is damaged the error is a *DamagedError and nothing is
// changed. With From.AllowFallback the damaged ones are set aside instead, durably, before
// Recover returns: see setAside. If From.Path leads to no checkpoint the error is a
// *NoCheckpointError, and if to another job's an *OtherJobError.
//
// Then leftovers of earlier runs are removed, and checkpoints beyond the retained number.
// If this fails it is logged and no reason not to start.
//
// Recover can be called again on the same store: after an error, to restart a job, or
// after an *UnknownOutcomeError. It ends the poisoning only by the same evidence that a
// new process would have: the directory could be synced again, and what is listed in it
// then is whole on the disk. A file system that could not write its journal refuses all
// further syncs, so that it does not come to that.
func (s *Store) Recover(from From) (*Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if from.None && from.Path != "" {
		return nil, fmt.Errorf("start from nothing and from %s at the same time", from.Path)
	}
	// What was begun before cannot be published any more, whatever the outcome.
	s.epoch++
	if s.unusable == nil {
		s.unusable = errNotRecovered
	}
	// An attempt that was killed between its rename and its last sync left a name that
	// is there and not durable. Nothing may depend on it before it is.
	if err := s.fsys.SyncDir(string(s.dir)); err != nil {
		return nil, fmt.Errorf("sync the job's directory, to make what is in it durable: %w", err)
	}
	scan, err := s.scan()
	if err != nil {
		return nil, err
	}
	s.tell(scan)
	s.last = max(s.last, scan.HighestID)
	s.have, s.newest = nil, 0
	for _, id := range scan.Complete {
		s.have = append(s.have, checkpoint.Known{ID: id})
		s.newest = id
	}

	c, err := s.choose(from, scan)
	if err != nil {
		return nil, err
	}
	if c != nil {
		s.last = max(s.last, c.ID)
	}
	s.unusable = nil
	s.note() // names are about to disappear
	s.clean(scan)
	s.retireOld()
	return c, nil
}

// Look verifies the newest checkpoint as Recover does, and changes nothing: it is no
// recovery, and nothing can be begun after it that could not before. It returns nil if
// there is none. It is for a start from another checkpoint: Recover deletes checkpoints
// beyond the retained number, and that may be the other one. What it returns is durable
// after the next Recover, and not before.
func (s *Store) Look() (*Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	scan, err := s.scan()
	if err != nil {
		return nil, err
	}
	newest, ok := scan.Newest()
	if !ok {
		return nil, nil
	}
	c, rep, err := s.verify(newest)
	if err == nil && !rep.Verified() {
		err = fmt.Errorf("%s is %s", rep.Dir, rep.Verdict())
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// choose finds and verifies the checkpoint to start from.
func (s *Store) choose(from From, scan checkpoint.Scan) (*Checkpoint, error) {
	switch {
	case from.None:
		return nil, nil
	case from.Path != "":
		return s.given(from)
	}
	newest, ok := scan.Newest()
	if !ok {
		if above := scan.SetAsideAbove(0); len(above) > 0 {
			return nil, fmt.Errorf("there is no checkpoint to start from in %s but damaged ones that were set aside %v: "+
				"start from a savepoint, or explicitly from nothing", s.dir, above)
		}
		return nil, nil
	}
	c, rep, err := s.verify(newest)
	if err != nil {
		return nil, err
	}
	if !rep.Verified() {
		if c, err = s.fallBack(from, rep); err != nil {
			return nil, err
		}
	} else {
		s.judge(newest, checkpoint.Intact)
	}
	c.WentBack = append(c.WentBack, scan.SetAsideAbove(c.ID)...)
	slices.Sort(c.WentBack)
	c.WentBack = slices.Compact(c.WentBack)
	if len(c.WentBack) > 0 {
		s.log.Warn("starting from a checkpoint that is not the newest there was: damaged ones are set aside",
			"checkpoint", c.ID, "damaged", c.WentBack, "dir", s.dir)
	}
	return c, nil
}

// verify reads one of the job's own checkpoints whole. A read, unlike a sync, may be tried
// again: so it is, before a checkpoint counts as unreadable.
func (s *Store) verify(id checkpoint.ID) (*Checkpoint, *Report, error) {
	dir := s.dir.Complete(id)
	opts := VerifyOptions{Job: &s.job, MustBeSealed: true, serial: s.opts.serial}
	rep, c, err := verify(s.fsys, checkpoint.MetadataIn(dir), dir, opts)
	if err == nil && rep.Unreadable() {
		s.log.Warn("a checkpoint could not be read; it is tried once more",
			"checkpoint", id, "dir", dir, "found", rep.Verdict())
		rep, c, err = verify(s.fsys, checkpoint.MetadataIn(dir), dir, opts)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("verify checkpoint %v: %w", id, err)
	}
	rep.ID = id // what its name says, even if it cannot be read
	if s.remembers(c) {
		c.Committed = true
	}
	return c, rep, nil
}

// given verifies the checkpoint that From.Path names.
func (s *Store) given(from From) (*Checkpoint, error) {
	file, dir, err := locate(s.fsys, from.Path)
	if err != nil {
		return nil, fmt.Errorf("start from %s: %w", from.Path, err)
	}
	c, err := ReadCheckpoint(s.fsys, from.Path, from.ReadOptions)
	var damaged *MetadataError
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("start from %s: %w", from.Path, err)
	}
	if c != nil && c.Seal != nil && c.Seal.Job != s.job {
		return nil, &OtherJobError{Path: dir, Job: c.Seal.Job, Want: s.job}
	}
	rep, c, err := verify(s.fsys, file, dir, VerifyOptions{
		ReadOptions: from.ReadOptions, serial: s.opts.serial, MustBeSealed: s.looksOwn(dir),
	})
	if err != nil {
		return nil, fmt.Errorf("start from %s: %w", from.Path, err)
	}
	if len(rep.Findings) > 0 {
		return nil, &DamagedError{Report: rep, Given: true}
	}
	if !rep.Sealed {
		s.log.Warn("starting from a checkpoint without a seal: its presence, lengths and structure were checked, its bytes could not be",
			"path", dir)
	}
	if s.isOwn(dir) {
		s.judge(c.ID, checkpoint.Intact)
		c.Committed = s.remembers(c)
	}
	return c, nil
}

// isOwn reports whether dir is a checkpoint in this job's directory. For the same directory
// spelled in another way it is false, which does no harm.
func (s *Store) isOwn(dir string) bool {
	return s.looksOwn(dir) && path.Dir(path.Clean(dir)) == path.Clean(string(s.dir))
}

// looksOwn reports whether dir is a checkpoint in a directory that is named like this
// job's: then it was written by Weir, and has a seal or is damaged.
func (s *Store) looksOwn(dir string) bool {
	dir = path.Clean(dir)
	return checkpoint.ParseName(path.Base(dir)).Kind == checkpoint.Complete &&
		path.Base(path.Dir(dir)) == s.job.String()
}

// judge notes what was found out about a checkpoint.
func (s *Store) judge(id checkpoint.ID, h checkpoint.Health) {
	for i := range s.have {
		if s.have[i].ID == id {
			s.have[i].Health = h
		}
	}
}

// tell logs what in the directory needs the attention of an operator.
func (s *Store) tell(scan checkpoint.Scan) {
	for _, n := range scan.SetAside {
		s.log.Warn("a damaged checkpoint is kept for inspection; delete it by hand when it is no longer needed",
			"checkpoint", n.ID, "path", s.dir.Path(n))
	}
	for _, n := range scan.Marks {
		s.log.Info("this file sets a damaged checkpoint aside; delete it if an intact one is put in its place",
			"checkpoint", n.ID, "path", s.dir.Path(n))
	}
	if len(scan.Strangers) > 0 {
		s.log.Info("names in the job's directory that are not Weir's are left alone", "dir", s.dir, "names", scan.Strangers)
	}
}

// clean removes what earlier runs have left.
func (s *Store) clean(scan checkpoint.Scan) {
	for _, n := range scan.Leftovers {
		if err := durable.RemoveTree(s.fsys, s.dir.Path(n)); err != nil {
			s.log.Warn("cannot remove a leftover of an earlier run; it is ignored, and the next start tries again",
				"path", s.dir.Path(n), "err", err)
			continue
		}
		s.log.Debug("removed a leftover of an earlier run", "path", s.dir.Path(n))
	}
}

// retireOld deletes checkpoints beyond the retained number. An older one may be half
// deleted already, so that its name proves nothing: as many are verified as must be
// known to be intact before any other may go.
func (s *Store) retireOld() {
	if s.newest == 0 || s.have[len(s.have)-1].Health != checkpoint.Intact {
		return // started from elsewhere: nothing here was verified
	}
	for {
		id, ok := checkpoint.VerifyNext(s.have, s.opts.Retain)
		if !ok {
			break
		}
		health := checkpoint.Broken
		if _, rep, err := s.verify(id); err != nil {
			s.log.Warn("cannot verify an older checkpoint; it does not count as retained", "checkpoint", id, "err", err)
		} else if rep.Verified() {
			health = checkpoint.Intact
		} else {
			s.log.Warn("an older checkpoint is not whole; it does not count as retained",
				"checkpoint", id, "dir", rep.Dir, "found", rep.Verdict())
		}
		s.judge(id, health)
	}
	s.retire()
}
