package weir

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// A Source is where records come from. It is a set of splits (files, partitions,
// ranges), each of which is read in order from a position. Weir keeps the position of
// every split in the checkpoints and reads on from there after a restart; so a source
// must be able to replay: a split that is opened at a position must give the records
// that followed it the first time, byte for byte, for as long as a checkpoint may refer
// to it.
//
// A Source is used by several goroutines at once. It must not keep state of its own.
type Source[T any] interface {
	// Splits lists the ids of the splits there are now. An id is the identity of a
	// split across restarts; it must not be empty. Order and number may change.
	Splits(ctx context.Context) ([]string, error)

	// Bounded tells whether reading ends: true if every split ends and no new ones are
	// to be expected. The job then ends with a final checkpoint. If false, Splits is
	// asked again from time to time.
	Bounded() bool

	// Open opens a split at its position.
	Open(ctx context.Context, split Split) (Reader[T], error)
}

// A Split names a part of a source and where in it to read on.
type Split struct {
	ID string
	// Position is what Reader.Position returned, or nil for the beginning.
	Position []byte
}

// A Reader reads one split. One goroutine uses it.
type Reader[T any] interface {
	// Read fills records from the front with what comes next and returns how many it
	// filled. It may wait a moment (say, 100 ms) for the first record and must return
	// when ctx ends; it does not wait to fill up. 0 and no error say that nothing is
	// there now; io.EOF, with or without records, that the split has ended. Any other
	// error fails the attempt; mark it with Permanent if it would come again.
	Read(ctx context.Context, records []T) (n int, err error)

	// Position is where to read on after the records returned so far. The slice must
	// not be changed afterwards. It is kept in checkpoints, so keep it short.
	Position() []byte

	// Close gives up what the reader holds.
	Close() error
}

// From begins a stream with a source. The name is the source's identity: the positions
// are kept under it.
func From[T any](job *Job, name string, src Source[T]) Stream[T] {
	return add[T](job, &plan.Node{
		Kind:   plan.KindSource,
		Name:   name,
		Source: &erasedSource[T]{name: name, src: src, pool: flow.NewVecPool[T]()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			op := &sourceOp{out: out, positions: make(map[string][]byte)}
			for _, e := range ctx.Restored.List(flow.SplitsState) {
				split, err := flow.DecodeSplit(e)
				if err != nil {
					return nil, fmt.Errorf("source %s: restored split: %w", name, err)
				}
				op.order = append(op.order, split.ID)
				op.positions[split.ID] = split.Position
			}
			return op, nil
		},
	})
}

// erasedSource hides the type of the records from the engine.
type erasedSource[T any] struct {
	name string
	src  Source[T]
	pool *flow.VecPool[T]
}

func (s *erasedSource[T]) Bounded() bool { return s.src.Bounded() }

func (s *erasedSource[T]) Splits(ctx context.Context) (_ []string, err error) {
	defer rescue(&err)
	ids, err := s.src.Splits(ctx)
	if err != nil {
		return nil, fmt.Errorf("source %s: list splits: %w", s.name, err)
	}
	return ids, nil
}

func (s *erasedSource[T]) Open(ctx context.Context, split flow.Split) (_ flow.SplitReader, err error) {
	defer rescue(&err)
	r, err := s.src.Open(ctx, Split(split))
	if err != nil {
		return nil, fmt.Errorf("source %s: open split %s: %w", s.name, split.ID, err)
	}
	return &erasedReader[T]{name: s.name, split: split.ID, reader: r, pool: s.pool}, nil
}

type erasedReader[T any] struct {
	name, split string
	reader      Reader[T]
	pool        *flow.VecPool[T]
}

func (r *erasedReader[T]) Read(ctx context.Context) (b flow.Batch, pos []byte, err error) {
	defer func() {
		if err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
			err = fmt.Errorf("source %s: read split %s: %w", r.name, r.split, err)
		}
	}()
	defer rescue(&err)
	vec := r.pool.Get()
	n, err := r.reader.Read(ctx, vec.Values[:flow.BatchSize])
	if n == 0 {
		vec.Release()
		return nil, nil, err
	}
	vec.Values = vec.Values[:n]
	return vec, r.reader.Position(), err
}

func (r *erasedReader[T]) Close() (err error) {
	defer rescue(&err)
	return r.reader.Close()
}

// A sourceOp is the head of a source's chain: it remembers how far each split has come
// through, and passes the records on.
type sourceOp struct {
	out       flow.Output
	order     []string // split ids, in the order they came
	positions map[string][]byte
}

func (o *sourceOp) Push(b flow.Batch) error {
	f := b.(*flow.Fetched)
	if _, known := o.positions[f.Split]; !known {
		o.order = append(o.order, f.Split)
	}
	// The position moves only with the records it stands behind.
	o.positions[f.Split] = f.Position
	return o.out.Push(f.Batch)
}

func (o *sourceOp) Snapshot(checkpoint.ID) (flow.Snapshot, error) {
	elements := make([][]byte, 0, len(o.order))
	for _, id := range o.order {
		elements = append(elements, flow.AppendSplit(nil, flow.Split{ID: id, Position: o.positions[id]}))
	}
	return flow.Snapshot{Lists: []flow.ListState{{Name: flow.SplitsState, Elements: elements}}}, nil
}

func (o *sourceOp) Complete(checkpoint.ID) error { return nil }
func (o *sourceOp) Close() error                 { return nil }
