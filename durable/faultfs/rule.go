package faultfs

import (
	"path"
	"strings"
)

// An Op is a set of kinds of operations.
type Op uint32

const (
	Create Op = 1 << iota
	Mkdir
	Rename
	Remove
	SyncDir
	Lock
	Write // of files, and in place of lock files
	Sync
	Close
	Open
	Read
	ReadDir
	Stat

	Mutations = Create | Mkdir | Rename | Remove | SyncDir | Lock | Write | Sync | Close
	Reads     = Open | Read | ReadDir | Stat
	All       = Mutations | Reads
)

// An Action is what happens to the operation that a rule picks.
type Action int

const (
	// Fail: the operation returns the rule's error and nothing has happened.
	Fail Action = iota
	// FailPartly: a Write writes, or a Read reads, half of its bytes and returns the
	// error. Other operations fail as with Fail.
	FailPartly
	// FailAfter: the operation takes effect and returns the error all the same, as when
	// the answer of a server is lost.
	FailAfter
	// Drop: a Sync or SyncDir does nothing and returns nil, as if the call were missing.
	// It is meant for mutation tests; on other operations it has no effect.
	Drop
	// Short: a Write writes, or a Read reads, half of its bytes (of one byte, that byte) and
	// returns how many and no error. That breaks the contract of io.Writer and io.ReaderAt,
	// as a careless wrapper may. On other operations it has no effect.
	Short
)

// A Rule picks operations: the K-th that matches, and with Sticky all from then on.
type Rule struct {
	Ops Op // kinds that match; 0 means All
	// Name is a pattern of path.Match. It is compared with the last element of the name,
	// or with the whole name if it has a slash in it; "" matches everything. A Rename
	// matches by either of its names.
	Name string

	K      int // counting from 1; with 0 the rule only counts
	Sticky bool
	Do     Action
	Err    error // syscall.EIO, syscall.ENOSPC, …; must be set unless Do is Drop or Short
}

func (r Rule) matches(op Op, names ...string) bool {
	if r.Ops != 0 && r.Ops&op == 0 {
		return false
	}
	if r.Name == "" {
		return true
	}
	for _, name := range names {
		name = path.Clean(name)
		if !strings.Contains(r.Name, "/") {
			name = path.Base(name)
		}
		if ok, _ := path.Match(r.Name, name); ok {
			return true
		}
	}
	return false
}

// picks reports whether the rule picks the n-th match.
func (r Rule) picks(n int) bool {
	if r.K == 0 {
		return false
	}
	return n == r.K || r.Sticky && n > r.K
}

// applies reports whether there is such a fault for this kind of operation.
func (a Action) applies(op Op) bool {
	switch a {
	case Drop:
		return op&(Sync|SyncDir) != 0
	case Short:
		return op&(Write|Read) != 0
	default:
		return true
	}
}

// silent reports whether the fault comes without an error.
func (a Action) silent() bool { return a == Drop || a == Short }

// part is how much of p is written or read in spite of the fault.
func (a Action) part(p []byte) []byte {
	switch a {
	case FailPartly:
		return p[:len(p)/2]
	case Short:
		return p[:(len(p)+1)/2]
	default:
		return p
	}
}
