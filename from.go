package weir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// From begins a stream with a source. The name is the source's identity: the positions
// are kept under it. In a job with event time, give it the [Watermarks] of its records.
func From[T any](job *Job, name string, src Source[T], opts ...SourceOption[T]) Stream[T] {
	var o sourceOptions[T]
	for _, opt := range opts {
		opt.source(&o)
	}
	if w := o.watermarks; w != nil {
		job.p().EventTime = true
		if err := w.check(); err != nil {
			job.p().Fail(fmt.Errorf("%s: source %s: watermarks: %w", caller(), name, err))
		}
	}
	return add[T](job, &plan.Node{
		Kind:   plan.KindSource,
		Name:   name,
		Source: &erasedSource[T]{name: name, src: src, watermarks: o.watermarks, pool: flow.NewVecPool[T]()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			return newSourceOp(ctx, name, out)
		},
	}, part{"source", src == nil})
}

// A SourceOption says more about how a source is read: [Watermarks] are one.
type SourceOption[T any] interface{ source(*sourceOptions[T]) }

type sourceOptions[T any] struct{ watermarks *Watermarks[T] }

// erasedSource hides the type of the records from the engine.
type erasedSource[T any] struct {
	name       string
	src        Source[T]
	watermarks *Watermarks[T] // nil if it has none
	pool       *flow.VecPool[T]
}

func (s *erasedSource[T]) Bounded() bool { return s.src.Bounded() }

func (s *erasedSource[T]) Splits(ctx context.Context, known []flow.Split) (_ flow.Listing, err error) {
	defer func() {
		if err != nil {
			err = &SourceError{Source: s.name, Doing: "list splits", Err: err}
		}
	}()
	defer rescue(&err)
	return s.list(ctx, known)
}

func (s *erasedSource[T]) list(ctx context.Context, known []flow.Split) (flow.Listing, error) {
	if p, ok := s.src.(SplitPlanner); ok {
		splits := make([]Split, len(known))
		watermarks := make(map[string]Time, len(known))
		for i, k := range known {
			watermarks[k.ID] = k.Watermark
			splits[i] = Split{ID: k.ID, Position: k.Position}
		}
		planned, err := p.PlanSplits(ctx, splits)
		l := flow.Listing{Read: make([]flow.Split, len(planned.Read)), Forget: planned.Forget}
		for i, r := range planned.Read {
			l.Read[i] = flow.Split{ID: r.ID, Position: r.Position, Watermark: MinTime}
			if w, ok := watermarks[r.ID]; ok {
				l.Read[i].Watermark = w
			}
		}
		return l, err
	}
	ids, err := s.src.Splits(ctx)
	if err != nil {
		return flow.Listing{}, err
	}
	was := make(map[string]flow.Split, len(known))
	for _, k := range known {
		was[k.ID] = k
	}
	l := flow.Listing{Read: make([]flow.Split, len(ids))}
	for i, id := range ids {
		split, ok := was[id]
		if !ok {
			split = flow.Split{ID: id, Watermark: MinTime}
		}
		l.Read[i] = split
	}
	return l, nil
}

func (s *erasedSource[T]) Alignment() (group string, most time.Duration) {
	if s.watermarks == nil {
		return "", 0
	}
	return s.watermarks.group, s.watermarks.drift
}

func (s *erasedSource[T]) Reads(path string) bool {
	r, ok := s.src.(FileReading)
	return ok && r.Reads(path)
}

func (s *erasedSource[T]) Open(ctx context.Context, split flow.Split, timed bool) (_ flow.SplitReader, err error) {
	defer func() {
		if err != nil {
			err = &SourceError{s.name, split.ID, "open", err}
		}
	}()
	defer rescue(&err)
	r, err := s.src.Open(ctx, Split{ID: split.ID, Position: split.Position})
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, Permanent(errors.New("it returned neither a reader nor an error"))
	}
	e := &erasedReader[T]{name: s.name, split: split.ID, reader: r, pool: s.pool, timed: timed}
	e.stamped, _ = r.(TimedReader[T])
	if timed && s.watermarks != nil {
		e.stamper = newStamper(s.watermarks, split.Watermark)
	}
	return e, nil
}

type erasedReader[T any] struct {
	name, split string
	reader      Reader[T]
	stamped     TimedReader[T] // the reader, if its records bring timestamps
	pool        *flow.VecPool[T]
	timed       bool        // batches have a column of timestamps
	stamper     *stamper[T] // nil if the source has no watermarks
}

func (r *erasedReader[T]) Read(ctx context.Context) (f flow.Fetched, err error) {
	defer func() {
		if err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
			err = &SourceError{r.name, r.split, "read", err}
		}
	}()
	defer rescue(&err)
	vec := r.pool.Get()
	n, err := r.fill(ctx, vec)
	if n < 0 || n > flow.BatchSize {
		return flow.Fetched{}, Permanent(fmt.Errorf("it returned %d records where there is room for %d", n, flow.BatchSize))
	}
	f = flow.Fetched{Split: r.split, Position: r.reader.Position(), Mark: flow.Mark{Time: flow.MinTime}, Ended: errors.Is(err, io.EOF)}
	if n == 0 {
		vec.Release()
	} else {
		vec.Values = vec.Values[:n]
		f.Batch = vec
	}
	if r.stamper == nil || err != nil && !f.Ended {
		return f, err
	}
	if n > 0 {
		if serr := r.stamper.stamp(vec.Values, vec.Times); serr != nil {
			return f, serr
		}
	}
	f.Mark = r.stamper.now()
	return f, err
}

// fill reads into a batch. With event time it fills the column of timestamps, too.
func (r *erasedReader[T]) fill(ctx context.Context, vec *flow.Vec[T]) (n int, err error) {
	values := vec.Values[:flow.BatchSize]
	if !r.timed {
		return r.reader.Read(ctx, values)
	}
	if cap(vec.Times) < flow.BatchSize {
		vec.Times = make([]Time, flow.BatchSize)
	}
	times := vec.Times[:flow.BatchSize]
	if r.stamped != nil {
		n, err = r.stamped.ReadTimed(ctx, values, times)
	} else if n, err = r.reader.Read(ctx, values); n >= 0 && n <= flow.BatchSize {
		for i := range times[:n] {
			times[i] = MinTime
		}
	}
	vec.Times = times[:max(0, min(n, flow.BatchSize))]
	return n, err
}

func (r *erasedReader[T]) Resumed() {
	if r.stamper != nil {
		r.stamper.last = time.Now()
	}
}

func (r *erasedReader[T]) Commits() bool {
	_, ok := r.reader.(Committer)
	return ok
}

func (r *erasedReader[T]) Committed(ctx context.Context, position []byte) (err error) {
	defer func() {
		if err != nil {
			err = &SourceError{r.name, r.split, "commit a position of", err}
		}
	}()
	defer rescue(&err)
	return r.reader.(Committer).Committed(ctx, position)
}

func (r *erasedReader[T]) Close() (err error) {
	defer func() {
		if err != nil {
			err = &SourceError{r.name, r.split, "close", err}
		}
	}()
	defer rescue(&err)
	return r.reader.Close()
}
