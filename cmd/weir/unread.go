package main

import (
	"fmt"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// An unread is a reason why state was not read, without being damaged, and whose state
// that is.
type unread struct {
	why       string
	streams   int
	operators []checkpoint.OperatorID

	kind    flink.StreamKind // of the first stream
	subtask checkpoint.Subtask
}

// An unreadList is each reason once, in the order they came up.
type unreadList []*unread

func (l *unreadList) add(h *handle) {
	for _, why := range h.Unread {
		i := slices.IndexFunc(*l, func(u *unread) bool { return u.why == why })
		if i < 0 {
			i = len(*l)
			*l = append(*l, &unread{why: why, kind: h.Kind, subtask: h.Subtask})
		}
		u := (*l)[i]
		u.streams++
		if !slices.Contains(u.operators, h.Operator) {
			u.operators = append(u.operators, h.Operator)
		}
	}
}

// where says of an operator whose state it is.
func (u *unread) where() string {
	s := fmt.Sprintf("%v state of subtask %v", u.kind, u.subtask)
	if u.subtask < 0 {
		s = "the coordinator's state"
	}
	if u.streams > 1 {
		s += fmt.Sprintf(", and %s", counted(u.streams-1, "more stream"))
	}
	return s
}

// share says how much of a checkpoint it is.
func (u *unread) share() string {
	return counted(u.streams, "stream") + " of " + counted(len(u.operators), "operator")
}
