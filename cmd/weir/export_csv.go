package main

import (
	"encoding/csv"
	"io"

	"github.com/weirstream/weir/internal/inspect"
)

// csvEntries writes a line of comma-separated values for each entry.
type csvEntries struct {
	w       *csv.Writer
	columns *inspect.Columns
}

func newCSVEntries(w io.Writer, c *inspect.Checkpoint) csvEntries {
	return csvEntries{csv.NewWriter(w), c.Columns()}
}

func (c csvEntries) begin() error { return c.w.Write(c.columns.Heads()) }

func (c csvEntries) entry(h *inspect.Handle, e *inspect.Entry) error {
	row, err := c.columns.Row(h, e)
	if err != nil {
		return err
	}
	return c.w.Write(row)
}

func (c csvEntries) end() error {
	c.w.Flush()
	return c.w.Error()
}
