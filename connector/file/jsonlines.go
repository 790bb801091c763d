package file

import (
	"encoding/json"
	"io"

	"github.com/weirstream/weir"
)

// JSONLines is a source of the records in a file, or in the files of a folder, that has
// one JSON value per line, decoded by the rules of encoding/json. Lines of nothing but
// white space hold no record. A line that is not one JSON value that fits T is
// malformed.
func JSONLines[T any](path string, opts ...Option) weir.Source[T] {
	return newSource(path, opts, format[T]{newDecoder: func(*options) decoder[T] { return newJSONDecoder[T]() }})
}

// A jsonDecoder decodes lines one at a time with one json.Decoder, whose buffers and
// tables are reused; json.Unmarshal makes new ones for each line.
type jsonDecoder[T any] struct {
	line lineFeed
	dec  *json.Decoder
	rest int64 // bytes of white space that dec still holds of the last line
}

// A lineFeed gives a decoder the line that was put into it and then io.EOF.
type lineFeed struct{ line []byte }

func (f *lineFeed) Read(p []byte) (int, error) {
	if len(f.line) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.line)
	f.line = f.line[n:]
	return n, nil
}

func newJSONDecoder[T any]() *jsonDecoder[T] {
	d := &jsonDecoder[T]{}
	d.reset()
	return d
}

func (d *jsonDecoder[T]) reset() {
	d.line.line, d.rest = nil, 0
	d.dec = json.NewDecoder(&d.line)
}

func (d *jsonDecoder[T]) batch(int) {}

// decode decodes into record, which need not be zero before.
func (d *jsonDecoder[T]) decode(line []byte, record *T) (bool, error) {
	var zero T
	*record = zero
	if blank(line) {
		return false, nil
	}
	d.line.line = line
	before := d.dec.InputOffset()
	err := d.dec.Decode(record)
	if err == nil {
		rest := line[d.dec.InputOffset()-before-d.rest:]
		if blank(rest) {
			d.rest = int64(len(rest) - len(d.line.line))
			return true, nil
		}
	}
	// A decoder does not go on after an error, and does not see what follows a value. The
	// judgement, and the words for it, are Unmarshal's.
	d.reset()
	*record = zero
	if err := json.Unmarshal(line, record); err != nil {
		*record = zero
		return false, err
	}
	return true, nil
}

// blank reports whether b is nothing but what JSON takes for white space.
func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
