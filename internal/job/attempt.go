package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/internal/clock"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/metrics"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/internal/task"
)

// An attempt is one run of the job from a checkpoint to an end of any kind.
type attempt struct {
	*run
	number    int
	log       *slog.Logger
	completed bool // a checkpoint was completed

	start *start
	// newest is the newest checkpoint, if the attempt may start from another one, and
	// passedOver is the prepared output in it.
	newest     *store.Checkpoint
	passedOver map[plan.NodeID][][]byte
	wiring     *wiring
	tasks      []*task.Task
	groups     map[string]*clock.Group // alignment groups, by name
	events     *events
	watch      watch

	// writing is the checkpoint for which state files may be written, nil for none.
	writing atomic.Pointer[store.Pending]
}

// run1 runs the attempt. It returns nil if the input has ended and all output is committed,
// ErrStopped if ctx has ended, or the error that the attempt failed with. When it returns,
// no goroutine of the attempt is running, unless the error is a *StuckError.
func (a *attempt) run1(ctx context.Context, from store.From) error {
	// The context of user code does not end with ctx: the job may still take a checkpoint.
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()

	if err := a.getReady(ctx, inner, cancel, from); err != nil {
		return err
	}
	a.Monitor.begin(a.views)
	defer a.Monitor.end()
	a.events = newEvents()
	for _, t := range a.tasks {
		what := fmt.Sprintf("%s, subtask %d", t.Name, t.Subtask)
		a.watch.run(inner, what, func() {
			err := fmt.Errorf("task %s: its goroutine was ended by runtime.Goexit", what)
			defer func() {
				if err != nil {
					a.events.put(taskFailed{err})
				}
			}()
			err = t.Run(inner)
		})
	}
	a.discover(inner)
	err := newConductor(a).conduct(ctx)
	a.wiring.close()
	cancel()
	if !a.watch.wait(a.Patience, a.warnSlow) {
		err = &StuckError{Waited: a.Patience, Where: a.watch.stuck(), Err: notStopped(err), done: &a.watch}
	} else {
		err = a.hearClosed(err)
	}
	a.events.close()
	return err
}

// hearClosed logs what could not be closed after the end was decided. If the attempt has
// ended well, an error of a function fails the job: that function had something to do at
// the end, and a restart would find nothing left to process.
func (a *attempt) hearClosed(err error) error {
	for _, event := range a.events.take() {
		var unclosed *task.CloseError
		if failed, ok := event.(taskFailed); !ok || !errors.As(failed.err, &unclosed) {
			continue
		}
		a.log.Warn("an operator could not be closed", "error", unclosed)
		if err == nil && kindOf(a.Plan, unclosed) == Function {
			err = flow.Permanent(unclosed)
		}
	}
	return err
}

// notStopped returns err, or nil if it says that the job was stopped.
func notStopped(err error) error {
	if errors.Is(err, ErrStopped) {
		return nil
	}
	return err
}

// warnSlow logs which user code the end of the attempt waits for.
func (a *attempt) warnSlow(waited time.Duration, what []string) {
	a.log.Warn("user code has not returned after it was told to stop", "waited", waited.Round(time.Second), "patience", a.Patience, "where", what)
}

// getReady makes everything ready to run. It calls user code. When ctx ends it tells that
// code to return; if the code has not after Patience, getReady returns a *StuckError.
func (a *attempt) getReady(ctx, inner context.Context, cancel context.CancelFunc, from store.From) (err error) {
	stop := context.AfterFunc(ctx, cancel)
	ready := make(chan struct{})
	var result error
	a.watch.run(inner, "the start of the job", func() {
		defer close(ready)
		result = errors.New("the start of the job was ended by runtime.Goexit") // unless it returns
		result = a.recoverAndPrepare(inner, from)
	})
	select {
	case <-ready:
	case <-ctx.Done():
		if !a.watch.wait(a.Patience, a.warnSlow) {
			return &StuckError{Waited: a.Patience, Where: a.watch.stuck(), done: &a.watch}
		}
		<-ready
	}
	if !stop() && ctx.Err() != nil { // inner has ended, and nothing runs yet
		if result == nil {
			a.closeTasks()
		}
		if result == nil || errors.Is(result, context.Canceled) {
			return stoppedBy(ctx)
		}
	}
	return result
}

