package file

import (
	"encoding"
	"encoding/csv"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/weirstream/weir"
)

// CSV is a source of the records in a file of comma-separated values, or in the files of a
// folder, by the rules of encoding/csv: fields may be quoted, and have commas, quotes and
// newlines in them then. Empty lines are no records.
//
// The first record of each file is a header that names the columns. T is a struct. A field
// gets the column that its tag names, as in `csv:"dep_delay"`, or the one of its own name;
// fields with the tag `csv:"-"`, and those that are not exported, get none, and columns
// without a field are passed over. A field without a column is an error, unless it is a
// pointer. Fields are strings, byte slices, numbers, bools, types that implement
// encoding.TextUnmarshaler, as time.Time does, and pointers to these, for which an empty
// cell is nil.
//
// A record that cannot be taken apart, that has more or fewer fields than the header, or
// whose cells do not fit T is malformed. A quote that is never closed makes one record of
// all that follows, up to MaxLine.
func CSV[T any](path string, opts ...Option) weir.Source[T] {
	columns, err := columnsOf(reflect.TypeFor[T]())
	return newSource(path, opts, format[T]{
		newDecoder: func(o *options) decoder[T] { return newCSVDecoder[T](o.comma, columns) },
		newCutter:  func(o *options) cutter { return &csvCutter{comma: byte(o.comma)} },
		headed:     true,
		check:      func(*options) error { return err },
	})
}

// A csvCutter finds the ends of records: newlines that are not within quotes. A quote in
// the wrong place is an error for encoding/csv, after which it goes on with the next line:
// so that is where the cutter has the record end.
type csvCutter struct {
	comma byte
	at    csvState
}

type csvState byte

const (
	fieldBegins csvState = iota
	inField
	inQuotes
	afterQuote  // that may have closed the field
	afterReturn // after that
	broken      // a quote was in the wrong place
)

func (c *csvCutter) begin() { c.at = fieldBegins }

func (c *csvCutter) end(b []byte) int {
	at := c.at
	for i, x := range b {
		switch {
		case at == inQuotes:
			if x == '"' {
				at = afterQuote
			}
		case x == '\n':
			return i + 1
		case at == broken:
		case x == '"':
			switch at {
			case fieldBegins, afterQuote:
				at = inQuotes
			default:
				at = broken
			}
		case at == afterReturn:
			at = broken
		case x == c.comma:
			at = fieldBegins
		case at != afterQuote:
			at = inField
		case x == '\r':
			at = afterReturn
		default:
			at = broken
		}
	}
	c.at = at
	return -1
}

// A csvDecoder makes structs of records. The first one that it gets is the header.
type csvDecoder[T any] struct {
	comma   rune
	line    lineFeed
	csv     *csv.Reader
	columns []column
	header  []string
	fields  []*column // of each column in the file; nil: none
}

func newCSVDecoder[T any](comma rune, columns []column) *csvDecoder[T] {
	d := &csvDecoder[T]{comma: comma, columns: columns}
	d.reset()
	return d
}

func (d *csvDecoder[T]) reset() {
	d.line.line = nil
	d.csv = csv.NewReader(&d.line)
	d.csv.Comma, d.csv.ReuseRecord, d.csv.FieldsPerRecord = d.comma, true, -1
}

func (d *csvDecoder[T]) batch(int) {}

// headless reports whether the next record is the header.
func (d *csvDecoder[T]) headless() bool { return d.header == nil }

func (d *csvDecoder[T]) decode(line []byte, record *T) (bool, error) {
	var zero T
	*record = zero
	if len(line) == 0 {
		return false, nil
	}
	cells, err := d.split(line)
	switch {
	case d.header == nil:
		if err == nil {
			err = d.learn(cells)
		}
		if err != nil {
			err = weir.Permanent(fmt.Errorf("the header: %w", err)) // without it there are no records
		}
		return false, err
	case err != nil:
		return false, err
	case len(cells) != len(d.header):
		return false, fmt.Errorf("the record has %d fields, and the header has %d", len(cells), len(d.header))
	}
	to := reflect.ValueOf(record).Elem()
	for i, c := range d.fields {
		if c == nil {
			continue
		}
		if err := c.set(to.FieldByIndex(c.index), cells[i]); err != nil {
			return false, fmt.Errorf("column %q: %w", d.header[i], err)
		}
	}
	return true, nil
}

