package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
)

// JSONSink writes records to files in dir, each as a line of JSON by the rules of
// encoding/json, without escaping what is special in HTML. JSONLines reads them back.
// A file is seen, whole and durable, when the checkpoint that its records belong to is
// complete. The folder is made if it is missing.
//
// What JSON cannot hold fails the job, permanently, with the field's name: NaN, an
// infinite number, and a string that is not UTF-8 (encoding/json would replace its bytes).
// What a MarshalJSON method returns is written as it is. JSONLines reads a line of more
// than DefaultMaxLine bytes only if MaxLine says so.
func JSONSink[T any](dir string) weir.Sink[T] {
	return JSONSinkOn[T](durable.OS(), filepath.ToSlash(dir))
}

// JSONSinkOn is JSONSink on another file system, with a slash-separated path.
func JSONSinkOn[T any](fsys durable.FS, dir string) weir.Sink[T] {
	return newSink(fsys, dir, ".jsonl", func(to *parts) encoder[T] {
		line := &jsonLine[T]{to: to}
		enc := json.NewEncoder(line)
		enc.SetEscapeHTML(false)
		return func(record *T) error {
			line.record = record
			err := enc.Encode(record)
			if err == nil {
				return nil
			}
			// An error of the disk is not the record's: to has kept it, and it counts.
			return weir.Permanent(fmt.Errorf("encode record: %w", named(err, record)))
		}
	})
}

// named adds to an error which field of a record it is about, if that can be found out.
func named(err error, record any) error {
	var unsupported *json.UnsupportedValueError
	if errors.As(err, &unsupported) {
		if field, ok := find(record, notFinite); ok {
			return fmt.Errorf("field %s: %w", field, err)
		}
	}
	return err
}

// A jsonLine takes a record's line from encoding/json and holds it against the record.
type jsonLine[T any] struct {
	to     *parts
	record *T
}

// replaced is what encoding/json writes for a byte that is not UTF-8. It writes the
// character of that number, if a string has it, in UTF-8; the six letters can be in a line
// for other reasons.
var replaced = []byte(`\ufffd`)

func (l *jsonLine[T]) Write(line []byte) (int, error) {
	if bytes.Contains(line, replaced) {
		if field, ok := find(l.record, notUTF8); ok {
			return 0, fmt.Errorf("field %s: it is not UTF-8, and JSON cannot hold other bytes; keep it as []byte", field)
		}
	}
	return l.to.Write(line)
}
