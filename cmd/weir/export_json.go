package main

import "io"

// jsonEntries writes an entryLine for each entry, as inspect does.
type jsonEntries struct{ w io.Writer }

func (j jsonEntries) begin() error                   { return nil }
func (j jsonEntries) entry(h *handle, e entry) error { return writeJSON(j.w, e.line(h)) }
func (j jsonEntries) end() error                     { return nil }

// An exportLine says what has been written into a file.
type exportLine struct {
	Type    string `json:"message_type"` // "summary"
	File    string `json:"file"`
	Entries int64  `json:"entries"`
}

// sayWhere says what was written into a file.
func (x *exporting) sayWhere(o exportOptions) error {
	if o.asJSON {
		return writeJSON(x.t.out, exportLine{"summary", o.file, x.entries})
	}
	x.t.out.printf("%s: %s\n", printable(o.file), entryCount(x.entries))
	return nil
}
