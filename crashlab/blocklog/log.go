// Package blocklog is what a disk remembers: the log of everything that was written to it
// and flushed, in order, with marks of what the world was told meanwhile; the images that
// a power cut may leave of it; and the choice of which of those to look at.
//
// It is pure arithmetic on values: no device, no clock, and its randomness has a seed.
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
	// Flush: what was written before it survives.
	Flush
	// Mark: something was said to the world, which no power cut unsays.
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

// A Log is what happened to a disk since its base image, in the order in which the
// disk saw it. A request that was still on its way when a mark was made stands behind
// the mark: at that moment it was not on the disk, which is a legal thing to assume.
type Log []Event

// Writes is how many writes there are.
func (l Log) Writes() int { return l.count(Write) }

// Flushes is how many flushes there are.
func (l Log) Flushes() int { return l.count(Flush) }

func (l Log) count(k Kind) (n int) {
	for _, e := range l {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// flushedBefore is the place of the first event that is not covered by a flush, among
// those before i.
func (l Log) flushedBefore(i int) int {
	for j := i - 1; j >= 0; j-- {
		if l[j].Kind == Flush {
			return j + 1
		}
	}
	return 0
}

// Last is the last mark before event i that begins with the word, what follows the word
// in it, and when it was made.
func (l Log) Last(i int, word string) (rest string, at time.Duration, ok bool) {
	for j := i - 1; j >= 0; j-- {
		if rest, ok := strings.CutPrefix(l[j].Text, word+" "); ok && l[j].Kind == Mark {
			return rest, l[j].At, true
		}
	}
	return "", 0, false
}

// End is when the last event happened.
func (l Log) End() time.Duration {
	if len(l) == 0 {
		return 0
	}
	return l[len(l)-1].At
}
