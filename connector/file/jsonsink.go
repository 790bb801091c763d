package file

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
)

// JSONSink writes records to files in dir, each as a line of JSON by the rules of
// encoding/json, without escaping what is special in HTML. JSONLines reads them back.
// A file is seen, whole and durable, when the checkpoint that its records belong to is
// complete. The folder is made if it is missing.
func JSONSink[T any](dir string) weir.Sink[T] {
	return JSONSinkOn[T](durable.OS(), filepath.ToSlash(dir))
}

// JSONSinkOn is JSONSink on another file system, with a slash-separated path.
func JSONSinkOn[T any](fsys durable.FS, dir string) weir.Sink[T] {
	return newSink(fsys, dir, ".jsonl", func(to *parts) encoder[T] {
		enc := json.NewEncoder(to)
		enc.SetEscapeHTML(false)
		return func(record *T) error {
			err := enc.Encode(record)
			if err != nil && to.err == nil {
				err = weir.Permanent(fmt.Errorf("encode record: %w", err))
			}
			return err
		}
	})
}
