package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"time"

	"github.com/weirstream/weir"
)

// A reading is a reader of one split, watched.
type reading[T any] struct {
	test   *sourceTest[T]
	reader weir.Reader[T]
	split  string
}

// A step is what one Read has given, and the position after it.
type step[T any] struct {
	records  []T
	position []byte // the reader's own slice
	was      []byte // what was in it
	end      bool
}

// open opens a split. The reader has a position of its own.
func (s *sourceTest[T]) open(src weir.Source[T], id string, position []byte) (*reading[T], error) {
	var r weir.Reader[T]
	err := soon("Open", s.patience, func() (err error) {
		r, err = src.Open(context.Background(), weir.Split{ID: id, Position: bytes.Clone(position)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open split %q at position %s: %w", id, shown(position), err)
	}
	return &reading[T]{test: s, reader: r, split: id}, nil
}

// shown is a position for people.
func shown(position []byte) string {
	if position == nil {
		return "nil"
	}
	return fmt.Sprintf("%#x", position)
}

// read calls Read once.
func (r *reading[T]) read(ctx context.Context, batch int) (st step[T], err error) {
	records := make([]T, batch)
	n := 0
	err = soon("Read", r.test.patience, func() (err error) {
		n, err = r.reader.Read(ctx, records)
		return err
	})
	if n < 0 || n > batch {
		return st, verdict{fmt.Errorf("split %q: Read says that it filled %d of %d records", r.split, n, batch)}
	}
	st.records = records[:n]
	st.position = r.reader.Position()
	st.was = bytes.Clone(st.position)
	if again := r.reader.Position(); !bytes.Equal(again, st.was) {
		return st, verdict{fmt.Errorf("split %q: Position says %s, and %s when it is asked again", r.split, shown(st.was), shown(again))}
	}
	if errors.Is(err, io.EOF) {
		st.end, err = true, nil
	}
	if err != nil {
		return st, fmt.Errorf("read split %q: %w", r.split, err)
	}
	return st, nil
}

// until reads in batches until n records are there, or the split has ended. each is shown
// every step as it comes.
func (r *reading[T]) until(n, batch int, each func(step[T]) error) (steps []step[T], err error) {
	got := 0
	last := time.Now()
	for got < n {
		st, err := r.read(context.Background(), batch)
		if err != nil {
			return steps, err
		}
		if each != nil {
			if err := each(st); err != nil {
				return steps, err
			}
		}
		steps = append(steps, st)
		got += len(st.records)
		switch {
		case st.end:
			return steps, nil
		case len(st.records) > 0:
			last = time.Now()
		case time.Since(last) <= r.test.patience:
			runtime.Gosched()
		default:
			return steps, fmt.Errorf("split %q: %d records came and then none for %v", r.split, got, r.test.patience)
		}
	}
	return steps, nil
}

// everything is how many records to ask for so that all of a split are read: a bounded one
// to its end, an unbounded one until all that is there has come.
func (s *sourceTest[T]) everything(src weir.Source[T], left int) int {
	if src.Bounded() {
		return left + 1 // one more than there is: that it ends is to be seen
	}
	return left
}

// follow reads what follows a position and holds it against want, as it comes: all of it,
// or what comes first if limit is less.
func (s *sourceTest[T]) follow(src weir.Source[T], id string, position []byte, want []T, batch, limit int) error {
	r, err := s.open(src, id, position)
	if err != nil {
		return err
	}
	defer r.reader.Close()
	n := limit
	if limit >= len(want) {
		n = s.everything(src, len(want))
	}
	got := 0
	_, err = r.until(n, batch, func(st step[T]) error {
		err := sameAt(got, st.records, want[min(got, len(want)):])
		got += len(st.records)
		return err
	})
	if err == nil && got < min(limit, len(want)) {
		err = fmt.Errorf("it ends after %d records, want %d", got, len(want))
	}
	if err != nil {
		return fmt.Errorf("split %q from position %s, in batches of %d: %w", id, shown(position), batch, err)
	}
	return nil
}

func recordsOf[T any](steps []step[T]) (records []T) {
	for _, st := range steps {
		records = append(records, st.records...)
	}
	return records
}

// same says where two sequences of records differ.
func same[T any](got, want []T) error {
	if err := sameAt(0, got, want); err != nil {
		return err
	}
	if len(got) < len(want) {
		return fmt.Errorf("%d records, want %d", len(got), len(want))
	}
	return nil
}

// sameAt says where got, of which the first is record number at, is not how want begins.
func sameAt[T any](at int, got, want []T) error {
	for i, g := range got {
		if i >= len(want) {
			return fmt.Errorf("record %d is %s, and there are to be %d only", at+i, text(g), at+len(want))
		}
		if !reflect.DeepEqual(g, want[i]) {
			return fmt.Errorf("record %d is %s, want %s", at+i, text(g), text(want[i]))
		}
	}
	return nil
}

// text is a record for people.
func text(record any) string {
	switch r := record.(type) {
	case []byte:
		return fmt.Sprintf("%.200q", r)
	case string:
		return fmt.Sprintf("%.200q", r)
	}
	return fmt.Sprintf("%.200s", fmt.Sprintf("%+v", record))
}

// ids are the splits, sorted.
func (s *sourceTest[T]) ids() []string { return slices.Sorted(maps.Keys(s.Want)) }
