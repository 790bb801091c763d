package main

import (
	"github.com/weirstream/weir/checkpoint"
)

// The lines that verify writes for programs. docs/cli-json.md is their contract.
type (
	verifyLine struct {
		Type        string          `json:"message_type"` // "checkpoint"
		Path        string          `json:"path"`
		Job         *string         `json:"job"`
		Kind        string          `json:"kind"`
		ID          *checkpoint.ID  `json:"id"`
		State       string          `json:"state"`
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
		Path  string        `json:"path"`
		ID    checkpoint.ID `json:"id"`
		State string        `json:"state"`
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

func (c *check) line(intact *check) verifyLine {
	l := verifyLine{
		Type: "checkpoint", Path: c.shown, Kind: c.kind, State: c.state.word(), Sealed: c.sealed,
		Files: c.files, Bytes: c.bytes, Findings: []findingField{},
		Strangers: append([]string{}, c.strangers...), Outside: append([]string{}, c.outside...),
	}
	if c.job != nil {
		l.Job = new(c.job.String())
	}
	if c.id > 0 {
		l.ID = &c.id
	}
	if c.incarnation > 0 {
		l.Incarnation = new(int64(c.incarnation))
	}
	for _, f := range c.findings {
		x := findingField{File: f.File, What: f.What, Problem: f.Problem}
		if f.What != "" && f.Subtask >= 0 {
			x.Subtask = new(int(f.Subtask))
		}
		if f.Block >= 0 {
			x.Block, x.Offset = new(f.Block), new(f.Offset)
		}
		if f.place != nil {
			x.locate(f.place)
		}
		l.Findings = append(l.Findings, x)
	}
	if s := c.structure; s != nil {
		l.Structure = s.field()
	}
	if c.failure != nil {
		l.Failure = c.failure.Error()
	}
	if intact != nil {
		l.Intact = &intactField{intact.shown, intact.id, intact.state.word()}
	}
	return l
}

// locate says where in the state it is.
func (f *findingField) locate(b *broken) {
	f.State = b.state
	if b.group >= 0 {
		f.KeyGroup = &b.group
	}
	if b.entry >= 0 {
		f.Entry = &b.entry
	}
	if b.offset >= 0 {
		f.Offset = &b.offset
	}
}

// summarize counts. What was deleted meanwhile is not counted.
func summarize(done []*check) summaryLine {
	s := summaryLine{Type: "summary"}
	for _, c := range done {
		s.Checkpoints++
		switch c.state {
		case verified:
			s.Verified++
		case whole:
			s.Whole++
		case damaged:
			s.Damaged++
		case incomplete:
			s.Incomplete++
		case unreadable:
			s.Unreadable++
		default:
			s.Checkpoints--
		}
	}
	return s
}

func (s *structure) field() *structureField {
	f := &structureField{Streams: s.streams, Parsed: s.parsed, Entries: s.entries, Unread: []unreadField{}}
	for _, u := range s.unread {
		x := unreadField{Reason: u.why, Streams: u.streams}
		for _, id := range u.operators {
			x.Operators = append(x.Operators, id.String())
		}
		f.Unread = append(f.Unread, x)
	}
	return f
}
