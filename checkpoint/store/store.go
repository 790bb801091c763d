package store

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// Options of a store. The zero value works; Owner should be set.
type Options struct {
	// Retain is how many intact checkpoints are kept; 0 means 2.
	Retain int

	// InlineThreshold is up to how many bytes a state is kept inside of _metadata instead
	// of in a file of its own; 0 means 20 KiB, as in Flink, and a negative number that
	// every state gets a file.
	InlineThreshold int

	// Owner names the process that opens the store: its host, its number, when it was
	// started. A process that finds the directory locked is told.
	Owner string

	// JobName is the job's name, for people: it is noted in the lock file. If it is empty
	// the one that is there stays.
	JobName string

	// Log gets what an operator should know and can do nothing about right now; nil
	// means that it is not said.
	Log *slog.Logger

	newName func() string // of state files; nil means random
	serial  bool          // nothing runs in parallel: for tests that count operations
}

const (
	defaultRetain          = 2
	defaultInlineThreshold = 20 << 10
	maxInlineThreshold     = 1 << 20 // Flink's
)

// A Store keeps the checkpoints of one job. While it is open no other process can open it.
//
// All methods may be called at the same time, and so may Publish and Abort of a Pending: one
// mutex lets one of them at a time touch the directory. A call waits for the one that is at
// work, with all its syncs; Recover and Look take longest, as they read whole checkpoints.
// State writers do not take this mutex.
//
// Recover must be called before the first Begin. After an *UnknownOutcomeError the store is
// poisoned: every call but Recover and Close fails, until Recover has found out what is on
// the disk.
type Store struct {
	fsys durable.FS
	dir  checkpoint.JobDir
	job  checkpoint.JobID
	opts Options
	log  *slog.Logger

	mu        sync.Mutex // of all that follows
	owner     slot       // what is to be in the lock file
	lock      *lock
	unusable  error // why nothing can be begun or published, nil if it can
	closed    bool
	epoch     int                // counts recoveries: what was begun before one is not published after it
	last      checkpoint.ID      // the highest id that was given out or seen in a name
	newest    checkpoint.ID      // the newest complete checkpoint, 0 for none
	have      []checkpoint.Known // the complete checkpoints in the directory
	lostTrack bool               // the lock file takes no more notes
}

var (
	errClosed       = errors.New("the checkpoint store is closed")
	errNotRecovered = errors.New("the checkpoint store has not recovered yet: Recover comes first")
	errLostTrack    = errors.New("the lock file takes no more notes, after an error")
	errNotALockFile = errors.New("not a regular file")
	errNoMoreIDs    = errors.New("there are no checkpoint ids left: the highest there is has been used")
)

// Open takes possession of the directory of a job, below dir.
//
// On return the directory, its ancestors as far as they were made, the lock file and
// the new incarnation in it are durable. If another process owns the directory the
// error is a *LockedError that names it.
func Open(fsys durable.FS, dir string, job checkpoint.JobID, opts Options) (*Store, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	s := &Store{
		fsys: fsys, dir: checkpoint.JobDirIn(dir, job), job: job,
		opts: opts, log: opts.Log, unusable: errNotRecovered,
	}
	if err := durable.MkdirAll(fsys, string(s.dir)); err != nil {
		return nil, fmt.Errorf("make the job's directory: %w", err)
	}
	if err := s.take(); err != nil {
		if s.lock != nil {
			_ = s.lock.close() // no checkpoint was begun, and err says why there is no store
		}
		return nil, err
	}
	return s, nil
}

// take takes possession of the directory. On nil the lock file and the new incarnation in
// it are durable; otherwise the lock may be held all the same.
func (s *Store) take() (err error) {
	if s.lock, err = takeLock(s.fsys, s.dir); err != nil {
		return err
	}
	return s.newIncarnation()
}

