package connectortest

import (
	"testing"
	"time"

	"github.com/weirstream/weir"
)

// A SourceConfig says what source to test.
type SourceConfig[T any] struct {
	// New makes the source, as a process does that has just started. Whenever it is called
	// the source has the same content.
	New func() weir.Source[T]

	// Want is that content: the records of each split, in their order. They are compared
	// by reflect.DeepEqual.
	Want map[string][]T

	// Refused are positions that the source cannot have made for any of its splits: after
	// the end, of other content, of an older version. Some that no source can have made
	// are tried without being asked for.
	Refused [][]byte

	// Failing, if set, makes a source whose splits fail while they are read: a damaged
	// file, a malformed record. Records may come before that.
	Failing func() weir.Source[T]
}

// Source runs every check of a source as a subtest.
func Source[T any](t *testing.T, c SourceConfig[T]) {
	t.Helper()
	runAll(t, newSourceTest(c), sourceChecks[T]())
}

// Check is Source without a test: it runs every check and returns what was found, joined.
func (c SourceConfig[T]) Check() error { return joinAll(newSourceTest(c), sourceChecks[T]()) }

// sourceChecks are the checks of sources, from simple to involved: the first that fails
// is the one to look at.
func sourceChecks[T any]() []check[*sourceTest[T]] {
	return []check[*sourceTest[T]]{
		{"splits", "An id is the identity of a split across restarts; it must not be empty.", (*sourceTest[T]).splits},
		{"records", "Read fills records from the front with what comes next and returns how many it filled.", (*sourceTest[T]).records},
		{"end", "0 and no error say that nothing is there now", (*sourceTest[T]).end},
		{"positions", "The slice must not be changed afterwards.", (*sourceTest[T]).positions},
		{"records are kept", "Read fills records from the front with what comes next and returns how many it filled.", (*sourceTest[T]).kept},
		{"replay", "a split that is opened at a position must give the records that followed it the first time, byte for byte", (*sourceTest[T]).replay},
		{"restart after every read", "Position is where to read on after the records returned so far.", (*sourceTest[T]).chain},
		{"readers at the same time", "Several goroutines use a Source at once. It must not keep state of its own that a restart would lose.", (*sourceTest[T]).together},
		{"close", "Close lets go of what the reader holds.", (*sourceTest[T]).closing},
		{"cancel", "It may wait a moment (say, 100 ms) for the first record and must return when ctx ends", (*sourceTest[T]).cancel},
		{"unknown split", "Open opens a split at its position.", (*sourceTest[T]).unknownSplit},
		{"impossible positions", "Open opens a split at its position.", (*sourceTest[T]).impossible},
		{"plan", "known are all splits that the job keeps a position of", (*sourceTest[T]).plan},
		{"timestamps", "ReadTimed is Read.", (*sourceTest[T]).timestamps},
		{"commits", "It is called by the goroutine that calls Read, between two reads, and the reader of a split that has ended is kept open for it.", (*sourceTest[T]).commits},
		{"after an error", "Any other error fails the attempt; mark it with Permanent if it would come again.", (*sourceTest[T]).failing},
	}
}

// A sourceTest is a source under test.
type sourceTest[T any] struct {
	SourceConfig[T]
	patience time.Duration
}

func newSourceTest[T any](c SourceConfig[T]) *sourceTest[T] {
	return &sourceTest[T]{SourceConfig: c, patience: patience}
}

// batches are the sizes that splits are read in.
var batches = []int{1, 2, 3, 7, 512}