// stoppedBy is the error of a job that was stopped by the end of ctx.
func stoppedBy(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrStopped, context.Cause(ctx))
}

func (a *attempt) recoverAndPrepare(ctx context.Context, from store.From) error {
	cp, err := a.recover(from)
	if err != nil {
		// At the first start the caller waits for an answer, so no error is worth a restart.
		// Later, damage does not heal by itself.
		var damaged *store.DamagedError
		if a.number == 1 || errors.As(err, &damaged) || !durable.Heals(err) {
			err = flow.Permanent(err)
		}
		return &RecoveryError{err}
	}
	if err := a.claim(ctx, from, cp); err != nil {
		return err
	}
	return a.prepare(ctx, cp)
}

// recover finds the checkpoint to start from. If that need not be the newest one, it keeps
// the prepared output in the newest in a.passedOver: that output belongs to a complete
// checkpoint, so it has to become visible. A checkpoint of this run is not passed over: the
// records before it are processed.
func (a *attempt) recover(from store.From) (*store.Checkpoint, error) {
	if !from.None && from.Path == "" {
		return a.Store.Recover(from)
	}
	newest, err := a.Store.Look()
	switch {
	case err != nil:
		a.log.Warn("the newest checkpoint cannot be read; prepared output in it that is not visible yet is dropped", "error", err)
	case newest == nil:
	case a.wrote(newest):
		return a.Store.Recover(store.From{})
	default:
		if a.passedOver, err = preparedIn(a.Plan, newest); err != nil {
			return nil, err
		}
		a.newest = newest
	}
	return a.Store.Recover(from)
}

// wrote reports whether this run has written a checkpoint. It may have become complete as an
// attempt ended, so that no attempt has completed it.
func (r *run) wrote(cp *store.Checkpoint) bool {
	return cp != nil && cp.Seal != nil && cp.Seal.Incarnation == r.Store.Incarnation()
}

// prepare makes everything ready to run: state, splits, tasks, sinks.
func (a *attempt) prepare(ctx context.Context, cp *store.Checkpoint) (err error) {
	if a.start, err = newStart(&a.Config, cp); err != nil {
		return err
	}
	// Once the tasks are built, all restored state is in memory.
	defer a.start.close()
	a.Monitor.update(func(v *View) {
		if a.number == 1 {
			v.Restored = a.start.from
		}
		// At a restart, too: this checkpoint may have become complete after the last attempt
		// had ended, and older ones may be gone.
		v.LastComplete = a.start.from
	})
	if err := a.start.dealSplits(ctx, &a.Config, !a.wrote(cp)); err != nil {
		return err
	}
	chains := a.Plan.Chain(a.Parallelism)
	if err := fitsProcess(chains, a.Parallelism); err != nil {
		return err
	}
	a.wiring = newWiring(chains)
	defer func() {
		if err != nil {
			a.closeTasks()
		}
	}()
	for _, chain := range chains {
		for subtask := range chain.Parallelism {
			if err := ctx.Err(); err != nil {
				return err
			}
			t, err := task.Build(a.spec(ctx, chain, subtask))
			if err != nil {
				return a.fit(err)
			}
			a.tasks = append(a.tasks, t)
		}
	}
	// Everything fits. Only from here on is anything outside of the process changed.
	if err := a.recoverSinks(ctx); err != nil {
		return err
	}
	if a.start.from != 0 {
		a.log.Info("restored", "checkpoint", a.start.from, "parallelism", a.Parallelism)
	} else {
		a.log.Info("started without a checkpoint", "parallelism", a.Parallelism)
	}
	return nil
}

// fit adds the checkpoint to the error of state that does not fit.
func (a *attempt) fit(err error) error {
	if a.start.from != 0 && flow.IsPermanent(err) {
		return fmt.Errorf("restore checkpoint %d: %w", a.start.from, err)
	}
	return err
}

