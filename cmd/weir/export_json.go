package main

import (
	"io"

	"github.com/weirstream/weir/internal/inspect"
)

// jsonEntries writes an entryLine for each entry, as inspect does.
type jsonEntries struct{ w io.Writer }

func (j jsonEntries) begin() error { return nil }
func (j jsonEntries) end() error   { return nil }

func (j jsonEntries) entry(h *inspect.Handle, e *inspect.Entry) error {
	return writeJSON(j.w, entryLineOf(h, e))
}

// An exportLine says what has been written into a file.
type exportLine struct {
	Type    string `json:"message_type"` // "summary"
	File    string `json:"file"`
	Entries int64  `json:"entries"`
}

// sayWhere says what was written into a file.
func (t *tool) sayWhere(o exportOptions, entries int64) error {
	if o.asJSON {
		return writeJSON(t.out, exportLine{"summary", o.file, entries})
	}
	t.out.printf("%s: %s\n", printable(o.file), entryCount(entries))
	return nil
}
