package weir

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// A Stream is the records of type T that flow from one operator of a job to the next.
// It is a place in the plan, not data; it may be read by any number of operators, each
// of which gets every record.
type Stream[T any] struct {
	job  *Job
	from plan.NodeID
	port string // the side output, "" for the main one
}

// Parallelism sets how many subtasks the stream's operator has, at least 1. Without it an
// operator has as many as the job is run with. It returns the stream.
func (s Stream[T]) Parallelism(n int) Stream[T] {
	setParallelism(s.owner(), s.from, n)
	return s
}

func setParallelism(job *Job, id plan.NodeID, n int) {
	if n < 1 {
		job.p().Fail(fmt.Errorf("%s: parallelism %d: want at least 1", caller(), n))
		return
	}
	if nodes := job.p().Nodes; int(id) < len(nodes) {
		nodes[id].Parallelism = n
	}
}

// Ended is what To returns: the sink at the end of a stream.
type Ended struct {
	job  *Job
	node *plan.Node
}

// Parallelism sets how many subtasks the sink has, at least 1. Without it a sink has as
// many as the job is run with.
func (e Ended) Parallelism(n int) Ended {
	setParallelism(e.job, e.node.ID, n)
	return e
}

// owner returns the job that the stream belongs to. A zero Stream gets a job that says so.
func (s Stream[T]) owner() *Job {
	if s.job == nil {
		return &Job{plan: &plan.Plan{Err: errNoJob, Nodes: []*plan.Node{{Kind: "nothing"}}}}
	}
	return s.job
}

// A part is something that an operator needs from its caller.
type part struct {
	what    string
	missing bool
}

// add appends an operator to the job that reads the given inputs.
func add[T any](job *Job, n *plan.Node, parts ...part) Stream[T] {
	p := job.p()
	n.Where = caller()
	for _, part := range parts {
		if part.missing {
			p.Fail(fmt.Errorf("%s: %s: nil %s", n.Where, describe(n), part.what))
		}
	}
	if n.Name == "" && (n.Kind == plan.KindSource || n.Kind == plan.KindSink || readsByKey(n)) {
		p.Fail(fmt.Errorf("%s: a %s has no name: it keeps state, and its name is how a restart finds it again", n.Where, n.Kind))
	}
	if job == nil {
		job = &Job{plan: p}
	}
	return Stream[T]{job: job, from: p.Add(n)}
}

func readsByKey(n *plan.Node) bool { return len(n.Inputs) > 0 && n.Inputs[0].Ship == plan.ByKey }

// describe is how a message calls an operator that may have no name.
func describe(n *plan.Node) string {
	if n.Name == "" {
		return n.Kind
	}
	return n.Kind + " " + n.Name
}

// caller returns the file and line outside of this package that wrote an operator down.
func caller() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		own := strings.HasPrefix(f.Function, "github.com/weirstream/weir.") && !strings.HasSuffix(f.File, "_test.go")
		if !own && f.File != "" {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// edge returns the edge that hands the stream's records on.
func (s Stream[T]) edge(ship plan.Shipping) plan.Edge {
	e := plan.Edge{From: s.from, Port: s.port, Ship: ship, Record: reflect.TypeFor[T]()}
	e.NewSender = func(r plan.Routing) flow.Sender {
		return &batchSender[T]{routing: r, pool: flow.NewVecPool[T]()}
	}
	return e
}

// forward returns the edge that hands the stream's records on within a subtask.
func (s Stream[T]) forward() plan.Edge { return s.edge(plan.Forward) }

// exchanged returns an edge whose records go to other subtasks, which they must be able to.
// where names the operator, for messages.
func (s Stream[T]) exchanged(e plan.Edge, where string) plan.Edge {
	var never *codec.ProcessBoundError
	if _, err := codec.ForExchange[T](); errors.As(err, &never) {
		s.owner().p().Fail(fmt.Errorf("%s: %s: its records go from one subtask to another: %w", caller(), where, err))
	} else {
		e.Local = err
	}
	return e
}

// guard turns a panic of user code into an error of the operator; it is deferred once
// per batch.
func guard(ctx *flow.Context, err *error) {
	switch r := recover().(type) {
	case nil:
	case downstream:
		*err = r.error // it names the operator that has failed
	default:
		*err = &OperatorError{Operator: ctx.Operator, Subtask: int(ctx.Subtask), Err: newPanicError(r)}
	}
}

// rescue turns a panic of user code that belongs to no subtask into an error.
func rescue(err *error) {
	if r := recover(); r != nil {
		*err = newPanicError(r)
	}
}

// blame names the operator whose code returned the error.
func blame(ctx *flow.Context, err error) error {
	return &OperatorError{Operator: ctx.Operator, Subtask: int(ctx.Subtask), Err: err}
}

// sameJob returns an error if an operator would join streams of two jobs.
func sameJob(a, b *Job, what string) error {
	if a != b {
		return fmt.Errorf("%s: %s joins streams of two jobs, %q and %q", caller(), what, a.Name(), b.Name())
	}
	return nil
}
