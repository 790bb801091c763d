package inspect

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir/checkpoint"
)

// A Verdict says what was found about a checkpoint. Its text (MarshalText) is a contract:
// docs/cli-json.md.
type Verdict uint8

const (
	// NotJudged is the zero value: the checkpoint was not looked at.
	NotJudged Verdict = iota
	// Whole: at the depth Lengths, names, lengths and the metadata are in order. At the other
	// depths there is no seal, and presence, lengths and structure are in order.
	Whole
	// Verified: there is a seal, and every byte is as it was written.
	Verified
	// Damaged: something is missing or wrong in a checkpoint that had been complete.
	Damaged
	// Incomplete: it was never finished, or is half deleted.
	Incomplete
	// InProgress: it is being written, or was left by a crash. At the depth Lengths only.
	InProgress
	// Trash: it is being deleted, or was left by a crash. At the depth Lengths only.
	Trash
	// SetAside: a job found it damaged and went back to an older one. At the depth Lengths only.
	SetAside
	// Unreadable: it could not be read. It may be good.
	Unreadable
	// Gone: it was deleted while it was read, as a running job does.
	Gone
)

var verdictTexts = [...]string{
	NotJudged: "not_judged", Whole: "whole", Verified: "verified", Damaged: "damaged", Incomplete: "incomplete",
	InProgress: "in_progress", Trash: "trash", SetAside: "set_aside", Unreadable: "unreadable", Gone: "gone",
}

// Verdicts returns every verdict that Judge can give.
func Verdicts() []Verdict {
	return []Verdict{Whole, Verified, Damaged, Incomplete, InProgress, Trash, SetAside, Unreadable, Gone}
}

// String returns the verdict for people: the text with spaces.
func (v Verdict) String() string {
	if int(v) >= len(verdictTexts) {
		return fmt.Sprintf("verdict %d", uint8(v))
	}
	return strings.ReplaceAll(verdictTexts[v], "_", " ")
}

// MarshalText returns the verdict for programs, such as "set_aside".
func (v Verdict) MarshalText() ([]byte, error) {
	if int(v) >= len(verdictTexts) {
		return nil, fmt.Errorf("there is no verdict %d", uint8(v))
	}
	return []byte(verdictTexts[v]), nil
}

// UnmarshalText reads what MarshalText writes.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, have := range verdictTexts {
		if have == string(text) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("%.40q is no verdict", text)
}

// Good reports whether nothing is wrong, as far as that can be found out.
func (v Verdict) Good() bool { return v == Verified || v == Whole }

// A Depth says how closely a checkpoint is looked at.
type Depth uint8

const (
	// Lengths looks at names, lengths and the metadata with the checksums that cover it. It
	// opens no state file.
	Lengths Depth = iota
	// Bytes reads every byte from the disk and holds it against the seal. What has no seal is
	// decoded, because that is all that can be checked.
	Bytes
	// Entries is Bytes, and decodes the state of sealed checkpoints too. Each broken place is
	// a finding of its own.
	Entries
)

// facts is what a verdict is decided from.
type facts struct {
	name     checkpoint.Name // of the directory
	depth    Depth
	metadata presence
	place    rank
	setAside bool // by its name, or by a mark beside it
	sealed   bool
	findings int  // how many things are wrong
	failed   bool // something could not be read
	gone     bool // the directory is no longer there
}

// presence says whether there is a metadata file.
type presence uint8

const (
	present presence = iota
	missing
	notRegular
)

// rank says what the name of a checkpoint proves by where it lies.
type rank uint8

const (
	anywhere rank = iota // not in a directory that a Weir job has owned
	newest               // the newest complete checkpoint of a Weir job
	older                // an older one of a Weir job
)

// decide decides what a checkpoint is.
//
// Weir gives a checkpoint its name when all of it is there, and deletes only what is not
// the newest: so a newest one without metadata is damaged, and an older one is half
// deleted. Flink gives the name before it begins to write.
func decide(f facts) Verdict {
	v := decideIgnoringDeletion(f)
	if f.gone && !v.Good() {
		return Gone
	}
	return v
}

func decideIgnoringDeletion(f facts) Verdict {
	kind := f.name.Kind
	if f.failed {
		return Unreadable
	}
	if f.depth == Lengths {
		switch {
		case kind == checkpoint.Staging:
			return InProgress
		case kind == checkpoint.Trash:
			return Trash
		case f.setAside:
			return SetAside
		}
	}
	switch {
	case kind == checkpoint.Staging:
		return Incomplete
	case f.metadata == missing && kind == checkpoint.Complete && f.place == newest:
		return Damaged
	case f.metadata == missing:
		return Incomplete
	case f.metadata == notRegular:
		return Damaged
	case f.findings > 0 && kind == checkpoint.Trash:
		return Incomplete // files that are missing have been deleted
	case f.findings > 0:
		return Damaged
	case f.sealed && f.depth != Lengths:
		return Verified
	}
	return Whole
}
