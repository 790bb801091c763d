package main

import (
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

// A copyLine is a copy that was made, for programs.
type copyLine struct {
	Type        string        `json:"message_type"` // "copy"
	Path        string        `json:"path"`
	Source      string        `json:"source"`
	Job         string        `json:"job"`
	ID          checkpoint.ID `json:"id"`
	Incarnation int64         `json:"incarnation"`
	Resealed    bool          `json:"resealed"`
	Files       int           `json:"files"`
	Bytes       int64         `json:"bytes"`
	Strangers   []string      `json:"strangers"`
}

func (c *copied) line(from inspect.Place, to string) copyLine {
	return copyLine{
		Type: "copy", Path: to, Source: from.Shown,
		Job: c.Identity.Job.String(), ID: c.Identity.ID, Incarnation: int64(c.Identity.Incarnation),
		Resealed: c.Resealed, Files: c.Files, Bytes: c.Bytes, Strangers: append([]string{}, c.Strangers...),
	}
}
