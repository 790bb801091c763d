// Package blocklog has the log of a disk: all writes and flushes in order, with marks of
// what the world was told meanwhile. It makes the images that a power cut may leave, and
// chooses which of those to examine.
//
// It is pure: no device, no clock, and its randomness has a seed.
package blocklog

import (
	"strings"
	"time"
)

// A Kind is what happened to the disk.
type Kind uint8

const (
	// Write: bytes reached the disk's cache. They may survive a power cut.
	Write Kind = iota
	// Flush: all writes before it survive.
	Flush
	// Mark: the world was told something. It does not forget that in a power cut.
	Mark
)

// An Event is one entry of a log.
type Event struct {
	Kind Kind
	At   time.Duration // since the log began
	Off  int64         // of a Write: where, in bytes
	Data []byte        // of a Write: what; never changed
	Text string        // of a Mark
}

// A Log has everything that happened to a disk since its base image, in the order in which
// the disk saw it. A request that was still on its way when a mark was made comes after the
// mark: at that moment it had not reached the disk, which a real disk allows, too.
type Log []Event

// Writes returns the number of writes.
func (l Log) Writes() int { return l.count(Write) }

// Flushes returns the number of flushes.
func (l Log) Flushes() int { return l.count(Flush) }

func (l Log) count(k Kind) (n int) {
	for _, e := range l {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// flushedBefore returns the index of the first event after the last flush before event i.
func (l Log) flushedBefore(i int) int {
	for j := i - 1; j >= 0; j-- {
		if l[j].Kind == Flush {
			return j + 1
		}
	}
	return 0
}

// Last finds the last mark before event i that begins with the word. It returns the text
// after the word, and when the mark was made.
func (l Log) Last(i int, word string) (rest string, at time.Duration, ok bool) {
	for j := i - 1; j >= 0; j-- {
		if rest, ok := strings.CutPrefix(l[j].Text, word+" "); ok && l[j].Kind == Mark {
			return rest, l[j].At, true
		}
	}
	return "", 0, false
}

// End returns when the last event happened.
func (l Log) End() time.Duration {
	if len(l) == 0 {
		return 0
	}
	return l[len(l)-1].At
}
