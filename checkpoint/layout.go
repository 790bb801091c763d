package checkpoint

import (
	"math"
	"path"
	"strconv"
	"strings"
)

// The names in a job's directory. They are built and read in this file and nowhere else,
// so that writing and recovering cannot disagree.
//
//	<base>/<job id>/
//	  chk-<n>/_metadata              complete, by the name alone
//	  chk-<n>/<uuid>                 state files
//	  .inprogress-<n>.<incarnation>/ being written
//	  .trash-<n>/                    being deleted; .trash-<n>.<k> where that name is taken
//	  .damaged-<n>/                  set aside when going back to an older one was allowed;
//	                                 .damaged-<n>.<k> where that name is taken
//	  .damaged-<n>                   a file, not a directory: chk-<n> is set aside where it
//	                                 is, as the file system could not rename it
//	  .lock                          held by the job manager that owns the directory
//	  shared/ taskowned/             Flink's
const (
	MetadataName  = "_metadata"
	LockName      = ".lock"
	SharedName    = "shared"
	TaskOwnedName = "taskowned"

	completePrefix = "chk-"
	stagingPrefix  = ".inprogress-"
	trashPrefix    = ".trash-"
	damagedPrefix  = ".damaged-"
)

// A JobDir is the path of one job's directory.
type JobDir string

// JobDirIn is the directory of a job below the checkpoint directory base.
func JobDirIn(base string, job JobID) JobDir { return JobDir(path.Join(base, job.String())) }

// Join is the path of anything directly in the directory.
func (d JobDir) Join(name string) string { return path.Join(string(d), name) }

// Path is the path of a name in the directory.
func (d JobDir) Path(n Name) string { return d.Join(n.String()) }

// Complete is the path of a complete checkpoint.
func (d JobDir) Complete(id ID) string { return d.Path(Name{Kind: Complete, ID: id}) }

// Lock is the path of the lock file.
func (d JobDir) Lock() string { return d.Join(LockName) }

// A Kind is what a name in a job's directory stands for.
type Kind uint8

// The kinds of names.
const (
	Stranger  Kind = iota // not a name of ours: left alone
	Complete              // chk-<n>
	Staging               // .inprogress-<n>.<incarnation>
	Trash                 // .trash-<n>
	Damaged               // .damaged-<n>: a directory set aside, or a file that is a mark
	Furniture             // .lock, shared, taskowned: no checkpoint, and ours
)

// A Name is a name in a job's directory, taken apart.
type Name struct {
	Kind        Kind
	ID          ID          // of Complete, Staging, Trash and Damaged
	Incarnation Incarnation // of Staging
	// Copy tells names of Trash and Damaged apart where one checkpoint needs several;
	// 0 is the plain name.
	Copy int
	Text string // of Stranger and Furniture: the name itself
}

// String is the name as it stands in the directory; ParseName reads it back.
func (n Name) String() string {
	switch n.Kind {
	case Complete:
		return completePrefix + n.ID.String()
	case Staging:
		return stagingPrefix + n.ID.String() + "." + n.Incarnation.String()
	case Trash:
		return trashPrefix + n.ID.String() + copySuffix(n.Copy)
	case Damaged:
		return damagedPrefix + n.ID.String() + copySuffix(n.Copy)
	default:
		return n.Text
	}
}

func copySuffix(k int) string {
	if k == 0 {
		return ""
	}
	return "." + strconv.Itoa(k)
}

// ParseName takes a name apart. Only what String writes is recognised: a number with a
// sign, a leading zero or anything after it makes the name a stranger's.
func ParseName(s string) Name {
	if s == LockName || s == SharedName || s == TaskOwnedName {
		return Name{Kind: Furniture, Text: s}
	}
	if rest, ok := strings.CutPrefix(s, completePrefix); ok {
		if id, ok := parseNumber(rest); ok {
			return Name{Kind: Complete, ID: ID(id)}
		}
	}
	if rest, ok := strings.CutPrefix(s, stagingPrefix); ok {
		first, second, _ := strings.Cut(rest, ".")
		id, ok1 := parseNumber(first)
		inc, ok2 := parseNumber(second)
		if ok1 && ok2 {
			return Name{Kind: Staging, ID: ID(id), Incarnation: Incarnation(inc)}
		}
	}
	if rest, ok := strings.CutPrefix(s, trashPrefix); ok {
		if n, ok := parseCopies(Trash, rest); ok {
			return n
		}
	}
	if rest, ok := strings.CutPrefix(s, damagedPrefix); ok {
		if n, ok := parseCopies(Damaged, rest); ok {
			return n
		}
	}
	return Name{Kind: Stranger, Text: s}
}

func parseCopies(kind Kind, s string) (Name, bool) {
	first, second, several := strings.Cut(s, ".")
	id, ok := parseNumber(first)
	if !ok || !several {
		return Name{Kind: kind, ID: ID(id)}, ok
	}
	k, ok := parseNumber(second)
	if !ok || k > math.MaxInt32 {
		return Name{}, false
	}
	return Name{Kind: kind, ID: ID(id), Copy: int(k)}, true
}

// parseNumber reads a number from 1 as strconv.FormatInt writes it.
func parseNumber(s string) (int64, bool) {
	if s == "" || s[0] < '1' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// MetadataIn is the path of the metadata file of the checkpoint in dir.
func MetadataIn(dir string) string { return path.Join(dir, MetadataName) }

// FileIn is the path of a state file of the checkpoint in dir.
func FileIn(dir, name string) string { return path.Join(dir, name) }

// PlainName reports whether name can be a state file's: one element of a path that stays
// in its directory and is not the metadata file. It must hold before FileIn gets a name
// that was read from a disk.
func PlainName(name string) bool {
	return name != "" && name != "." && name != ".." && name != MetadataName &&
		len(name) <= MaxNameBytes && !strings.ContainsAny(name, "/\\\x00")
}

// MaxNameBytes is the longest name of a file that common file systems take.
const MaxNameBytes = 255
