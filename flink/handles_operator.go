package flink

import (
	"fmt"
	"strconv"
)

// An OperatorHandle is one stream with the operator state of a subtask, in elements.
type OperatorHandle struct {
	States []OperatorStateMeta // each name once
	Data   StreamHandle
	Merged *FileMerging // nil without file merging
}

// An OperatorStateMeta says where in the stream a state's elements are.
type OperatorStateMeta struct {
	Name    string
	Mode    DistributionMode
	Offsets []int64
}

// FileMerging is what a handle notes under file merging; Data is then a *SegmentHandle
// or an *EmptySegmentHandle.
type FileMerging struct {
	TaskOwnedDir, SharedDir string
	Empty                   bool
}

// A DistributionMode says which subtask gets which elements when a state is restored.
type DistributionMode uint8

const (
	ModeSplitDistribute DistributionMode = 0 // each element goes to one subtask
	ModeUnion           DistributionMode = 1 // all elements go to every subtask
	ModeBroadcast       DistributionMode = 2 // all subtasks have had the same, and get it again
)

var modeNames = [...]string{
	ModeSplitDistribute: "SPLIT_DISTRIBUTE",
	ModeUnion:           "UNION",
	ModeBroadcast:       "BROADCAST",
}

// String returns Flink's name for the mode.
func (m DistributionMode) String() string {
	if int(m) >= len(modeNames) {
		return "unknown mode " + strconv.Itoa(int(m))
	}
	return modeNames[m]
}

const operatorStateMetaMinSize = 2 + 1 + 4

// operatorOrNull reads an OperatorHandle, nil for a null.
func (r *handleReader) operatorOrNull() *OperatorHandle {
	switch tag := HandleTag(r.U8()); tag {
	case TagNull:
		return nil
	case TagPartitionable, TagPartitionableMerged:
		h := &OperatorHandle{States: r.operatorStates()}
		if tag == TagPartitionableMerged {
			h.Merged = &FileMerging{TaskOwnedDir: r.UTF(), SharedDir: r.UTF(), Empty: r.Bool()}
		}
		h.Data = r.stream()
		if r.err == nil {
			r.require(h.check())
		}
		return h
	default:
		r.wrongTag("operator state", tag)
		return nil
	}
}

func (r *handleReader) operatorStates() []OperatorStateMeta {
	var states []OperatorStateMeta
	for range r.Count("operator states", operatorStateMetaMinSize) {
		s := OperatorStateMeta{Name: r.UTF(), Mode: DistributionMode(r.U8())}
		s.Offsets = r.i64s(r.Count("offsets", 8))
		if r.err != nil {
			return nil
		}
		states = append(states, s)
	}
	return states
}

// operatorOrNull writes an OperatorHandle, a null for nil.
func (w *handleWriter) operatorOrNull(h *OperatorHandle) {
	if h == nil {
		w.tag(TagNull)
		return
	}
	w.require(h.check())
	if h.Merged == nil {
		w.tag(TagPartitionable)
	} else {
		w.tag(TagPartitionableMerged)
	}
	w.count(len(h.States))
	for _, s := range h.States {
		w.utf("name of a state", s.Name)
		w.u8(uint8(s.Mode))
		w.count(len(s.Offsets))
		w.i64s(s.Offsets)
	}
	if m := h.Merged; m != nil {
		w.utf("directory of files owned by tasks", m.TaskOwnedDir)
		w.utf("directory of shared files", m.SharedDir)
		w.bool(m.Empty)
	}
	w.stream(h.Data)
}

// check refuses what Flink refuses. It also refuses two states of one name, of which Flink
// would silently take one.
func (h *OperatorHandle) check() error {
	names := make(map[string]bool, len(h.States))
	for _, s := range h.States {
		if s.Mode > ModeBroadcast {
			return fmt.Errorf("operator state %q: %v", s.Name, s.Mode)
		}
		if names[s.Name] {
			return fmt.Errorf("operator state %q is there twice", s.Name)
		}
		names[s.Name] = true
	}
	if h.Merged == nil {
		return nil
	}
	switch h.Data.(type) {
	case *SegmentHandle, *EmptySegmentHandle:
		return nil
	default:
		return fmt.Errorf("operator state with file merging is not in a file segment")
	}
}
