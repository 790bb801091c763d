package main

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"
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

// escapeJSON escapes what a terminal would not show but obey, even in JSON. Such
// characters are inside of strings, where an escape means the same.
func escapeJSON(line []byte) []byte {
	safe := true
	for rest := line; len(rest) > 0 && safe; {
		r, n := utf8.DecodeRune(rest)
		safe, rest = !obeyed(r), rest[n:]
	}
	if safe {
		return line
	}
	var out []byte
	for _, r := range string(line) {
		if obeyed(r) {
			out = appendUnicodeEscape(out, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