// split takes a record apart.
func (d *csvDecoder[T]) split(line []byte) ([]string, error) {
	d.line.line = line
	before := d.csv.InputOffset()
	cells, err := d.csv.Read()
	var at *csv.ParseError
	switch {
	case errors.As(err, &at):
		err = fmt.Errorf("byte %d of a line of the record: %w", at.Column, at.Err)
	case err == nil && d.csv.InputOffset()-before != int64(len(line)):
		err = errors.New("the record is more than one")
	}
	if err != nil {
		d.reset() // of what the reader still holds
	}
	return cells, err
}

// learn finds the fields for the columns of a header.
func (d *csvDecoder[T]) learn(header []string) error {
	header = slices.Clone(header)
	fields := make([]*column, len(header))
	for i := range d.columns {
		c := &d.columns[i]
		at := slices.Index(header, c.name)
		switch {
		case at < 0 && c.optional:
			continue
		case at < 0:
			return fmt.Errorf("it has no column %q for the field %s: the columns are %q", c.name, c.field, header)
		case slices.Index(header[at+1:], c.name) >= 0:
			return fmt.Errorf("it has two columns %q", c.name)
		}
		fields[at] = c
	}
	d.header, d.fields = header, fields
	return nil
}

// A column is what a field of a struct is read from.
type column struct {
	name     string
	field    string
	index    []int // of the field
	optional bool
	set      setter
}

// A setter sets a field to what a cell says.
type setter func(to reflect.Value, cell string) error

// columnsOf are the columns that a struct is made of: its fields, and those of structs that
// are embedded in it.
func columnsOf(t reflect.Type) (columns []column, err error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("records of CSV are structs, and %v is none", t)
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, tagged := f.Tag.Lookup("csv")
		if name == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if f.Anonymous && !tagged && f.Type.Kind() == reflect.Struct {
			inner, err := columnsOf(f.Type)
			if err != nil {
				return nil, err
			}
			for _, c := range inner {
				c.index = append([]int{i}, c.index...)
				columns = append(columns, c)
			}
			continue
		}
		if name == "" {
			name = f.Name
		}
		set := setterOf(f.Type)
		if set == nil || !f.IsExported() {
			return nil, fmt.Errorf("the field %s of %v cannot be read from a cell of CSV: give it the tag `csv:\"-\"`, or its type %v a method UnmarshalText", f.Name, t, f.Type)
		}
		columns = append(columns, column{name: name, field: f.Name, index: []int{i}, optional: f.Type.Kind() == reflect.Pointer, set: set})
	}
	return columns, nil
}

// setterOf is nil if there is no setter for a type.
func setterOf(t reflect.Type) setter {
	bits := func() int { return t.Bits() }
	switch {
	case t.Kind() == reflect.Pointer:
		set := setterOf(t.Elem())
		if set == nil {
			return nil
		}
		return func(to reflect.Value, cell string) error {
			if cell == "" {
				return nil
			}
			to.Set(reflect.New(t.Elem()))
			return set(to.Elem(), cell)
		}
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return func(to reflect.Value, cell string) error {
			return to.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(cell))
		}
	case t.Kind() == reflect.String:
		return func(to reflect.Value, cell string) error { to.SetString(cell); return nil }
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return func(to reflect.Value, cell string) error { to.SetBytes([]byte(cell)); return nil }
	case t.Kind() == reflect.Bool:
		return func(to reflect.Value, cell string) error {
			b, err := strconv.ParseBool(cell)
			to.SetBool(b)
			return err
		}
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		return func(to reflect.Value, cell string) error {
			n, err := strconv.ParseInt(cell, 10, bits())
			to.SetInt(n)
			return err
		}
	case t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64:
		return func(to reflect.Value, cell string) error {
			n, err := strconv.ParseUint(cell, 10, bits())
			to.SetUint(n)
			return err
		}
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return func(to reflect.Value, cell string) error {
			x, err := strconv.ParseFloat(cell, bits())
			to.SetFloat(x)
			return err
		}
	}
	return nil
}
