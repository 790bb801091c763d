package connectortest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/weirstream/weir"
)

// impossible: what cannot be a position of the split's is refused, permanently. A changed
// position may by chance be another one of the split's: then it leads to records of it,
// whole, up to the end.
func (s *sourceTest[T]) impossible() error {
	for _, id := range s.ids() {
		refused := append([][]byte{bytes.Repeat([]byte{0xff}, 64)}, s.Refused...)
		for _, p := range refused {
			n, err := s.refuses(id, p)
			if err != nil {
				return err
			}
			if n >= 0 {
				return fmt.Errorf("split %q: position %s, which it cannot have made, is accepted, and %d records come", id, shown(p), n)
			}
		}
		seen, err := s.somePositions(id)
		if err != nil {
			return err
		}
		tried := [][]byte{{}}
		for _, p := range seen {
			tried = append(tried, changed(p)...)
		}
		for _, p := range tried {
			if _, err := s.refuses(id, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// somePositions are the first, a middle and the last position of a split.
func (s *sourceTest[T]) somePositions(id string) ([][]byte, error) {
	src := s.New()
	r, err := s.open(src, id, nil)
	if err != nil {
		return nil, err
	}
	defer r.reader.Close()
	steps, err := r.until(s.everything(src, len(s.Want[id])), 2, nil)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	return [][]byte{steps[0].was, steps[len(steps)/2].was, steps[len(steps)-1].was}, nil
}

// changed are positions that are nearly p.
func changed(p []byte) (all [][]byte) {
	if len(p) > 0 {
		all = append(all, p[:len(p)-1], p[1:], p[:len(p)/2])
	}
	for _, more := range []byte{0, 1, 0xff} {
		all = append(all, append(bytes.Clone(p), more))
	}
	for i := range min(len(p), 64) {
		for _, flip := range []byte{0x01, 0x40, 0x80, 0xff} {
			q := bytes.Clone(p)
			q[i] ^= flip
			all = append(all, q)
		}
	}
	return all
}

// refuses returns how many records follow an impossible position, -1 if it is refused. It
// is an error if they are not the last ones of the split, or if the refusal would be
// tried again.
func (s *sourceTest[T]) refuses(id string, position []byte) (records int, err error) {
	src := s.New()
	var got []T
	r, err := s.open(src, id, position)
	if err == nil {
		defer r.reader.Close()
		var st step[T]
		for err == nil && !st.end && len(got) <= len(s.Want[id]) {
			st, err = r.read(context.Background(), 7)
			got = append(got, st.records...)
			if len(st.records) == 0 && !src.Bounded() {
				break // nothing is there now, and there is no end to wait for
			}
		}
	}
	if isVerdict(err) {
		return -1, err
	}
	if err != nil {
		if !weir.IsPermanent(err) {
			return -1, fmt.Errorf("position %s, which it cannot have made, is refused as if it might do next time: want a permanent error, got %w", shown(position), err)
		}
		return -1, nil
	}
	return len(got), s.isRest(id, position, got)
}

// isRest makes sure that got is how the split ends.
func (s *sourceTest[T]) isRest(id string, position []byte, got []T) error {
	want := s.Want[id]
	if len(got) > len(want) {
		return fmt.Errorf("split %q has %d records, and from position %s come %d", id, len(want), shown(position), len(got))
	}
	if err := same(got, want[len(want)-len(got):]); err != nil {
		return fmt.Errorf("split %q: from position %s, which it cannot have made, comes what is not its end: %w", id, shown(position), err)
	}
	return nil
}
