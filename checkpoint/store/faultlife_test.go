package store

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
)

// life is a job manager's: it starts, makes checkpoints and believes what the store
// says about them, whatever fails meanwhile. It ends when it cannot start. The error
// is why it could not, or a falsehood; completed is how many checkpoints came about.
func (w *world) life(cycles int) (completed int, err error) {
	s, err := w.restart()
	if err != nil {
		if s, err = w.restart(); err != nil { // its supervisor starts it once more
			return 0, err
		}
	}
	defer s.Close()
	for range cycles {
		before := s.Newest()
		if err := w.liveOn(s); err != nil {
			return completed, err
		}
		if s.Newest() > before {
			completed++
		}
	}
	return completed, nil
}

// A falsehood is something that the store has said and must not say, whatever failed.
type falsehood struct{ error }

func falsely(format string, args ...any) error { return falsehood{fmt.Errorf(format, args...)} }

// liveOn makes one checkpoint, or not, and tells the world what came of it. The error
// is a falsehood.
func (w *world) liveOn(s *Store) error {
	newest := s.Newest()
	p, err := w.begin(s)
	if err != nil {
		return wantAborted(err, newest)
	}
	blobs, err := write(p, w.states)
	if err != nil {
		w.tell(toldAborted, p.of)
		if err := p.Abort(); err != nil {
			return falsely("a checkpoint whose state was not written cannot be aborted: %w", err)
		}
		return nil
	}
	err = p.Publish(metadataOf(p.ID(), blobs), blobs, testNames)
	var unknown *UnknownOutcomeError
	switch {
	case err == nil:
		if s.Newest() != p.ID() {
			return falsely("published %v, and the newest is %v", p.ID(), s.Newest())
		}
		w.tell(toldComplete, p.of)
		if _, err := s.Subsume(); err != nil {
			return falsely("complete, and Subsume says %w", err)
		}
		return nil
	case !errors.As(err, &unknown):
		w.tell(toldAborted, p.of)
		return wantAborted(err, newest)
	}
	// Poisoned: nothing goes, until recovery has looked.
	if _, err := s.Begin(); !errors.Is(err, unknown) {
		return falsely("poisoned, Begin says %v", err)
	}
	if _, err := s.Subsume(); !errors.Is(err, unknown) {
		return falsely("poisoned, Subsume says %v", err)
	}
	if err := p.Abort(); !errors.Is(err, unknown) {
		return falsely("poisoned, Abort says %v", err)
	}
	c, err := s.Recover(From{})
	if err != nil {
		return nil // stays poisoned: nothing more happens in this life
	}
	if c != nil {
		w.tell(toldRestored, c.Seal.Identity)
	}
	if c == nil || c.ID != p.ID() {
		w.tell(toldAborted, p.of)
	}
	return nil
}

// wantAborted: the error of an aborted checkpoint says so, and what is complete.
func wantAborted(err error, newest checkpoint.ID) error {
	var aborted *AbortedError
	var unknown *UnknownOutcomeError
	switch {
	case errors.As(err, &unknown): // poisoned before
		return nil
	case !errors.As(err, &aborted):
		return falsely("neither aborted nor unknown: %w", err)
	case aborted.Newest != newest:
		return falsely("aborted: %w; the newest was %v", err, newest)
	}
	return nil
}
