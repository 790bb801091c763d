package main

import (
	"time"

	"github.com/weirstream/weir/durable/probe"
)

// The lines that doctor writes for programs. docs/cli-json.md is their contract.
type (
	mountLine struct {
		Type string `json:"message_type"` // "mount"
		Path string `json:"path"`
		mountField
		Limits []limitField `json:"limits"`
	}

	mountField struct {
		Point      string      `json:"point"`
		FileSystem string      `json:"file_system"`
		Source     string      `json:"source"`
		Options    []string    `json:"options"`
		Journal    string      `json:"journal"`
		FastCommit string      `json:"fast_commit"`
		Upper      *mountField `json:"upper"`
	}

	limitField struct {
		Severity string `json:"severity"`
		Reason   string `json:"reason"`
	}

	spaceLine struct {
		Type        string `json:"message_type"` // "space"
		FreeBytes   int64  `json:"free_bytes"`
		TotalBytes  int64  `json:"total_bytes"`
		FreeInodes  *int64 `json:"free_inodes"`
		TotalInodes *int64 `json:"total_inodes"`
	}

	trialLine struct {
		Type    string `json:"message_type"` // "trial"
		Name    string `json:"name"`
		Outcome string `json:"outcome"`
		Reason  string `json:"reason,omitempty"`
	}

	costLine struct {
		Type         string `json:"message_type"` // "cost"
		What         string `json:"what"`
		Files        *int   `json:"files"`
		Runs         int    `json:"runs"`
		MedianMicros int64  `json:"median_us"`
		WorstMicros  int64  `json:"worst_us"`
	}

	doctorSummary struct {
		Type     string  `json:"message_type"` // "summary"
		Verdict  verdict `json:"verdict"`
		ExitCode int     `json:"exit_code"`
	}
)

func (d *doctor) json() error {
	mount := mountLine{Type: "mount", Path: d.shown, mountField: fieldOf(d.mount), Limits: []limitField{}}
	for _, l := range d.mount.Limits() {
		mount.Limits = append(mount.Limits, limitField{l.Severity.String(), l.Sentence})
	}
	lines := []any{mount}
	if s := d.space; s != nil {
		l := spaceLine{Type: "space", FreeBytes: s.FreeBytes, TotalBytes: s.TotalBytes}
		if s.TotalInodes > 0 {
			l.FreeInodes, l.TotalInodes = &s.FreeInodes, &s.TotalInodes
		}
		lines = append(lines, l)
	}
	for _, t := range d.trials {
		lines = append(lines, trialLine{"trial", t.Name, t.Outcome.String(), t.Detail})
	}
	for _, c := range d.costs {
		l := costLine{"cost", c.what, nil, c.runs, int64(c.median / time.Microsecond), int64(c.worst / time.Microsecond)}
		if c.files > 0 {
			l.Files = new(c.files)
		}
		lines = append(lines, l)
	}
	sum := doctorSummary{"summary", d.verdict(), exitGood}
	if sum.Verdict == cannotHold {
		sum.ExitCode = exitDamaged
	}
	for _, l := range append(lines, sum) {
		if err := writeJSON(d.t.out, l); err != nil {
			return err
		}
	}
	return nil
}

func fieldOf(m probe.Mount) mountField {
	f := mountField{
		Point: m.Point, FileSystem: m.Type, Source: m.Source, Options: append([]string{}, m.Options...),
		Journal: m.Journal.String(), FastCommit: m.FastCommit.String(),
	}
	if m.Upper != nil {
		f.Upper = new(fieldOf(*m.Upper))
	}
	return f
}
