package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// fallBack deals with a damaged newest checkpoint: it looks for the newest one that is
// intact and goes back to it if that is allowed.
func (s *Store) fallBack(from From, newest *Report) (*Checkpoint, error) {
	damaged := []*Report{newest}
	for i := len(s.have) - 2; i >= 0; i-- {
		c, rep, err := s.verify(s.have[i].ID)
		if err != nil {
			return nil, err
		}
		if !rep.Verified() {
			damaged = append(damaged, rep)
			continue
		}
		refusal := &DamagedError{Report: newest, Intact: c.ID, IntactDir: c.Dir, Apart: s.apart(newest.Dir, c.Dir)}
		if !from.AllowFallback {
			return nil, refusal
		}
		s.log.Warn("going back to an older checkpoint, as was allowed", "checkpoint", c.ID,
			"repeats", refusal.repeats(), "damaged", newest.Dir, "found", newest.Verdict())
		if err := s.setAside(damaged); err != nil {
			return nil, err
		}
		for _, rep := range damaged {
			c.WentBack = append(c.WentBack, rep.ID)
		}
		s.judge(c.ID, checkpoint.Intact)
		return c, nil
	}
	return nil, &DamagedError{Report: newest, AllDamaged: len(damaged)}
}

// setAside renames damaged checkpoints, newest first, to names that recovery does not
// take for checkpoints, and makes that durable. Only then may an older checkpoint be
// restored: otherwise the next start would find the damaged one again, or even take
// it for the newest if by then it can be read.
//
// They are not deleted, then or later: they are the only evidence of what happened,
// perhaps some of their state can be saved, and an operator had to decide to go back
// to before them. Their ids stay taken by their names. If this is cut off, the next start
// either finds the damaged checkpoint and refuses again, or finds it set aside, which
// had been allowed, and says so in the log.
//
// A checkpoint that cannot be renamed, as it lies in the lower layer of an overlay, stays
// where it is and gets a mark (see mark): no byte of the evidence is touched either way.
func (s *Store) setAside(damaged []*Report) error {
	for _, rep := range damaged {
		where, err := s.moveAway(rep.ID, checkpoint.Damaged)
		if durable.Refused(err) {
			where, err = s.mark(rep)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("set damaged checkpoint %v aside: %w", rep.ID, err)
		}
		s.log.Warn("damaged checkpoint set aside", "checkpoint", rep.ID, "path", where, "found", rep.Verdict())
		s.forget(rep.ID)
	}
	if err := s.fsys.SyncDir(string(s.dir)); err != nil {
		return fmt.Errorf("sync the job's directory, after damaged checkpoints were set aside: %w", err)
	}
	return nil
}

// mark writes the file .damaged-<n>, which makes a scan take chk-<n> for set aside. Its
// name is all that counts; the sentence in it is for people. It is durable once the job's
// directory is synced: a mark without its bytes is as good.
func (s *Store) mark(rep *Report) (string, error) {
	dir := s.dir.Complete(rep.ID)
	text := fmt.Sprintf("%s is %s\nIt could not be renamed here, so this file sets it aside: Weir starts from an older one.\n"+
		"If you put an intact checkpoint in its place, delete this file.\n", path.Base(dir), rep.Verdict())
	_, err := s.underFreeName(checkpoint.Damaged, rep.ID, func(name string) error {
		return durable.WriteFile(s.fsys, name, []byte(text))
	})
	return dir, err
}

// forget takes a checkpoint off the list.
func (s *Store) forget(id checkpoint.ID) {
	var rest []checkpoint.Known
	s.newest = 0
	for _, k := range s.have {
		if k.ID != id {
			rest = append(rest, k)
			s.newest = max(s.newest, k.ID)
		}
	}
	s.have = rest
}

// apart is how long one checkpoint was made after another, 0 if that is not known.
func (s *Store) apart(newer, older string) time.Duration {
	a, err1 := s.fsys.Stat(newer)
	b, err2 := s.fsys.Stat(older)
	if err1 != nil || err2 != nil || a.ModTimeUnix == 0 || b.ModTimeUnix == 0 {
		return 0
	}
	return max(0, time.Duration(a.ModTimeUnix-b.ModTimeUnix)*time.Second)
}

// A DamagedError says that the checkpoint to start from is damaged. Nothing has been
// changed. No crash leaves such a checkpoint: a disk, a file system, a program or a person
// has changed or lost what was complete.
type DamagedError struct {
	Report *Report // what is wrong with it, and where
	Given  bool    // it was asked for by its path

	// Intact is the newest older checkpoint that is whole, verified to its last byte;
	// 0 if there is none.
	Intact    checkpoint.ID
	IntactDir string
	Apart     time.Duration // between the two, 0 if that is not known

	AllDamaged int // if none is intact: how many were looked at
}

// noCrash is what damage of a job's own checkpoint means.
const noCrash = "No crash does that on a file system that keeps what was synced: suspect the disk, or what has touched the files. "

func (e *DamagedError) Error() string {
	var b strings.Builder
	if e.Report.ID > 0 {
		fmt.Fprintf(&b, "checkpoint %v in %s is %s. ", e.Report.ID, e.Report.Dir, e.Report.Verdict())
	} else {
		fmt.Fprintf(&b, "the checkpoint in %s is %s. ", e.Report.Dir, e.Report.Verdict())
	}
	switch {
	case e.Given:
		b.WriteString("Nothing was changed; start from another one")
	case e.Intact > 0:
		fmt.Fprintf(&b, noCrash+"Nothing was changed. "+
			"Checkpoint %v in %s is intact (every byte verified). Going back to it %s. "+
			"If that is acceptable, set Options.AllowFallback: the damaged checkpoint is set aside, not deleted",
			e.Intact, e.IntactDir, e.repeats())
	case e.AllDamaged > 1:
		fmt.Fprintf(&b, noCrash+"Nothing was changed. "+
			"None of the %d checkpoints here is intact: restore one from a backup, start from a savepoint, or start from nothing", e.AllDamaged)
	default:
		b.WriteString(noCrash + "Nothing was changed. " +
			"There is no older checkpoint: restore it from a backup, start from a savepoint, or start from nothing")
	}
	return b.String()
}

// repeats is what going back costs.
func (e *DamagedError) repeats() string {
	since := ""
	if e.Apart > 0 {
		since = fmt.Sprintf(", %v of work", e.Apart)
	}
	return fmt.Sprintf("repeats what was processed between checkpoints %v and %v%s and whatever came after: "+
		"output that was committed since checkpoint %v appears a second time", e.Intact, e.Report.ID, since, e.Intact)
}

// An OtherJobError says that a checkpoint was asked for that another job wrote.
type OtherJobError struct {
	Path      string
	Job, Want checkpoint.JobID
}

func (e *OtherJobError) Error() string {
	return fmt.Sprintf("%s was written by job %v and this is job %v: its state belongs to other operators, "+
		"and its sinks may have output that is not this job's to commit. If the job was renamed, "+
		"give it its old name back", e.Path, e.Job, e.Want)
}