func (o *Options) complete() error {
	switch {
	case o.Retain < 0:
		return fmt.Errorf("retain %d checkpoints: at least one must be kept", o.Retain)
	case o.InlineThreshold > maxInlineThreshold:
		return fmt.Errorf("inline threshold of %d bytes: it is %d at the most, as in Flink",
			o.InlineThreshold, maxInlineThreshold)
	}
	if o.Retain == 0 {
		o.Retain = defaultRetain
	}
	if o.InlineThreshold == 0 {
		o.InlineThreshold = defaultInlineThreshold
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.newName == nil {
		o.newName = randomName
	}
	return nil
}

// newIncarnation takes a number above every one that can be found and makes it
// durable, before anything else is done under it.
func (s *Store) newIncarnation() error {
	scan, err := s.scan()
	if err != nil {
		return err
	}
	sealed, err := s.sealedIncarnation(scan)
	if err != nil {
		return err
	}
	highest := max(s.lock.content.incarnation, scan.HighestIncarnation, sealed)
	if highest == math.MaxInt64 {
		return fmt.Errorf("there are no incarnations left in %s: a name or a file there has the highest there is", s.dir)
	}
	s.owner = s.lock.content // what is remembered there stays remembered
	s.owner.incarnation = highest + 1
	s.owner.highest = max(s.owner.highest, scan.HighestID)
	s.owner.owner = s.opts.Owner
	s.owner.job = cmp.Or(s.opts.JobName, s.owner.job)
	if s.owner.lineage == 0 { // the first start, or the first of this version
		s.owner.lineage = newLineage()
	}
	if err := s.lock.write(s.owner); err != nil {
		return err
	}
	if err := s.fsys.SyncDir(string(s.dir)); err != nil {
		return fmt.Errorf("sync the job's directory: %w", err)
	}
	s.last = s.owner.highest
	return nil
}

// sealedIncarnation is the highest incarnation in the seals of complete checkpoints, in
// case the lock file, or the newer of its slots, was lost. A damaged seal does not count.
// One that could not be read now may have a number that is taken: if the lock file says
// nothing at all that is an error.
func (s *Store) sealedIncarnation(scan checkpoint.Scan) (highest checkpoint.Incarnation, err error) {
	for _, id := range scan.Complete {
		name := checkpoint.MetadataIn(s.dir.Complete(id))
		data, err := readMetadata(s.fsys, name)
		if err != nil {
			if _, err := metadataFinding(name, err); err != nil && s.lock.current < 0 {
				return 0, fmt.Errorf("look for the highest incarnation, as the lock file has none: %w", err)
			}
			continue
		}
		if _, seal, err := splitSeal(data); err == nil {
			highest = max(highest, seal.Incarnation)
		}
	}
	return highest, nil
}

// scan lists the job's directory.
func (s *Store) scan() (checkpoint.Scan, error) {
	listing, err := s.fsys.ReadDir(string(s.dir))
	if err != nil {
		return checkpoint.Scan{}, fmt.Errorf("list the job's directory: %w", err)
	}
	entries := make([]checkpoint.Entry, len(listing))
	for i, e := range listing {
		entries[i] = checkpoint.Entry{Name: e.Name, Dir: e.Dir}
	}
	return checkpoint.ScanNames(entries), nil
}

// Dir is the job's directory.
func (s *Store) Dir() string { return string(s.dir) }

// Incarnation is how many times the directory has been taken, this one included.
func (s *Store) Incarnation() checkpoint.Incarnation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owner.incarnation
}

// Newest is the newest complete checkpoint, 0 if there is none or before Recover.
func (s *Store) Newest() checkpoint.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest
}

// usable is why nothing can be begun or published, nil if it can. The caller holds mu.
func (s *Store) usable() error {
	if s.closed {
		return errClosed
	}
	return s.unusable
}

// identity is what the bytes of checkpoint id are bound to.
func (s *Store) identity(id checkpoint.ID) checkpoint.Identity {
	return checkpoint.Identity{Job: s.job, Incarnation: s.owner.incarnation, ID: id}
}

// note writes the highest id that was given out to the lock file, before the last name that
// has it disappears. If that fails the incarnation still tells two checkpoints of the same
// id apart, so it is no reason to stop. The caller holds mu.
func (s *Store) note() {
	if s.lostTrack || s.last <= s.owner.highest {
		return
	}
	s.owner.highest = s.last
	if err := s.lock.write(s.owner); err != nil {
		s.lostTrack = true
		s.log.Warn("cannot note the highest checkpoint id in the lock file: after a restart it may be given out again, "+
			"by another incarnation", "dir", s.dir, "id", s.last, "err", err)
	}
}

// Close releases the directory. What was begun and not published is left for the next
// start to remove.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.newest < s.last {
		s.note()
	}
	if err := s.lock.close(); err != nil {
		return fmt.Errorf("close the lock file: %w", err)
	}
	return nil
}

// randomName is a name for a state file: a random UUID, as in Flink.
func randomName() string {
	var u [16]byte
	rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
