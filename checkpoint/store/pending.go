package store

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// A Pending is a checkpoint under way: Begin, any number of writers, then Publish or
// Abort. Its methods may be called concurrently.
type Pending struct {
	store *Store
	of    checkpoint.Identity
	epoch int    // of the store when it began
	dir   string // .inprogress-<n>.<incarnation>

	mu      sync.Mutex
	over    error // why nothing more can be written, nil if it can
	writers int   // open ones
	// files are those whose bytes are durable, by name. No other is published.
	files map[string]checkpoint.File
}

var (
	errPublished = errors.New("the checkpoint has been published")
	errAborted   = errors.New("the checkpoint has been aborted")
	errForgotten = errors.New("the checkpoint was begun before the last recovery")
)

// Begin begins the next checkpoint, with an id that was never given out before. On
// return nothing is durable. If the disk fails the error is an *AbortedError, and the id
// counts as given out.
//
// Several checkpoints may be under way. They are published in the order of their ids: one
// that is overtaken can only be aborted.
func (s *Store) Begin() (*Pending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return nil, err
	}
	if s.last == math.MaxInt64 {
		return nil, errNoMoreIDs
	}
	s.last++
	p := &Pending{
		store: s,
		of:    s.identity(s.last),
		epoch: s.epoch,
		dir:   s.dir.Path(checkpoint.Name{Kind: checkpoint.Staging, ID: s.last, Incarnation: s.owner.incarnation}),
		files: make(map[string]checkpoint.File),
	}
	if err := s.fsys.Mkdir(p.dir); err != nil {
		return nil, s.aborted(p.of.ID, fmt.Errorf("make the staging directory: %w", err))
	}
	return p, nil
}

// ID is the checkpoint's id.
func (p *Pending) ID() checkpoint.ID { return p.of.ID }

// Abort ends the checkpoint and removes what was written of it, as far as possible; the
// next start removes the rest. Writers that are still at work fail. To abort twice is no
// error; to abort what was published, or may have been, is one.
func (p *Pending) Abort() error {
	s := p.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if p.epoch == s.epoch && s.unusable != nil {
		return s.unusable
	}
	if err := p.end(errAborted); err != nil {
		if errors.Is(err, errAborted) {
			return nil
		}
		return err
	}
	if p.epoch == s.epoch { // otherwise Recover has removed it
		p.discard()
	}
	return nil
}

// end makes the checkpoint take no more bytes, for a reason. If there is a reason already
// that one is returned.
func (p *Pending) end(why error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over != nil {
		return fmt.Errorf("checkpoint %v: %w", p.of.ID, p.over)
	}
	p.over = why
	return nil
}

// ended is why the checkpoint takes no more bytes, nil if it does.
func (p *Pending) ended() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// discard removes the staging directory. The caller holds the store's mu.
func (p *Pending) discard() {
	p.store.note()
	if err := durable.RemoveTree(p.store.fsys, p.dir); err != nil {
		p.store.log.Warn("cannot remove an aborted checkpoint; the next start tries again",
			"checkpoint", p.of.ID, "dir", p.dir, "err", err)
	}
}

// An AbortedError says that a checkpoint was aborted: it will never be there. What was
// complete before still is, and the next checkpoint may be begun.
type AbortedError struct {
	ID     checkpoint.ID
	Newest checkpoint.ID // the newest complete one, 0 if there is none
	Err    error
}

func (e *AbortedError) Error() string {
	rest := fmt.Sprintf("checkpoint %v is complete and the newest", e.Newest)
	if e.Newest == 0 {
		rest = "there is no complete one"
	}
	return fmt.Sprintf("checkpoint %v aborted (%s): %v", e.ID, rest, e.Err)
}

func (e *AbortedError) Unwrap() error { return e.Err }

// Permanent reports whether no retry heals it.
func (e *AbortedError) Permanent() bool { return !durable.Heals(e.Err) }

// aborted is the error of a checkpoint that was aborted. The caller holds mu.
func (s *Store) aborted(id checkpoint.ID, err error) error {
	return &AbortedError{ID: id, Newest: s.newest, Err: err}
}
