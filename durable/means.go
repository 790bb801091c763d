package durable

// Means are the ways in which [OS] keeps the contract of [FS] on one file system.
type Means struct {
	// RenameRefuses: the system refuses to replace in the same step as it renames.
	// Otherwise Rename takes several steps, see OS.
	RenameRefuses bool
	// DirSync is how the names in a directory are made durable.
	DirSync DirSync
}

// DirSync is how the names in a directory are made durable.
type DirSync int

const (
	// OwnSync: the directory is synced, and nothing else.
	OwnSync DirSync = iota
	// WholeSync: the directory has no sync of its own; the file system is synced as a
	// whole.
	WholeSync
	// NoSync: the system has no way to do it. Names survive the end of the process and
	// may be lost in a power cut.
	NoSync
)

// MeansIn finds out which ways OS takes in the directory dir. It tries them, by the code
// that takes them: it makes two files in dir and removes
// them, as far as possible. The error is that it could
// not be tried.
func MeansIn(dir string) (Means, error) { return meansIn(dir) }
