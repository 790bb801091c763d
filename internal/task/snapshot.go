package task

import (
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// NewWriter begins a state file of a checkpoint; what names the state for messages.
type NewWriter func(id checkpoint.ID, what string, subtask checkpoint.Subtask) (StateWriter, error)

// A StateWriter takes the bytes of one state file. Close makes them durable and returns
// the blob they have become. Abort drops them; after Close it does nothing. After either,
// nothing can be written.
type StateWriter interface {
	io.Writer
	Close() (store.Blob, error)
	Abort()
}

// A Part is what one task adds to a checkpoint.
type Part struct {
	ID     checkpoint.ID
	States []OperatorState
	Blobs  []store.Blob // all blobs that the states refer to
	Phases Phases
}

// Phases are how long a task's part of a checkpoint took, and how large it is.
type Phases struct {
	Alignment   time.Duration // from the first barrier to the last
	Synchronous time.Duration // freezing the state; nothing is processed meanwhile
	Write       time.Duration // encoding and writing, while processing goes on
	Sync        time.Duration // making it durable
	Bytes       int64
}

// OperatorState is the state of one subtask of one operator, as it is in the checkpoint.
type OperatorState struct {
	Name  string
	ID    checkpoint.OperatorID
	State flink.SubtaskState
}

// frozen is the state of one operator between the two parts of a snapshot.
type frozen struct {
	op operator
	flow.Snapshot
}

// snapshot is the synchronous part: it freezes the state of every operator, passes the
// barrier on and starts a goroutine that writes the state.
func (t *Task) snapshot(id checkpoint.ID) error {
	began := time.Now()
	var phases Phases
	if !t.aligned.IsZero() {
		phases.Alignment = began.Sub(t.aligned)
		t.aligned = time.Time{}
	}
	if err := t.flush(); err != nil {
		return err
	}
	parts := make([]frozen, 0, len(t.ops))
	for _, op := range t.ops {
		s, err := op.Snapshot(id)
		if err != nil {
			release(parts)
			return err
		}
		parts = append(parts, frozen{op: op, Snapshot: s})
	}
	for _, o := range t.outs {
		if err := o.broadcast(exchange.Element{Kind: exchange.Barrier, Barrier: id}); err != nil {
			release(parts)
			return err
		}
	}
	phases.Synchronous = time.Since(began)
	t.writing.Go(func() {
		defer release(parts)
		part, err := t.write(id, parts, phases)
		if err != nil {
			t.reports.Decline(id, fmt.Errorf("task %s, subtask %d: %w", t.Name, t.Subtask, err))
			return
		}
		t.reports.Acknowledge(t.Index, part)
	})
	return nil
}

func release(parts []frozen) {
	for _, p := range parts {
		if p.Keyed != nil {
			p.Keyed.Release()
		}
	}
}

// write is the asynchronous part. A codec of the user may panic in it.
func (t *Task) write(id checkpoint.ID, parts []frozen, phases Phases) (part Part, err error) {
	defer func() {
		if r := recover(); r != nil {
			part, err = Part{}, fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	part.ID, part.Phases = id, phases
	for _, p := range parts {
		s := OperatorState{Name: p.op.name, ID: p.op.id, State: flink.SubtaskState{Index: t.Subtask}}
		if len(p.Lists) > 0 || len(p.Maps) > 0 {
			handle, blob, err := t.writeOperator(id, p, &part.Phases)
			if err != nil {
				return Part{}, fmt.Errorf("write operator state of %s: %w", p.op.name, err)
			}
			s.State.ManagedOperator = handle
			part.Blobs = append(part.Blobs, blob)
		}
		if p.Keyed != nil {
			handle, blob, err := t.writeKeyed(id, p, &part.Phases)
			if err != nil {
				return Part{}, fmt.Errorf("write keyed state of %s: %w", p.op.name, err)
			}
			s.State.ManagedKeyed = handle
			part.Blobs = append(part.Blobs, blob)
		}
		if s.State.ManagedOperator != nil || s.State.ManagedKeyed != nil {
			part.States = append(part.States, s)
		}
	}
	return part, nil
}

func (t *Task) writeKeyed(id checkpoint.ID, p frozen, phases *Phases) (*flink.KeyGroupsHandle, store.Blob, error) {
	var offsets []int64
	blob, err := t.writeState(id, p.op.name, phases, func(w io.Writer) (err error) {
		offsets, err = p.Keyed.Write(w)
		return err
	})
	if err != nil {
		return nil, blob, err
	}
	return &flink.KeyGroupsHandle{
		Tag: flink.TagKeyGroupsV2, Range: p.Keyed.Range(), Offsets: offsets,
		Data: blob.Handle, ID: nameOf(blob.Handle),
	}, blob, nil
}

func (t *Task) writeOperator(id checkpoint.ID, p frozen, phases *Phases) (*flink.OperatorHandle, store.Blob, error) {
	lists := make([]flink.EncodedList, len(p.Lists))
	for i, l := range p.Lists {
		lists[i] = encodedList(l)
	}
	maps := make([]flink.EncodedMap, len(p.Maps))
	for i, m := range p.Maps {
		maps[i] = flink.EncodedMap{Name: m.Name, Key: m.Key, Value: m.Value, Data: m.Data}
	}
	data, states, err := flink.EncodeOperatorState(lists, maps)
	if err != nil {
		return nil, store.Blob{}, err
	}
	blob, err := t.writeState(id, p.op.name, phases, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return nil, blob, err
	}
	return &flink.OperatorHandle{States: states, Data: blob.Handle}, blob, nil
}

func encodedList(l flow.ListState) flink.EncodedList {
	if l.Element != nil {
		return flink.EncodedList{Name: l.Name, Element: l.Element, Elements: l.Elements}
	}
	e := flink.EncodedList{Name: l.Name, Element: flink.ByteArray, Elements: make([][]byte, len(l.Elements))}
	for i, b := range l.Elements {
		e.Elements[i] = flink.AppendBytes32(nil, b)
	}
	return e
}

func (t *Task) writeState(id checkpoint.ID, what string, phases *Phases, write func(io.Writer) error) (blob store.Blob, err error) {
	began := time.Now()
	w, err := t.writers(id, what, t.Subtask)
	if err != nil {
		return store.Blob{}, err
	}
	defer w.Abort() // after Close it does nothing; write may panic
	counted := &counter{Writer: w}
	if err := write(counted); err != nil {
		return store.Blob{}, err
	}
	written := time.Now()
	phases.Write += written.Sub(began)
	phases.Bytes += counted.n
	defer func() { phases.Sync += time.Since(written) }()
	return w.Close()
}

// counter counts the bytes of a state.
type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

// nameOf returns the name of a blob. No other blob of any checkpoint has the same.
func nameOf(h flink.StreamHandle) string {
	switch h := h.(type) {
	case *flink.InlineHandle:
		return h.Name
	case *flink.RelativeHandle:
		return h.Path
	}
	return ""
}
