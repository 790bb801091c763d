package file

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
)

// LinesSink writes records to files in dir, each as a line that ends in "\n". Lines reads
// them back.
// A file is seen, whole and durable, when the checkpoint that its records belong to is
// complete. The folder is made if it is missing.
//
// What would not be read back as it is fails the job, permanently: a record with a newline
// in it, or with "\r" at its end, and a file that begins like one of another kind, as gzip
// data does. Lines reads a line of more than DefaultMaxLine bytes only if MaxLine says so.
func LinesSink(dir string) weir.Sink[string] {
	return LinesSinkOn(durable.OS(), filepath.ToSlash(dir))
}

// LinesSinkOn is LinesSink on another file system, with a slash-separated path.
func LinesSinkOn(fsys durable.FS, dir string) weir.Sink[string] {
	return newSink(fsys, dir, ".txt", func(to *parts) encoder[string] {
		to.begins = beginsAsText
		return func(record *string) error {
			if strings.IndexByte(*record, '\n') >= 0 {
				return weir.Permanent(errors.New("the record has a newline in it: it would be read back as two"))
			}
			if strings.HasSuffix(*record, "\r") {
				return weir.Permanent(errors.New(`the record ends in "\r": it would be read back without that`))
			}
			if _, err := to.WriteString(*record); err != nil {
				return err
			}
			_, err := to.WriteString("\n")
			return err
		}
	})
}

// beginsAsText makes sure that a file which begins with first, or is no longer than that, is
// read back as lines: Lines tells from the first bytes what a file is.
func beginsAsText(first []byte) error {
	first = first[:min(len(first), whatFirstSays)]
	switch kind, m := tell(first, true); {
	case kind == refused:
		return misread(first, m.name)
	case kind != text:
		return misread(first, kind.String()+" data")
	case bytes.HasPrefix(first, []byte(bom)):
		return misread(first, "text after a byte order mark, which is no part of its first record")
	}
	return nil
}

func misread(first []byte, what string) error {
	return weir.Permanent(fmt.Errorf("a file that begins with the record %.20q would be read back as %s", first, what))
}
