package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// A script is what the subtasks of a small job write in the periods between its
// checkpoints.
type script struct {
	periods [][][]string // per period and subtask
	fails   int          // the period whose checkpoint fails, or -1
}

var twoSubtasks = script{fails: 1, periods: [][][]string{
	{{"a0", "a1"}, {"b0"}},
	{{"a2"}, {"b1", "b2"}},
	{{"a3"}, {}},
	{{}, {}},
	{{"a4"}, {"b3"}},
	{{}, {"b4"}},
}}

// oneSubtask has nobody whose syncs would do for its own.
var oneSubtask = script{fails: -1, periods: [][][]string{{{"a0", "a1"}}, {{"a2"}}, {{}}, {{"a3"}}}}

// everything is what there is to be seen in the end, sorted.
func (s script) everything() []string { return s.written(len(s.periods)) }

// written is what is written in the first n periods, sorted.
func (s script) written(n int) (all []string) {
	for _, period := range s.periods[:n] {
		for _, records := range period {
			all = append(all, records...)
		}
	}
	slices.Sort(all)
	return all
}

// A complete is a complete checkpoint: the test keeps it as safe as a checkpoint is.
type complete struct {
	id      checkpoint.ID
	periods int        // done
	pending [][][]byte // per subtask
}

// sinkJob drives a sink the way the engine does.
type sinkJob struct {
	script      script
	fsys        durable.FS
	ack         func(label string) // tells that something has become a fact
	incarnation checkpoint.Incarnation
	attempt     int
	last        complete
	completed   func(complete)
}

func newSinkJob(s script, fsys durable.FS) *sinkJob {
	return &sinkJob{script: s, fsys: fsys, ack: func(string) {}, incarnation: 1, completed: func(complete) {}}
}

// run runs one attempt, from the last complete checkpoint to the end of the plan.
func (j *sinkJob) run() (err error) {
	j.attempt++
	ctx := context.Background()
	sink := LinesSinkOn(j.fsys, outDir)
	var restored [][]byte
	for _, p := range j.last.pending {
		restored = append(restored, p...)
	}
	if len(restored) > 0 {
		if err := sink.Commit(ctx, restored); err != nil {
			return fmt.Errorf("commit restored: %w", err)
		}
	}
	if err := sink.Abort(ctx, weir.SinkID{Job: "job", Operator: "out"}); err != nil {
		return fmt.Errorf("abort: %w", err)
	}
	writers := make([]weir.Writer[string], len(j.script.periods[0]))
	for i := range writers {
		w, err := sink.Open(ctx, weir.SinkContext{SinkID: weir.SinkID{Job: "job", Operator: "out"}, Subtask: i, Incarnation: j.incarnation, Attempt: j.attempt})
		if err != nil {
			return fmt.Errorf("open: %w", err)
		}
		defer func() {
			if cerr := w.Close(); err == nil {
				err = cerr
			}
		}()
		writers[i] = w
	}
	j.ack("opened")
	waiting := make([][][]byte, len(writers))
	id := j.last.id
	for period := j.last.periods; period < len(j.script.periods); period++ {
		id++
		for i, w := range writers {
			if err := w.Write(j.script.periods[period][i]); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		for i, w := range writers {
			p, err := w.Prepare(id)
			if err != nil {
				return fmt.Errorf("prepare: %w", err)
			}
			if (p == nil) != (len(j.script.periods[period][i]) == 0) {
				return fmt.Errorf("prepared %x of %q", p, j.script.periods[period][i])
			}
			if p != nil {
				waiting[i] = append(slices.Clip(waiting[i]), p)
			}
		}
		if period == j.script.fails {
			continue
		}
		j.last = complete{id: id, periods: period + 1, pending: slices.Clone(waiting)}
		j.completed(j.last)
		j.ack(fmt.Sprintf("complete %d", j.last.periods))
		for i := range writers {
			if len(waiting[i]) == 0 {
				continue
			}
			if err := sink.Commit(ctx, waiting[i]); err != nil {
				return fmt.Errorf("commit: %w", err)
			}
			waiting[i] = nil
		}
		j.ack(fmt.Sprintf("committed %d", j.last.periods))
	}
	return nil
}

// visible lists the records in visible files, sorted, and the names of hidden files.
func visible(fsys durable.FS, dir string) (records, hidden []string, err error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name, ".") {
			hidden = append(hidden, e.Name)
			continue
		}
		content, err := readFile(fsys, path.Join(dir, e.Name))
		if err != nil {
			return nil, nil, err
		}
		if !strings.HasSuffix(content, "\n") {
			return nil, nil, fmt.Errorf("%s is torn: %q", e.Name, content)
		}
		records = append(records, strings.Split(strings.TrimSuffix(content, "\n"), "\n")...)
	}
	slices.Sort(records)
	return records, hidden, nil
}

func readFile(fsys durable.FS, name string) (string, error) {
	r, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b := make([]byte, r.Size())
	if _, err := r.ReadAt(b, 0); err != nil && !(errors.Is(err, io.EOF)) {
		return "", err
	}
	return string(b), nil
}

func TestSinkJob(t *testing.T) {
	for name, fsys := range fileSystems(t) {
		t.Run(name, func(t *testing.T) {
			j := newSinkJob(twoSubtasks, fsys)
			for range 3 { // a job that is done has nothing to do
				must(t, j.run())
				records, hidden, err := visible(fsys, outDir)
				if err != nil || !slices.Equal(records, twoSubtasks.everything()) || hidden != nil {
					t.Fatalf("got %q, hidden %q, %v", records, hidden, err)
				}
			}
		})
	}
}
