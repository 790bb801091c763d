package main

import "github.com/weirstream/weir/checkpoint"

// A copyLine is a copy that was made, for programs.
type copyLine struct {
	Type        string        `json:"message_type"` // "copy"
	Path        string        `json:"path"`
	Source      string        `json:"source"`
	Job         string        `json:"job"`
	JobName     string        `json:"job_name,omitempty"`
	ID          checkpoint.ID `json:"id"`
	Incarnation int64         `json:"incarnation"`
	Resealed    bool          `json:"resealed"`
	Files       int           `json:"files"`
	Bytes       int64         `json:"bytes"`
	Strangers   []string      `json:"strangers"`
}

func (c *copied) line() copyLine {
	return copyLine{
		Type: "copy", Path: c.to, Source: c.from.Shown,
		Job: c.Identity.Job.String(), JobName: c.jobName, ID: c.Identity.ID, Incarnation: int64(c.Identity.Incarnation),
		Resealed: c.Resealed, Files: c.Files, Bytes: c.Bytes, Strangers: append([]string{}, c.Strangers...),
	}
}
