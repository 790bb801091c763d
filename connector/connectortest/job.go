package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/twophase"
)

// theSink is the one under test.
var theSink = weir.SinkID{Job: "job", Operator: "out"}

// A job is one sink of a job in one attempt. It does with the sink what the engine does:
// see erasedSink and sinkOp in package weir. What is committed when is decided by the code
// that the engine has for it, package twophase.
type job[T any] struct {
	test     *sinkTest[T]
	sink     weir.Sink[T]
	subtasks []*subtask[T]
	spare    bool // the slices that Write is given are not used again

	// step, if set, is called before each call of the sink, and told which. An error of it
	// ends the attempt as a kill does: nothing is called any more.
	step func(call string) error
}

// A subtask is a writer, and what it has prepared that was not committed.
type subtask[T any] struct {
	writer weir.Writer[T]
	phases twophase.Subtask
}

// errKilled is how an attempt ends that is killed.
var errKilled = errors.New("killed")

// start is what the engine does with a sink, in a new process, before any record comes.
func (w *world[T]) start(c weir.SinkContext, subtasks int, restored [][]byte) (*job[T], error) {
	p := w.newProcess(c.SinkID)
	if err := p.claim(weir.Claim{Lineage: lineageA}); err != nil {
		return nil, err
	}
	j := p.newJob()
	err := j.commitRestored(restored)
	if err == nil {
		err = j.open(c, subtasks)
	}
	return j, err
}

// commitRestored commits what the restored checkpoint holds.
func (j *job[T]) commitRestored(elements [][]byte) error {
	if len(elements) == 0 {
		return nil
	}
	return j.call("commit what the checkpoint holds prepared", func() error {
		return j.sink.Commit(context.Background(), outputs(elements))
	})
}

// open undoes the rest and opens a writer for each subtask.
func (j *job[T]) open(c weir.SinkContext, subtasks int) error {
	ctx := context.Background()
	if err := j.call("abort", func() error { return j.sink.Abort(ctx, c.SinkID) }); err != nil {
		return err
	}
	for i := range subtasks {
		c.Subtask = i
		t := &subtask[T]{}
		err := j.call("open", func() (err error) { t.writer, err = j.sink.Open(ctx, c); return err })
		if err != nil {
			return err
		}
		j.subtasks = append(j.subtasks, t)
	}
	return nil
}

// call calls the sink, unless the job is killed.
func (j *job[T]) call(what string, f func() error) error {
	if j.step != nil {
		if err := j.step(what); err != nil {
			return err
		}
	}
	if err := f(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// write gives records to a subtask. The slice is wiped afterwards: the engine uses it again.
func (j *job[T]) write(subtask int, numbers ...int) error {
	records := make([]T, len(numbers))
	for i, n := range numbers {
		records[i] = j.test.Record(n)
	}
	err := j.call("write", func() error { return j.subtasks[subtask].writer.Write(context.Background(), records) })
	if !j.spare {
		clear(records)
	}
	return err
}

// deal gives each record to the subtask that its number falls to.
func (j *job[T]) deal(numbers ...int) error {
	shares := make([][]int, len(j.subtasks))
	for _, n := range numbers {
		i := n % len(shares)
		shares[i] = append(shares[i], n)
	}
	for i, share := range shares {
		if len(share) == 0 {
			continue // the engine pushes no empty batches
		}
		if err := j.write(i, share...); err != nil {
			return err
		}
	}
	return nil
}

// prepare is the barrier of a checkpoint at every subtask. It returns what the checkpoint
// holds of the sink.
func (j *job[T]) prepare(id checkpoint.ID) (elements [][]byte, err error) {
	for _, t := range j.subtasks {
		e, err := j.prepareOne(t, id)
		if err != nil {
			return nil, err
		}
		elements = append(elements, cloned(e)...)
	}
	return elements, nil
}

func (j *job[T]) prepareOne(t *subtask[T], id checkpoint.ID) (elements [][]byte, err error) {
	err = j.call("prepare", func() (err error) {
		elements, err = t.phases.Prepare(context.Background(), t.writer, id)
		return err
	})
	return elements, err
}

// complete is the news that a checkpoint is, at every subtask.
func (j *job[T]) complete(id checkpoint.ID) error {
	for _, t := range j.subtasks {
		if err := j.completeOne(t, id); err != nil {
			return err
		}
	}
	return nil
}

func (j *job[T]) completeOne(t *subtask[T], id checkpoint.ID) error {
	return t.phases.Complete(id, func(prepared [][]byte) error {
		return j.call("commit", func() error { return j.sink.Commit(context.Background(), prepared) })
	})
}

// close closes the writers, as an attempt does that ends, well or not.
func (j *job[T]) close() error {
	var errs []error
	for _, t := range j.subtasks {
		errs = append(errs, j.call("close", t.writer.Close))
	}
	j.subtasks = nil
	return errors.Join(errs...)
}

// cloned is what comes out of a checkpoint: the same bytes, elsewhere in memory.
func cloned(elements [][]byte) [][]byte {
	c := make([][]byte, len(elements))
	for i, e := range elements {
		c[i] = bytes.Clone(e)
	}
	return c
}

// at is the context of the sink under test.
func at(incarnation checkpoint.Incarnation, attempt int) weir.SinkContext {
	return weir.SinkContext{SinkID: theSink, Incarnation: incarnation, Attempt: attempt}
}

// outputs is what Commit gets of a checkpoint.
func outputs(elements [][]byte) [][]byte {
	prepared, err := twophase.Restored(cloned(elements))
	if err != nil {
		panic(err) // the suite has made them
	}
	return prepared
}
