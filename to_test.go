package weir

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
)

// openSink returns a subtask of a sink that is ready to be written to.
func openSink(t *testing.T, sink Sink[string]) *sinkOp[string] {
	t.Helper()
	o := &sinkOp[string]{
		ctx:  &flow.Context{Operator: "out", Ctx: t.Context(), Incarnation: 1, Attempt: 1},
		id:   SinkID{Job: "job", Operator: "out"},
		sink: sink,
	}
	if err := o.Start(); err != nil {
		t.Fatal(err)
	}
	return o
}

// prepareRecord writes a record and has it prepared for a checkpoint. It returns what the
// checkpoint keeps.
func prepareRecord(t *testing.T, o *sinkOp[string], record string, id checkpoint.ID) [][]byte {
	t.Helper()
	if err := o.Push(0, &flow.Vec[string]{Values: []string{record}}); err != nil {
		t.Fatal(err)
	}
	s, err := o.Snapshot(id)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Lists) != 1 || s.Lists[0].Name != flow.PreparedState {
		t.Fatalf("the snapshot is %+v", s)
	}
	return s.Lists[0].Elements
}

// A checkpoint that is complete commits its own output and what failed checkpoints before
// it left waiting, and nothing of a later checkpoint that is on its way.
func TestCompleteCommitsItsOwn(t *testing.T) {
	var c Collector[string]
	o := openSink(t, &c)
	for i, step := range []struct {
		write    string
		as       checkpoint.ID
		keeps    int
		complete checkpoint.ID
		want     []string
	}{
		{"one", 1, 1, 0, nil},
		{"two", 2, 2, 1, []string{"one"}},
		{"three", 3, 2, 1, []string{"one"}}, // the same news again
		{"four", 4, 3, 3, []string{"one", "two", "three"}},
		{"five", 7, 2, 9, []string{"one", "two", "three", "four", "five"}},
	} {
		if elements := prepareRecord(t, o, step.write, step.as); len(elements) != step.keeps {
			t.Errorf("step %d: checkpoint %d keeps %d outputs, want %d", i, step.as, len(elements), step.keeps)
		}
		if step.complete > 0 {
			if err := o.Complete(step.complete); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.Records(); !slices.Equal(got, step.want) {
			t.Errorf("step %d: after checkpoint %d is complete %q is committed, want %q", i, step.complete, got, step.want)
		}
	}
}

// A commit that fails leaves what it was given waiting: the next one is given it again.
func TestCommitThatFails(t *testing.T) {
	var c Collector[string]
	o := openSink(t, &c)
	prepareRecord(t, o, "one", 1)
	broken := errors.New("the table is locked")
	o.sink = failingCommit{&c, broken}
	err := o.Complete(1)
	var of *OperatorError
	if !errors.Is(err, broken) || !errors.As(err, &of) || of.Operator != "out" || !strings.Contains(err.Error(), "commit checkpoint 1") {
		t.Errorf("got %v", err)
	}
	o.sink = &c
	if err := o.Complete(2); err != nil || !slices.Equal(c.Records(), []string{"one"}) {
		t.Errorf("%v; committed %q", err, c.Records())
	}
}

type failingCommit struct {
	*Collector[string]
	err error
}

func (f failingCommit) Commit(context.Context, [][]byte) error { return f.err }

// At a start what the checkpoint holds prepared is committed, unless that is known to be
// done, and the rest is undone in both cases.
func TestRecover(t *testing.T) {
	for _, committed := range []bool{false, true} {
		var c Collector[string]
		o := openSink(t, &c)
		elements := prepareRecord(t, o, "one", 1)
		prepareRecord(t, o, "two", 2) // of a checkpoint that is not restored
		var want []string
		if !committed {
			want = []string{"one"}
		}
		sink := erasedSink[string]{id: o.id, sink: &c}
		if err := sink.Recover(t.Context(), elements, committed); err != nil {
			t.Fatal(err)
		}
		if got := c.Records(); !slices.Equal(got, want) {
			t.Errorf("committed %t: %q is visible, want %q", committed, got, want)
		}
		if n := len(c.prepared); n > 0 {
			t.Errorf("committed %t: %d outputs are still prepared", committed, n)
		}
		if err := sink.Recover(t.Context(), [][]byte{{1, 2, 3}}, false); err == nil || !strings.Contains(err.Error(), "sink out") {
			t.Errorf("an element of 3 bytes: %v", err)
		}
	}
}

// A claim reaches the sink whole, and what it answers comes back; a sink that claims
// nothing is left alone.
func TestClaimIsPassedOn(t *testing.T) {
	id := SinkID{Job: "job", Operator: "out"}
	of := flow.Claim{Owner: "process 1", Lineage: "a", Fresh: true, From: 7, BesideOld: true}
	want := Claim{SinkID: id, Owner: "process 1", Lineage: "a", Fresh: true, From: 7, BesideOld: true}
	var c claimedCollector
	sink := erasedSink[string]{id: id, sink: &c}
	release, err := sink.Claim(t.Context(), of)
	if err != nil || c.got != want || !errors.Is(release(), errReleased) {
		t.Errorf("the sink got %+v, want %+v; %v", c.got, want, err)
	}
	c.refuse = &OutputInUseError{Place: "there", Owner: "process 2"}
	if release, err := sink.Claim(t.Context(), of); release != nil || !errors.Is(err, c.refuse) || !strings.Contains(err.Error(), "sink out") || !IsPermanent(err) {
		t.Errorf("refused: %v", err)
	}
	sink.sink = &c.Collector
	if release, err := sink.Claim(t.Context(), of); release != nil || err != nil {
		t.Errorf("a sink that claims nothing: %v", err)
	}
}

// A writer is told which subtask it is, of which run and attempt.
func TestWriterKnowsItsPlace(t *testing.T) {
	var c claimedCollector
	o := &sinkOp[string]{
		ctx:  &flow.Context{Operator: "out", Ctx: t.Context(), Subtask: 3, Incarnation: 5, Attempt: 7},
		id:   SinkID{Job: "job", Operator: "out"},
		sink: &c,
	}
	if err := o.Start(); err != nil {
		t.Fatal(err)
	}
	if want := (SinkContext{SinkID: o.id, Subtask: 3, Incarnation: 5, Attempt: 7}); c.opened != want {
		t.Errorf("opened as %+v, want %+v", c.opened, want)
	}
	c.nothing = true
	if err := o.Start(); err == nil || !IsPermanent(err) || !strings.Contains(err.Error(), "operator out, subtask 3") {
		t.Errorf("a sink that opens no writer: %v", err)
	}
	o.writer = nil
	if err := o.Close(); err != nil {
		t.Errorf("closed before it was opened: %v", err)
	}
	o.writer = closing{errClosing}
	var of *OperatorError
	if err := o.Close(); !errors.Is(err, errClosing) || !errors.As(err, &of) || of.Subtask != 3 {
		t.Errorf("a writer that cannot be closed: %v", err)
	}
}

var errClosing = errors.New("the connection is gone")

// A closing writer returns an error when it is closed.
type closing struct{ err error }

func (closing) Write(context.Context, []string) error                 { return nil }
func (closing) Prepare(context.Context, CheckpointID) ([]byte, error) { return nil, nil }
func (c closing) Close() error                                        { return c.err }

// errReleased is what the release of a claimedCollector returns.
var errReleased = errors.New("released")

// A claimedCollector notes how it was claimed and opened.
type claimedCollector struct {
	Collector[string]
	got     Claim
	refuse  error
	opened  SinkContext
	nothing bool // Open returns no writer
}

func (c *claimedCollector) Open(ctx context.Context, s SinkContext) (Writer[string], error) {
	if c.opened = s; c.nothing {
		return nil, nil
	}
	return c.Collector.Open(ctx, s)
}

func (c *claimedCollector) Claim(_ context.Context, claim Claim) (func() error, error) {
	c.got = claim
	if c.refuse != nil {
		return nil, c.refuse
	}
	return func() error { return errReleased }, nil
}

// A rude sink panics, or fails, in every call.
type rude struct {
	Collector[string]
	f func() error
}

func (r *rude) Open(context.Context, SinkContext) (Writer[string], error) { return r, r.f() }
func (r *rude) Commit(context.Context, [][]byte) error                    { return r.f() }
func (r *rude) Abort(context.Context, SinkID) error                       { return r.f() }
func (r *rude) Claim(context.Context, Claim) (func() error, error)        { return nil, r.f() }
func (r *rude) Write(context.Context, []string) error                     { return r.f() }
func (r *rude) Prepare(context.Context, CheckpointID) ([]byte, error)     { return nil, r.f() }
func (r *rude) Close() error                                              { return r.f() }

// An error or a panic of a sink names the sink, or its operator and subtask.
func TestSinkErrorsSayWhere(t *testing.T) {
	boom := errors.New("boom")
	one := [][]byte{make([]byte, 9)}
	for how, f := range map[string]func() error{"boom": func() error { return boom }, "panic: boom": func() error { panic(boom) }} {
		sink := &rude{f: f}
		erased := erasedSink[string]{id: SinkID{Job: "job", Operator: "out"}, sink: sink}
		op := &sinkOp[string]{ctx: &flow.Context{Operator: "out", Ctx: t.Context(), Subtask: 2}, sink: sink, writer: sink}
		committing := &sinkOp[string]{ctx: op.ctx, sink: sink, writer: &collectWriter[string]{c: &sink.Collector, buf: []string{"a"}}}
		if _, err := committing.Snapshot(1); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{
			"sink out: commit what the checkpoint holds":        erased.Recover(t.Context(), one, false),
			"sink out: undo what was not committed":             erased.Recover(t.Context(), nil, false),
			"sink out: commit what the checkpoint":              erased.Commit(t.Context(), one[0]),
			"sink out":                                          func() error { _, err := erased.Claim(t.Context(), flow.Claim{}); return err }(),
			"operator out, subtask 2: open":                     (&sinkOp[string]{ctx: op.ctx, sink: sink}).Start(),
			"operator out, subtask 2: write":                    op.Push(0, &flow.Vec[string]{Values: []string{"a"}}),
			"operator out, subtask 2: prepare for checkpoint 7": func() error { _, err := op.Snapshot(7); return err }(),
			"operator out, subtask 2: commit checkpoint 7":      committing.Complete(7),
			"operator out, subtask 2: close":                    op.Close(),
		} {
			if how != "boom" { // what was being done is in the stack
				what, _, _ = strings.Cut(what, ": ")
			}
			if err == nil || !strings.HasPrefix(err.Error(), what) || !strings.Contains(err.Error(), how) || how == "boom" && !errors.Is(err, boom) {
				t.Errorf("got %v, want %q and %q", err, what, how)
			}
		}
	}
}

// What Records returns is the caller's.
func TestCollectedRecordsAreCopied(t *testing.T) {
	var c Collector[string]
	o := openSink(t, &c)
	prepareRecord(t, o, "one", 1)
	if err := o.Complete(1); err != nil {
		t.Fatal(err)
	}
	c.Records()[0] = "changed"
	if got := c.Records(); !slices.Equal(got, []string{"one"}) {
		t.Errorf("collected %q", got)
	}
}
