package inspect

import (
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// A Handle is a state handle of the metadata, and what was found at it.
type Handle struct {
	Operator  checkpoint.OperatorID
	Subtask   checkpoint.Subtask // -1 for a coordinator
	Kind      flink.StreamKind
	Tag       string                    // Flink's name for the kind of handle
	KeyGroups *checkpoint.KeyGroupRange // of keyed state, else nil
	Layout    string                    // of the bytes; "" if it is not known

	Where   Where
	File    string // if it is one file
	Files   int    // how many files it is
	Outside int    // how many of them are in other directories
	Bytes   int64  // as the metadata has it

	Compressed bool
	KeyType    string // of keyed state
	States     []*State

	// Whole reports whether every entry has been yielded; those that could not be decoded as
	// flink.Opaque.
	Whole bool
	// Unread says what was not read and why. That is no damage: the encoding is not known
	// here, or the file lies elsewhere.
	Unread []Unread
	// Problem is the first thing that is wrong with the bytes. Broken is each of them, up to
	// maxBroken, and Further how many more there are.
	Problem error
	Broken  []Broken
	Further int
	// Failure says why the bytes could not be got.
	Failure error

	keyGroups *flink.KeyGroupsHandle // of keyed state in one stream
}

// Where says where the bytes of a handle are. The texts are a contract: docs/cli-json.md.
type Where string

const (
	InFile  Where = "file"    // a file in the directory of the checkpoint
	InFiles Where = "files"   // several
	Inline  Where = "inline"  // in the metadata
	Outside Where = "outside" // a file in another directory
	Nowhere Where = "none"    // there are none
)

// A State is one named state in the stream of a handle.
type State struct {
	Name      string
	Kind      string // Flink's word
	KeyType   string // of a broadcast map
	Namespace string // its type, "" for none
	Type      string // of the values
	WeirOnly  bool   // a type is one of Weir's own, which Flink cannot read
	Entries   int64
	Counted   bool // Entries is all of them, and not only those that could be read

	meta *flink.StateMeta // nil if there is no header, as of raw timers
	key  flink.Serializer // of keyed state, and of a broadcast map
}

// The kinds of states that hold timers.
const (
	timersKind    = "TIMERS"
	rawTimersKind = "RAW TIMERS"
)

// A Broken is a place where bytes make no sense.
type Broken struct {
	Group  int    // key group, -1 if it is in none
	State  string // "" if it is in none
	Entry  int    // its number in the state and key group, -1 if it is not about one
	Offset int64  // in the stream, of the entry or else of the key group; -1 if it is not known
	Err    error
}

// maxBroken is how many broken places of one stream are told apart.
const maxBroken = 100

// KeyTypeIn returns the type of the keys of s, which is a state of h.
func (s *State) KeyTypeIn(h *Handle) string {
	if s.KeyType != "" {
		return s.KeyType
	}
	return h.KeyType
}

// Blind reports whether not even the names of the states in h are known.
func (h *Handle) Blind() bool {
	return len(h.States) == 0 && (h.Problem != nil || h.Failure != nil || len(h.Unread) > 0)
}

// at notes where the only stream of h is.
func (h *Handle) at(s flink.StreamHandle) {
	h.Bytes = 0
	switch s := s.(type) {
	case *flink.KeyGroupsHandle: // of old: stands for its stream
		h.at(s.Data)
	case *flink.InlineHandle:
		h.Where, h.Bytes = Inline, int64(len(s.Data))
	case *flink.RelativeHandle:
		h.Where, h.File, h.Files, h.Bytes = InFile, s.Path, 1, s.Length
	case *flink.FileHandle:
		h.Where, h.File, h.Files, h.Bytes, h.Outside = Outside, s.Path, 1, s.Length, 1
	case *flink.SegmentHandle:
		h.Where, h.File, h.Files, h.Bytes, h.Outside = Outside, s.Path, 1, s.Length, 1
	default:
		h.Where = Nowhere
	}
}

// add notes one of several streams of h.
func (h *Handle) add(s flink.StreamHandle) {
	var one Handle
	one.at(s)
	h.Bytes += one.Bytes
	h.Outside += one.Outside
	h.Files += one.Files
	switch {
	case h.Files > 0:
		h.Where = InFiles
	case one.Where != Nowhere:
		h.Where = Inline
	}
}

func (h *Handle) unread(u Unread) {
	if !slices.Contains(h.Unread, u) {
		h.Unread = append(h.Unread, u)
	}
}

// StateTotal is a state of an operator over all subtasks.
type StateTotal struct {
	State
	KeyType string
}

// States returns the selected states of an operator over all subtasks, in the order of its
// handles.
func (c *Checkpoint) States(op *Operator) []*StateTotal {
	type identity struct{ name, kind, key, namespace, value string }
	blind := map[flink.StreamKind]bool{}
	for _, h := range op.Handles {
		blind[h.Kind] = blind[h.Kind] || h.Blind()
	}
	totals := map[identity]*StateTotal{}
	var order []*StateTotal
	for _, h := range op.Handles {
		for _, s := range h.States {
			if !c.Selected(s) {
				continue
			}
			key := s.KeyTypeIn(h)
			id := identity{s.Name, s.Kind, key, s.Namespace, s.Type}
			t := totals[id]
			if t == nil {
				t = &StateTotal{*s, key}
				t.Entries, t.Counted = 0, true
				totals[id] = t
				order = append(order, t)
			}
			t.Entries += s.Entries
			t.Counted = t.Counted && s.Counted && !blind[h.Kind]
		}
	}
	return order
}
