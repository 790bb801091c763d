package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/internal/task"
)

// An attempt is one run of the job from a checkpoint to an end of any kind.
type attempt struct {
	Config
	number    int
	log       *slog.Logger
	completed bool // a checkpoint was completed

	start *start
	// passedOver is what the newest checkpoint holds prepared, if the attempt starts from
	// another one.
	passedOver map[plan.NodeID][][]byte
	newest     *store.Checkpoint // that one
	wiring     *wiring
	tasks      []*task.Task
	events     *events
	// writing is the checkpoint for which state files may be written, nil for none.
	writing atomic.Pointer[store.Pending]
}

// run returns nil if the input has ended and is committed, ErrStopped if ctx has ended,
// or why the attempt failed. Nothing of the attempt runs any more when it returns.
func (a *attempt) run(ctx context.Context, from store.From) error {
	// User code is not cut off by the end of ctx: the job may still take a checkpoint.
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	cp, err := a.recover(from)
	if err != nil {
		// At the start somebody is there to be told; and damage does not heal by itself.
		var damaged *store.DamagedError
		if a.number == 1 || errors.As(err, &damaged) || !durable.Heals(err) {
			err = flow.Permanent(err)
		}
		return fmt.Errorf("recover: %w", err)
	}
	if err := a.prepare(inner, cp); err != nil {
		return err
	}
	a.Monitor.begin(a.records)
	defer a.Monitor.end()

	a.events = newEvents()
	var running sync.WaitGroup
	for _, t := range a.tasks {
		running.Go(func() {
			err := fmt.Errorf("task %s, subtask %d: its goroutine was ended by runtime.Goexit", t.Name, t.Subtask)
			defer func() {
				if err != nil {
					a.events.put(taskFailed{err})
				}
			}()
			err = t.Run(inner)
		})
	}
	err = newConductor(a).conduct(ctx)
	a.wiring.close()
	cancel()
	running.Wait()
	a.events.close()
	return err
}

// recover finds the checkpoint to start from. If it is not the newest, what that one holds
// prepared is kept in a.passedOver: its output belongs to a complete checkpoint.
func (a *attempt) recover(from store.From) (*store.Checkpoint, error) {
	if !from.None && from.Path == "" {
		return a.Store.Recover(from)
	}
	newest, err := a.Store.Look()
	if err != nil {
		a.log.Warn("the newest checkpoint cannot be read; output that it holds prepared and that is not visible yet is given up", "error", err)
	} else if newest != nil {
		if a.passedOver, err = preparedIn(a.Plan, newest); err != nil {
			return nil, err
		}
		a.newest = newest
	}
	return a.Store.Recover(from)
}

// prepare makes everything ready to run: state, splits, tasks, sinks.
func (a *attempt) prepare(ctx context.Context, cp *store.Checkpoint) (err error) {
	if a.start, err = newStart(&a.Config, cp); err != nil {
		return err
	}
	// Restored tables are in memory once the tasks are built.
	defer a.start.close()
	a.Monitor.update(func(v *View) {
		if a.number == 1 {
			v.Restored = a.start.from
		}
		// Later, too: it may be one that became complete when nobody listened any more, and
		// those before it may be gone.
		v.LastComplete = a.start.from
	})
	if err := a.start.dealSplits(ctx, &a.Config); err != nil {
		return err
	}
	chains := a.Plan.Chain()
	a.wiring = newWiring(chains, a.Parallelism)
	defer func() {
		if err != nil {
			a.closeTasks()
		}
	}()
	for _, chain := range chains {
		for subtask := range a.Parallelism {
			t, err := task.Build(a.spec(ctx, chain, subtask))
			if err != nil {
				return a.fit(err)
			}
			a.tasks = append(a.tasks, t)
		}
	}
	// Everything fits. From here on the outside is touched.
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

// fit says of an incompatibility which checkpoint it is about.
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
	s := task.Spec{
		Index:    chain.ID*a.Parallelism + subtask,
		Chain:    chain,
		Subtask:  checkpoint.Subtask(subtask),
		Gate:     a.wiring.gates[chain.ID][subtask],
		Channels: a.wiring.channels[chain.ID],
		Edges:    a.wiring.edges(chain, subtask, func(n plan.NodeID) int { return a.start.maxParal[n] }),
		Context: func(n *plan.Node) *flow.Context {
			c := &flow.Context{
				Operator:         n.Label(),
				ID:               n.OperatorID(),
				Subtask:          checkpoint.Subtask(subtask),
				Parallelism:      a.Parallelism,
				MaxParallelism:   a.start.maxParal[n.ID],
				Incarnation:      a.Store.Incarnation(),
				Attempt:          a.number,
				AllowNonRestored: a.AllowNonRestored,
				Ctx:              ctx,
				Log:              a.log.With("operator", n.Label(), "subtask", subtask),
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
		mine := a.start.shares[head.ID][subtask]
		s.Splits, s.Gone, s.Known = mine.read, mine.gone, a.start.known[head.ID]
	}
	return s
}

// records is how many records the sources have read in this attempt.
func (a *attempt) records() (n int64) {
	for _, t := range a.tasks {
		if a.wiring.chains[t.Index/a.Parallelism].Head.Source != nil {
			n += t.Records()
		}
	}
	return n
}

// sources is how many subtasks read sources.
func (a *attempt) sources() (n int) {
	for _, c := range a.wiring.chains {
		if c.Head.Source != nil {
			n += a.Parallelism
		}
	}
	return n
}
