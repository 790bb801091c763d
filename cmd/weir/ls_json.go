package main

import (
	"time"

	"github.com/weirstream/weir/checkpoint"
)

// An lsLine is a checkpoint, or what is left of one, for programs.
type lsLine struct {
	Type    string         `json:"message_type"`
	Path    string         `json:"path"`
	Job     *string        `json:"job"`
	Kind    string         `json:"kind"`
	ID      *checkpoint.ID `json:"id"`
	Time    *time.Time     `json:"time"`
	Files   int            `json:"files"`
	Bytes   int64          `json:"bytes"`
	Outside int            `json:"outside"`
	Sealed  *bool          `json:"sealed"`
	State   string         `json:"state"`
	Reason  string         `json:"reason,omitempty"`
	Restart bool           `json:"restart"`
}

func (t *tool) lsJSON(groups []lsGroup) error {
	for _, group := range groups {
		for _, g := range group.rows {
			if err := writeJSON(t.out, g.line()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *glance) line() lsLine {
	l := lsLine{
		Type: "checkpoint", Path: g.shown, Kind: g.kind, Files: g.files, Bytes: g.bytes, Outside: g.outside,
		Sealed: g.sealed, State: g.state.word(), Reason: g.reason, Restart: g.restart,
	}
	if g.job != nil {
		l.Job = new(g.job.String())
	}
	if g.id > 0 {
		l.ID = &g.id
	}
	if g.unix != 0 {
		l.Time = new(time.Unix(g.unix, 0).UTC())
	}
	return l
}
