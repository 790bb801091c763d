package main

import (
	"path"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

// The lines that prune writes for programs. docs/cli-json.md is their contract.
type (
	pruneLine struct {
		Type    string           `json:"message_type"` // "checkpoint"
		Path    string           `json:"path"`
		Job     *string          `json:"job"`
		JobName string           `json:"job_name,omitempty"`
		Kind    inspect.Kind     `json:"kind"`
		ID      checkpoint.ID    `json:"id"`
		State   *inspect.Verdict `json:"state"`
		Action  action           `json:"action"`
		Bytes   int64            `json:"bytes"`
		Reason  string           `json:"reason,omitempty"`
	}

	pruneSummary struct {
		Type     string `json:"message_type"` // "summary"
		DryRun   bool   `json:"dry_run"`
		Jobs     int    `json:"jobs"`
		Kept     int    `json:"kept"`
		Removed  int    `json:"removed"`
		Left     int    `json:"left"`
		Freed    int64  `json:"freed"`
		ExitCode int    `json:"exit_code"`
	}
)

func (p *prune) json() error {
	for _, j := range p.jobs {
		for _, r := range j.rows {
			if r.action == "" {
				continue // prune ended before it
			}
			if err := writeJSON(p.t.out, r.line(j)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *prunedRow) line(j *prunedJob) pruneLine {
	l := pruneLine{
		Type: "checkpoint", Path: path.Join(j.Shown, r.name.String()), Kind: inspect.KindOf(r.name.String()), ID: r.name.ID,
		Job: idText(j.ID), JobName: j.Name, Action: r.action, Bytes: r.bytes, Reason: r.why,
	}
	if r.state != inspect.NotJudged {
		l.State = &r.state
	}
	return l
}

// summary counts.
func (p *prune) summary() pruneSummary {
	s := pruneSummary{Type: "summary", DryRun: p.dryRun, Jobs: len(p.jobs)}
	for _, j := range p.jobs {
		for _, r := range j.rows {
			switch r.action {
			case kept:
				s.Kept++
			case deleted:
				s.Removed++
				s.Freed += r.bytes
			case left:
				s.Left++
			}
		}
	}
	return s
}

// end decides about the exit code: what was not done counts more than damage, which the next
// run finds again.
func (p *prune) end(gaps []error) error {
	s, bad := p.summary(), false
	for _, j := range p.jobs {
		if j.failure != nil {
			gaps = append(gaps, j.failure)
		}
		for _, r := range j.rows {
			bad = bad || r.action == left && r.state == inspect.Damaged
		}
	}
	switch {
	case len(gaps) > 0:
		s.ExitCode = exitFailed
	case bad:
		s.ExitCode = exitDamaged
	}
	if p.asJSON {
		if err := writeJSON(p.t.out, s); err != nil {
			return err
		}
	}
	return p.t.end(p.asJSON, gaps, s.ExitCode)
}
