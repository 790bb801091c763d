package keyed

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// An IncompatibleError says that a checkpoint does not fit the job, which was changed in a
// way that its state cannot follow.
type IncompatibleError struct {
	From string // the state file, or that it is inline
	What string // the key, or the state
	Err  error
}

func (e *IncompatibleError) Error() string {
	return fmt.Sprintf("the checkpoint does not fit the job: %s (in %s): %v", e.What, e.From, e.Err)
}

func (e *IncompatibleError) Unwrap() error { return e.Err }

// Permanent reports that a restart does not help.
func (e *IncompatibleError) Permanent() bool { return true }

// Restore fills the declared states from what subtasks wrote, at whatever parallelism:
// of each part it takes the key groups that are its own. A state in a part that is not
// declared is an error, unless allowNonRestored is set, which drops it.
func (b *Backend[K]) Restore(parts []flow.KeyedPart, allowNonRestored bool) error {
	defer b.Current.End() // each key was the current one when its entries were put in
	for _, p := range parts {
		if b.keyGroups.Intersect(p.Range).Len() == 0 {
			continue
		}
		if err := b.restorePart(p, allowNonRestored); err != nil {
			return err
		}
	}
	return nil
}

func (b *Backend[K]) restorePart(p flow.KeyedPart, allowNonRestored bool) error {
	end := blockEnds(p)
	head, err := readBlock(p, 0, end(0), nil)
	if err != nil {
		return err
	}
	c := flink.NewCursor(head)
	header := flink.DecodeKeyedHeader(c)
	if err := c.Err(); err != nil {
		return fmt.Errorf("%s: header: %w", p.From, err)
	}
	if header.Compressed {
		return &IncompatibleError{From: p.From, What: "keyed state", Err: errors.New("it is compressed, which is not restored yet: take the checkpoint without snapshot compression")}
	}
	if err := codec.SameKey(b.codec, header.Key); err != nil {
		return &IncompatibleError{From: p.From, What: "the type of the key", Err: err}
	}
	readers, err := b.readers(header, p.From, allowNonRestored)
	if err != nil {
		return err
	}
	mine := b.keyGroups.Intersect(p.Range)
	var buf []byte
	for g := mine.Start; g <= mine.End; g++ {
		off := p.Offsets[g-p.Range.Start]
		if buf, err = readBlock(p, off, end(off), buf); err != nil {
			return err
		}
		if err := restoreGroup(checkpoint.KeyGroup(g), header, readers, buf); err != nil {
			return fmt.Errorf("%s: key group %d, at offset %d: %w", p.From, g, off, err)
		}
	}
	return nil
}

// readers returns what reads the entries of each state in a header.
func (b *Backend[K]) readers(header *flink.KeyedHeader, from string, allowNonRestored bool) ([]entryReader, error) {
	readers := make([]entryReader, len(header.States))
	for i := range header.States {
		was := &header.States[i]
		incompatible := func(err error) error {
			return &IncompatibleError{From: from, What: fmt.Sprintf("state %q", was.Name), Err: err}
		}
		for _, s := range b.states {
			if s.describe().Name != was.Name {
				continue
			}
			r, err := s.reader(was, nanRule{allowNonRestored})
			if err != nil {
				return nil, incompatible(err)
			}
			readers[i] = r
		}
		if readers[i] != nil {
			continue
		}
		if !allowNonRestored {
			return nil, incompatible(errors.New(
				"the job does not declare it any more: declare it, or, to drop what it holds, set Options.AllowNonRestoredState"))
		}
		if was.Kind != flink.KindKeyValue && was.Kind != flink.KindPriorityQueue {
			return nil, incompatible(fmt.Errorf("it is a %s, which cannot be read, and so not be dropped either", was.Kind))
		}
		readers[i] = dropper{header.Key, was}
	}
	return readers, nil
}

// A dropper reads over the entries of a state that is not declared.
type dropper struct {
	key   flink.Serializer
	state *flink.StateMeta
}

func (dropper) reserve(checkpoint.KeyGroup, int) {}

func (d dropper) read(_ checkpoint.KeyGroup, src []byte) (int, error) {
	c := flink.NewCursor(src)
	if d.state.Kind == flink.KindKeyValue {
		d.state.Namespace().Decode(c)
		d.key.Decode(c)
	}
	d.state.Value().Decode(c)
	return c.Offset(), c.Err()
}

// A nanRule says what becomes of a key of a checkpoint that is NaN, or has one in it.
// Flink has such keys. Here what is kept under one could never be found again, nor could
// a table find where its index points to it; so KeyBy refuses them, as does a restore.
type nanRule struct{ drop bool }

func dropsKey[K comparable](r nanRule, key K, g checkpoint.KeyGroup) (drop bool, err error) {
	if key == key {
		return false, nil
	}
	if r.drop {
		return true, nil
	}
	return false, &IncompatibleError{From: fmt.Sprintf("key group %d", g), What: fmt.Sprintf("key %v", key), Err: errors.New(
		"it is NaN, or has one in it: what is kept under it could never be found again; to drop such keys, set Options.AllowNonRestoredState")}
}

// restoreGroup decodes the block of one key group.
func restoreGroup(g checkpoint.KeyGroup, header *flink.KeyedHeader, readers []entryReader, block []byte) error {
	c := flink.NewCursor(block)
	flink.DecodeKeyGroup(c, g)
	seen := make([]bool, len(header.States))
	for range header.States {
		sb := header.DecodeStateBlock(c)
		if err := c.Err(); err != nil {
			return err
		}
		if seen[sb.State] {
			c.Failf("state %q comes twice", header.States[sb.State].Name)
			return c.Err()
		}
		seen[sb.State] = true
		r := readers[sb.State]
		// Never more than the bytes that are left can fill: an entry takes two at least.
		r.reserve(g, min(sb.Entries, c.Remaining()/2))
		for range sb.Entries {
			at := c.Offset()
			n, err := r.read(g, block[at:])
			if err != nil {
				return fmt.Errorf("state %q, entry at byte %d: %w", header.States[sb.State].Name, at, err)
			}
			c.Bytes(n)
		}
	}
	if c.Err() == nil && c.Remaining() > 0 {
		c.Failf("%d bytes after the last entry", c.Remaining())
	}
	return c.Err()
}

// blockEnds returns a function from the offset at which a block begins to that at which it
// ends: where the next one begins, or the file ends.
func blockEnds(p flow.KeyedPart) func(off int64) int64 {
	sorted := slices.Sorted(slices.Values(p.Offsets))
	return func(off int64) int64 {
		i, _ := slices.BinarySearch(sorted, off+1)
		if i == len(sorted) {
			return p.Size
		}
		return min(sorted[i], p.Size)
	}
}

// readBlock reads the bytes from off to end into buf, or into a new slice if that is too
// small.
func readBlock(p flow.KeyedPart, off, end int64, buf []byte) ([]byte, error) {
	n := end - off
	if off < 0 || n < 0 || end > p.Size || n > math.MaxInt {
		return nil, fmt.Errorf("%s: a key group at offset %d, but there are %d bytes", p.From, off, p.Size)
	}
	if int64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if m, err := p.Data.ReadAt(buf, off); err != nil && !(err == io.EOF && int64(m) == n) {
		return nil, fmt.Errorf("%s: read %d bytes at offset %d: %w", p.From, n, off, err)
	}
	return buf, nil
}
