package main

import (
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

// An lsLine is a checkpoint, or what is left of one, for programs.
type lsLine struct {
	Type    string          `json:"message_type"`
	Path    string          `json:"path"`
	Job     *string         `json:"job"`
	JobName string          `json:"job_name,omitempty"`
	Kind    inspect.Kind    `json:"kind"`
	ID      *checkpoint.ID  `json:"id"`
	Time    *time.Time      `json:"time"`
	Files   int             `json:"files"`
	Bytes   int64           `json:"bytes"`
	Outside int             `json:"outside"`
	Sealed  *bool           `json:"sealed"`
	State   inspect.Verdict `json:"state"`
	Reason  string          `json:"reason,omitempty"`
	Restart bool            `json:"restart"`
}

func (t *tool) lsJSON(groups []inspect.Group) error {
	for _, group := range groups {
		for _, rep := range group.Reports {
			if err := writeJSON(t.out, lsLineOf(rep)); err != nil {
				return err
			}
		}
	}
	return nil
}

func lsLineOf(rep *inspect.Report) lsLine {
	l := lsLine{
		Type: "checkpoint", Path: rep.Shown, Job: idText(rep.Job), JobName: rep.JobName, Kind: rep.Kind, Files: rep.DirFiles, Bytes: rep.DirBytes,
		Outside: len(rep.Outside), Sealed: rep.Sealed, State: rep.Verdict, Reason: rep.Reason(), Restart: rep.Restart,
	}
	if rep.ID > 0 {
		l.ID = &rep.ID
	}
	if rep.Unix != 0 {
		l.Time = new(time.Unix(rep.Unix, 0).UTC())
	}
	return l
}

// idText returns the id of a job for programs, nil if it is not known.
func idText(id *checkpoint.JobID) *string {
	if id == nil {
		return nil
	}
	return new(id.String())
}
