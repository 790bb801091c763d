package main

import (
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

// The lines that verify writes for programs. docs/cli-json.md is their contract.
type (
	verifyLine struct {
		Type        string          `json:"message_type"` // "checkpoint"
		Path        string          `json:"path"`
		Job         *string         `json:"job"`
		JobName     string          `json:"job_name,omitempty"`
		Kind        inspect.Kind    `json:"kind"`
		ID          *checkpoint.ID  `json:"id"`
		State       inspect.Verdict `json:"state"`
		Sealed      *bool           `json:"sealed"`
		Incarnation *int64          `json:"incarnation"`
		Files       int             `json:"files"`
		Bytes       int64           `json:"bytes"`
		Findings    []findingField  `json:"findings"`
		Strangers   []string        `json:"strangers"`
		Outside     []string        `json:"outside"`
		Structure   *structureField `json:"structure"`
		Failure     string          `json:"failure,omitempty"`
		Intact      *intactField    `json:"intact,omitempty"`
	}

	findingField struct {
		File    string `json:"file"`
		What    string `json:"what,omitempty"`
		Subtask *int   `json:"subtask"`
		Block   *int   `json:"block"`
		Offset  *int64 `json:"offset"`
		Problem string `json:"problem"`

		KeyGroup *int   `json:"key_group,omitempty"`
		State    string `json:"state,omitempty"`
		Entry    *int   `json:"entry,omitempty"`
	}

	structureField struct {
		Streams int           `json:"streams"`
		Parsed  int           `json:"parsed"`
		Entries int64         `json:"entries"`
		Unread  []unreadField `json:"unread"`
	}

	unreadField struct {
		Reason    string   `json:"reason"`
		Streams   int      `json:"streams"`
		Operators []string `json:"operators"`
	}

	intactField struct {
		Path  string          `json:"path"`
		ID    checkpoint.ID   `json:"id"`
		State inspect.Verdict `json:"state"`
	}

	summaryLine struct {
		Type        string `json:"message_type"` // "summary"
		Checkpoints int    `json:"checkpoints"`
		Verified    int    `json:"verified"`
		Whole       int    `json:"whole"`
		Damaged     int    `json:"damaged"`
		Incomplete  int    `json:"incomplete"`
		Unreadable  int    `json:"unreadable"`
		ExitCode    int    `json:"exit_code"`
	}
)

func verifyLineOf(rep, intact *inspect.Report) verifyLine {
	l := verifyLine{
		Type: "checkpoint", Path: rep.Shown, Job: idText(rep.Job), JobName: rep.JobName, Kind: rep.Kind, State: rep.Verdict, Sealed: rep.Sealed,
		Files: rep.Files, Bytes: rep.Bytes, Findings: []findingField{},
		Strangers: append([]string{}, rep.Strangers...), Outside: append([]string{}, rep.Outside...),
	}
	if rep.ID > 0 {
		l.ID = &rep.ID
	}
	if rep.Incarnation > 0 {
		l.Incarnation = new(int64(rep.Incarnation))
	}
	for _, f := range rep.Findings {
		x := findingField{File: f.File, What: f.What, Problem: f.Problem}
		if f.What != "" && f.Subtask >= 0 {
			x.Subtask = new(int(f.Subtask))
		}
		if f.Block >= 0 {
			x.Block, x.Offset = new(f.Block), new(f.Offset)
		}
		if f.Place != nil {
			x.locate(f.Place)
		}
		l.Findings = append(l.Findings, x)
	}
	if s := rep.Structure; s != nil {
		l.Structure = structureFieldOf(s)
	}
	if rep.Failure != nil {
		l.Failure = advised(rep.Failure, rep.Shown).Error()
	}
	if intact != nil {
		l.Intact = &intactField{intact.Shown, intact.ID, intact.Verdict}
	}
	return l
}

// locate says where in the state it is.
func (f *findingField) locate(b *inspect.Broken) {
	f.State = b.State
	if b.Group >= 0 {
		f.KeyGroup = &b.Group
	}
	if b.Entry >= 0 {
		f.Entry = &b.Entry
	}
	if b.Offset >= 0 {
		f.Offset = &b.Offset
	}
}

// summarize counts. What was deleted meanwhile is not counted.
func summarize(done []*inspect.Report) summaryLine {
	s := summaryLine{Type: "summary"}
	for _, rep := range done {
		s.Checkpoints++
		switch rep.Verdict {
		case inspect.Verified:
			s.Verified++
		case inspect.Whole:
			s.Whole++
		case inspect.Damaged:
			s.Damaged++
		case inspect.Incomplete:
			s.Incomplete++
		case inspect.Unreadable:
			s.Unreadable++
		default:
			s.Checkpoints--
		}
	}
	return s
}

func structureFieldOf(s *inspect.Structure) *structureField {
	f := &structureField{Streams: s.Streams, Parsed: s.Parsed, Entries: s.Entries, Unread: []unreadField{}}
	for _, u := range s.Unread {
		x := unreadField{Reason: unreadText(u.Unread), Streams: u.Streams}
		for _, id := range u.Operators {
			x.Operators = append(x.Operators, id.String())
		}
		f.Unread = append(f.Unread, x)
	}
	return f
}
