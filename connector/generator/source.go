package generator

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/weirstream/weir"
)

// Source is a source of f(0), f(1) and so on up to f(n-1), or without an end if n is
// negative. f must return the same record for the same index each time, and several
// goroutines call it if there are several splits. If n is raised, a restored job reads on
// after the records that it has read.
func Source[T any](n int64, f func(i int64) T, opts ...Option) weir.Source[T] {
	s := source[T]{n: n, f: f, options: options{splits: 1}}
	for _, o := range opts {
		o(&s.options)
	}
	return s
}

type source[T any] struct {
	n       int64 // negative: no end
	f       func(i int64) T
	options options
}

// Bounded is false if there is no end.
func (s source[T]) Bounded() bool { return s.n >= 0 }

// Splits lists the splits: "0", "1" and so on.
func (s source[T]) Splits(context.Context) ([]string, error) {
	if s.options.splits < 1 {
		return nil, weir.Permanent(fmt.Errorf("%d splits: want at least 1", s.options.splits))
	}
	ids := make([]string, s.options.splits)
	for j := range ids {
		ids[j] = strconv.Itoa(j)
	}
	return ids, nil
}

// Open begins a split at its position.
func (s source[T]) Open(_ context.Context, split weir.Split) (weir.Reader[T], error) {
	j, err := strconv.Atoi(split.ID)
	if err != nil || j < 0 || j >= s.options.splits || strconv.Itoa(j) != split.ID {
		return nil, weir.Permanent(fmt.Errorf("there is no split %q of %d", split.ID, s.options.splits))
	}
	r := &reader[T]{source: s, next: int64(j)}
	if split.Position == nil {
		return r, nil
	}
	at, err := decodePosition(split.Position)
	if err != nil {
		return nil, weir.Permanent(err)
	}
	step := int64(s.options.splits)
	switch {
	case at.splits != step:
		return nil, weir.Permanent(fmt.Errorf("the checkpoint was taken with %d splits, and there are %d now, which have other records", at.splits, step))
	case at.next%step != int64(j):
		return nil, weir.Permanent(fmt.Errorf("index %d does not belong to split %d of %d", at.next, j, step))
	case s.n >= 0 && at.next-step >= s.n:
		return nil, weir.Permanent(fmt.Errorf("record %d has been read, and there are only %d records now", at.next-step, s.n))
	}
	r.next = at.next
	return r, nil
}

type reader[T any] struct {
	source source[T]
	next   int64
}

func (r *reader[T]) Read(_ context.Context, records []T) (n int, err error) {
	for ; n < len(records); n++ {
		if r.source.n >= 0 && r.next >= r.source.n {
			return n, io.EOF
		}
		records[n] = r.source.f(r.next)
		r.next += int64(r.source.options.splits)
	}
	return n, nil
}

func (r *reader[T]) Position() []byte {
	return position{next: r.next, splits: int64(r.source.options.splits)}.encode()
}

func (r *reader[T]) Close() error { return nil }
