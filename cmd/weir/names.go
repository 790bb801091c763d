package main

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

// jobInSentence names a job in the middle of a sentence: by its name, if that is known, and by
// its id, which its directory is called.
func jobInSentence(name string, id checkpoint.JobID) string {
	if name == "" {
		return "job " + id.String()
	}
	return fmt.Sprintf("job %s (%v)", inspect.Quoted(name), id)
}

// operatorHead returns the heading of what is shown of an operator.
func (t *terminal) operatorHead(l inspect.Label, id checkpoint.OperatorID) string {
	name := l.Best()
	if name == "" {
		return t.tinted(bold, "operator "+id.String()) + "  (name not known)"
	}
	head := t.tinted(bold, "operator "+inspect.Quoted(name))
	if l.Kind != "" {
		head += " (" + inspect.Name(l.Kind) + ")"
	}
	switch {
	case l.UID == "":
		head += ", uid not known"
	case l.UID != name:
		head += ", uid " + inspect.Quoted(l.UID)
	}
	return head + "  " + id.String()
}

// jobCells returns the name and the id of a job for a table.
func jobCells(name string, id *checkpoint.JobID) (nameCell, idCell string) {
	nameCell, idCell = "-", "-"
	if name != "" {
		nameCell = inspect.Name(name)
	}
	if id != nil {
		idCell = id.String()
	}
	return nameCell, idCell
}

// jobColumns are the columns for jobCells. What is not known of any job is left out.
func jobColumns() []column {
	return []column{{head: "JOB", least: 8, order: 1, optional: true}, {head: "JOB ID", least: 7, optional: true}}
}
