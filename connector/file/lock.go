package file

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
)

// ownerBytes is the length of a lock file: the text of weir.Claim.Owner, spaces and a
// newline. Nothing depends on it but an error message, so it is not synced.
const ownerBytes = 512

// lock takes the folder for a run of an owner. If another run has it the error is a
// *weir.OutputInUseError. It returns nil, and logs a warning, if the file system has no
// locks.
func (s sink[T]) lock(c weir.Claim) (durable.LockFile, error) {
	name := s.path(ownerOf(c.SinkID).lockName())
	l, err := s.fsys.Lock(name)
	switch {
	case err == nil:
		_, _ = l.WriteAt(ownerText(c.Owner), 0) // it is for people only
		return l, nil
	case errors.Is(err, durable.ErrLocked):
		inUse := &weir.OutputInUseError{Place: s.dir, Owner: "a process that has not left its name"}
		if l != nil {
			if text := readOwner(l); text != "" {
				inUse.Owner = text
			}
			_ = l.Close() // it was read only
		}
		return nil, inUse
	case noLocks(err):
		slog.Warn("this file system has no locks: keep a second run of this job from writing to the folder, as it would not be noticed",
			"folder", s.dir, "error", err)
		return nil, nil
	}
	return nil, fmt.Errorf("lock the output folder: %w", err)
}

// noLocks reports whether an error says that the file system, or the network that it is
// reached by, does not know locks: NFS and FUSE do not need to.
func noLocks(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, errNoLocks)
}

func ownerText(text string) []byte {
	b := bytes.Repeat([]byte{' '}, ownerBytes)
	copy(b[:ownerBytes-1], text)
	b[ownerBytes-1] = '\n'
	return b
}

// readOwner returns the text in a lock file, "" if it has none. The file may hold anything.
func readOwner(l durable.LockFile) string {
	b := make([]byte, ownerBytes)
	n, _ := l.ReadAt(b, 0)
	text := strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(string(b[:n]), ""))
	return strings.TrimSpace(text)
}
