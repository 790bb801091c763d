package file

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
)

// LinesSink writes records to files in dir, each as a line that ends in "\n". A record
// with a newline in it is an error, as it would be read back as two.
// A file is seen, whole and durable, when the checkpoint that its records belong to is
// complete. The folder is made if it is missing.
func LinesSink(dir string) weir.Sink[string] {
	return LinesSinkOn(durable.OS(), filepath.ToSlash(dir))
}

// LinesSinkOn is LinesSink on another file system, with a slash-separated path.
func LinesSinkOn(fsys durable.FS, dir string) weir.Sink[string] {
	return newSink(fsys, dir, ".txt", func(to *parts) encoder[string] {
		return func(record *string) error {
			if strings.IndexByte(*record, '\n') >= 0 {
				return weir.Permanent(errors.New("the record has a newline in it"))
			}
			if _, err := to.WriteString(*record); err != nil {
				return err
			}
			_, err := to.WriteString("\n")
			return err
		}
	})
}
