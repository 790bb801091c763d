package main

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/weirstream/weir/internal/inspect"
)

// writeJSON writes v as one line. docs/cli-json.md says what the lines are.
func writeJSON(w io.Writer, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	line := bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	_, err := w.Write(append(escapeJSON(line), '\n'))
	return err
}

// escapeJSON escapes what a reader would not see, or a terminal would obey, even in JSON.
// Such characters are inside of strings, where an escape means the same.
func escapeJSON(line []byte) []byte {
	if !bytes.ContainsFunc(line, inspect.Hidden) {
		return line
	}
	var out []byte
	for _, r := range string(line) {
		if inspect.Hidden(r) {
			out = inspect.AppendEscape(out, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