func (a *attempt) closeTasks() {
	for _, t := range a.tasks {
		if err := t.Close(); err != nil {
			a.log.Warn("close a task that has not run", "task", t.Name, "error", err)
		}
	}
}

func (a *attempt) spec(ctx context.Context, chain *plan.Task, subtask int) task.Spec {
	head := chain.Head
	figures := &task.Figures{}
	s := task.Spec{
		Index:     a.wiring.first[chain.ID] + subtask,
		Chain:     chain,
		Subtask:   checkpoint.Subtask(subtask),
		Gate:      a.wiring.gates[chain.ID][subtask],
		Inputs:    a.wiring.inputs[chain.ID],
		Edges:     a.wiring.edges(chain, subtask, func(n plan.NodeID) int { return a.start.maxParal[n] }, figures),
		EventTime: a.Plan.EventTime,
		Figures:   figures,
		Context: func(n *plan.Node) *flow.Context {
			c := &flow.Context{
				Operator:         n.Label(),
				ID:               n.OperatorID(),
				Subtask:          checkpoint.Subtask(subtask),
				Parallelism:      chain.Parallelism,
				MaxParallelism:   a.start.maxParal[n.ID],
				Incarnation:      a.Store.Incarnation(),
				Attempt:          a.number,
				EventTime:        a.Plan.EventTime,
				AllowNonRestored: a.AllowNonRestored,
				Ctx:              ctx,
				Log:              a.log.With("operator", n.Label(), "subtask", subtask),
				Metrics:          a.Monitor.Metrics.Group(metrics.Scope{Operator: n.Label(), Subtask: subtask}),
			}
			c.Restored = a.start.restored(n, subtask, c.Range())
			return c
		},
		Writers: a.newWriter,
		Reports: task.Reports{
			Acknowledge: func(t int, p task.Part) { a.events.put(acknowledged{t, p}) },
			Decline:     func(id checkpoint.ID, err error) { a.events.put(declined{id, err}) },
			Notified:    func(t int, id checkpoint.ID) { a.events.put(notified{t, id}) },
			Exhausted:   func(t int) { a.events.put(exhausted{t}) },
		},
	}
	if head.Source != nil {
		s.Splits = a.start.shares[head.ID][subtask].read
		s.Group = a.group(head.Source)
	}
	return s
}

// group returns the alignment group of a source, nil if it has none.
func (a *attempt) group(source flow.Source) *clock.Group {
	name, _ := source.Alignment()
	if name == "" {
		return nil
	}
	g := a.groups[name]
	if g == nil {
		g = clock.NewGroup()
		a.groups[name] = g
	}
	return g
}

// discover asks unbounded sources for new splits while the job runs.
func (a *attempt) discover(ctx context.Context) {
	for _, chain := range a.wiring.chains {
		n := chain.Head
		if n.Source == nil || n.Source.Bounded() {
			continue
		}
		first := a.wiring.first[chain.ID]
		d := newDiscovery(n, a.tasks[first:first+chain.Parallelism], a.start.shares[n.ID])
		a.watch.run(ctx, "listing the splits of source "+n.Label(), func() {
			if err := d.run(ctx); err != nil {
				a.events.put(taskFailed{err})
			}
		})
	}
}

// views returns the tasks as they are now.
func (a *attempt) views() []TaskView {
	views := make([]TaskView, len(a.tasks))
	i := 0
	for _, chain := range a.wiring.chains {
		for range chain.Parallelism {
			t := a.tasks[i]
			views[i] = TaskView{
				Name: t.Name, Subtask: int(t.Subtask), Parallelism: chain.Parallelism, Source: chain.Head.Source != nil,
				Records: t.Records(), Batches: t.Batches(), Idle: t.Idle(), Blocked: t.Blocked(), Watermark: t.Watermark(),
			}
			i++
		}
	}
	return views
}

// sources returns how many subtasks read sources.
func (a *attempt) sources() (n int) {
	for _, c := range a.wiring.chains {
		if c.Head.Source != nil {
			n += c.Parallelism
		}
	}
	return n
}
