package weirtest_test

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/weirtest"
)

// The bugs that the metamorphic test must find, each with an operator that the jobs must have
// so that the bug can show, "" for any. Those of operators are planted where the operator is
// built; see ops.
var bugs = []struct{ name, needs string }{
	{"a position one record behind", ""},
	{"a position one record ahead", ""},
	{"output that is committed again", ""},
	{"a commit that drops what else is prepared", ""},
	{"output that is visible when it is prepared", ""},
	{"a watermark one millisecond too high", "late"},
	{"state outside of the checkpoint", "count"},
	{"a key that another process makes otherwise", "count"},
	{"a timer in a field", "window"},
	{"a codec that loses a field", "all"},
	{"a join that depends on the order", "join"},
	{"a record is held back", "flatmap"},
	{"depends on the subtask", "map"},
}

// sourceWith returns the source with a bug in it.
func sourceWith(planted string, s *weirtest.Source[rec]) weir.Source[rec] {
	switch planted {
	case "a position one record behind":
		return buggySource{s, -1, 0}
	case "a position one record ahead":
		return buggySource{s, 1, 0}
	case "a watermark one millisecond too high":
		return buggySource{s, 0, 1}
	}
	return s
}

// A buggySource gives wrong positions or watermarks.
type buggySource struct {
	*weirtest.Source[rec]
	records int64     // that a position is ahead
	time    weir.Time // that a watermark is ahead
}

func (s buggySource) Open(ctx context.Context, split weir.Split) (weir.Reader[rec], error) {
	r, err := s.Source.Open(ctx, split)
	if err != nil {
		return nil, err
	}
	return buggyReader{r.(pushedReader), s}, nil
}

type pushedReader interface {
	weir.TimedReader[rec]
	Mark(flow.Mark) flow.Mark
}

type buggyReader struct {
	pushedReader
	s buggySource
}

func (r buggyReader) Position() []byte {
	at, _ := binary.Uvarint(r.pushedReader.Position())
	return binary.AppendUvarint(nil, uint64(max(0, int64(at)+r.s.records)))
}

func (r buggyReader) Mark(m flow.Mark) flow.Mark {
	m = r.pushedReader.Mark(m)
	if m.Time != weir.MinTime {
		m.Time += r.s.time
	}
	return m
}

// A shownSink is a sink, and what is visible in it.
type shownSink interface {
	weir.Sink[rec]
	Visible() []rec
}

// sinkWith returns the sink with a bug in it.
func sinkWith(planted string, s *weirtest.Sink[rec]) shownSink {
	switch planted {
	case "output that is committed again", "a commit that drops what else is prepared", "output that is visible when it is prepared":
		return &buggySink{Sink: s, planted: planted, outputs: make(map[string][]rec), ids: make(map[string]weir.SinkID)}
	}
	return s
}

type buggySink struct {
	*weirtest.Sink[rec]
	planted string

	mu      sync.Mutex
	outputs map[string][]rec
	ids     map[string]weir.SinkID
	seen    []string
	again   []rec // visible once more
}

func (s *buggySink) Visible() []rec {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.Sink.Visible(), s.again)
}

func (s *buggySink) Commit(ctx context.Context, prepared [][]byte) error {
	if err := s.Sink.Commit(ctx, prepared); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range prepared {
		switch s.planted {
		case "output that is committed again":
			if slices.Contains(s.seen, string(p)) {
				s.again = append(s.again, s.outputs[string(p)]...)
			}
			s.seen = append(s.seen, string(p))
		case "a commit that drops what else is prepared":
			return s.Sink.Abort(ctx, s.ids[string(p)])
		}
	}
	return nil
}

func (s *buggySink) Open(ctx context.Context, c weir.SinkContext) (weir.Writer[rec], error) {
	w, err := s.Sink.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	return &buggyWriter{Writer: w, s: s, c: c}, nil
}

type buggyWriter struct {
	weir.Writer[rec]
	s   *buggySink
	c   weir.SinkContext
	buf []rec
}

func (w *buggyWriter) Write(ctx context.Context, records []rec) error {
	w.buf = append(w.buf, records...)
	return w.Writer.Write(ctx, records)
}

func (w *buggyWriter) Prepare(ctx context.Context, id weir.CheckpointID) ([]byte, error) {
	p, err := w.Writer.Prepare(ctx, id)
	if err != nil || p == nil {
		return p, err
	}
	if w.s.planted == "output that is visible when it is prepared" {
		return p, w.s.Sink.Commit(ctx, [][]byte{p})
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.outputs[string(p)], w.s.ids[string(p)], w.buf = w.buf, w.c.SinkID, nil
	return p, nil
}
