package store

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weirstream/weir/checkpoint"
)

// A Report is what Verify found.
type Report struct {
	Dir string
	ID  checkpoint.ID // 0 if the metadata cannot be read
	// Identity is what the seal says; zero without one.
	Identity checkpoint.Identity
	Sealed   bool
	Files    int   // state files looked at
	Bytes    int64 // in them

	Findings  []Finding // what is wrong; empty if nothing is
	Strangers []string  // names in a sealed checkpoint's directory that are not its own
	Outside   []string  // files elsewhere that were not looked at
}

// Verified reports whether every byte is the byte that was written. It is never true
// without a seal.
func (rep *Report) Verified() bool { return rep.Sealed && len(rep.Findings) == 0 }

// Unreadable reports whether bytes could not be read, and nothing is wrong with what could
// be. The next time they may be readable.
func (rep *Report) Unreadable() bool {
	return len(rep.Findings) > 0 && !slices.ContainsFunc(rep.Findings, func(f Finding) bool { return !f.Unreadable })
}

// Verdict is the report in one sentence.
func (rep *Report) Verdict() string {
	switch {
	case len(rep.Findings) > 0:
		verdict := "damaged: "
		if rep.Unreadable() {
			verdict = "unreadable: "
		}
		list := make([]string, min(3, len(rep.Findings)))
		for i := range list {
			list[i] = rep.Findings[i].String()
		}
		s := verdict + strings.Join(list, "; ")
		if n := len(rep.Findings) - len(list); n > 0 {
			s += fmt.Sprintf("; and %d more findings", n)
		}
		return s
	case rep.Sealed:
		return fmt.Sprintf("verified: %d state files, %d bytes, and the metadata are as they were written", rep.Files, rep.Bytes)
	default:
		return fmt.Sprintf("not sealed: presence, length and structure checked of %d state files, %d bytes", rep.Files, rep.Bytes)
	}
}

// A Finding is one thing that is wrong with a checkpoint, and where.
type Finding struct {
	File    string
	What    string // what the file holds; empty if that is not known
	Subtask checkpoint.Subtask
	Block   int   // -1 if it is about the file as a whole
	Offset  int64 // of the block in the file
	Problem string
	// Unreadable: the disk did not return the bytes. Otherwise it did, and they are not
	// what was written, or there are none.
	Unreadable bool
}

func wholeFile(file, problem string) Finding {
	return Finding{File: file, Block: -1, Problem: problem}
}

func unreadable(file string, err error) Finding {
	return Finding{File: file, Block: -1, Problem: fmt.Sprintf("cannot be read: %v", err), Unreadable: true}
}

func (f Finding) String() string {
	s := f.File
	if f.What != "" {
		s += fmt.Sprintf(" (%s, subtask %v)", f.What, f.Subtask)
	}
	if f.Block >= 0 {
		s += fmt.Sprintf(", block %d at byte %d", f.Block, f.Offset)
	}
	return s + ": " + f.Problem
}
