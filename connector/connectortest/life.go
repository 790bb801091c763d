package connectortest

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
)

// A period is what lies between two checkpoints of a job.
type period struct {
	records int  // that are written in it
	fails   bool // the checkpoint at its end comes to nothing
	late    bool // the news of the checkpoint before comes after this one is prepared
}

// A script is a job from its beginning to its end. Records are numbered through.
type script []period

// long has what a job may meet, and short as much of it as a sweep within a sweep has time
// for. Of single and first one subtask is enough: no other subtask's syncs do for its own.
var (
	long = script{
		{records: 3}, {records: 3, fails: true}, {records: 1}, {}, {records: 3, late: true},
		{fails: true}, {records: 2, fails: true}, {records: 3}, {records: 2, late: true},
	}
	short  = script{{records: 2, fails: true}, {records: 2}, {records: 1, late: true}}
	single = script{{records: 2}, {records: 1}, {}, {records: 1}}
	first  = script{{records: 2, fails: true}, {records: 1}, {records: 1, late: true}}
)

// upTo is how many records the first n periods have.
func (s script) upTo(n int) (records int) {
	for _, p := range s[:n] {
		records += p.records
	}
	return records
}

func (s script) all() int { return s.upTo(len(s)) }

// A complete is a complete checkpoint: the suite keeps it as safe as one is.
type complete struct {
	id       checkpoint.ID
	periods  int // done
	records  int // in them
	elements [][]byte
}

// A life is a job over its attempts, in one process.
type life[T any] struct {
	world  *world[T]
	script script
	widths []int // how many subtasks there are, by incarnation in turn
	// remembers says that a start does not commit what is known to be committed. If not,
	// each crash has hit before that could be noted.
	remembers bool

	process     *process[T] // nil before the first attempt
	incarnation checkpoint.Incarnation
	attempt     int
	last        complete // the restart begins here
	committed   int      // records for which Commit has returned
	step        func(call string) error
	happened    func(fact) // is called with what a power cut does not undo
}

// A fact is what is true from now on: that a checkpoint is complete, or that Commit has
// returned for so many records.
type fact struct {
	complete  *complete
	committed int
}

func (s *sinkTest[T]) life(w *world[T], sc script, widths ...int) *life[T] {
	return &life[T]{world: w, script: sc, widths: widths, incarnation: 1, happened: func(fact) {}}
}

// next is the same life in a process that is started after this one, which is dead.
func (l *life[T]) next(w *world[T]) *life[T] {
	if l.process != nil {
		l.process.kill()
	}
	return &life[T]{
		world: w, script: l.script, widths: l.widths, remembers: l.remembers, incarnation: l.incarnation + 1,
		last: l.last, committed: l.committed, happened: func(fact) {},
	}
}

func (l *life[T]) width() int { return l.widths[(int(l.incarnation)-1)%len(l.widths)] }

// begin starts an attempt, and makes sure that what is visible then is what the restored
// checkpoint says: it, and nothing else.
func (l *life[T]) begin() (*job[T], error) {
	l.attempt++
	if l.process == nil {
		l.process = l.world.newProcess(theSink)
	}
	j := l.process.newJob()
	j.step = l.step
	if l.process.release == nil {
		claim := weir.Claim{Lineage: lineageA, Fresh: l.last.id == 0, From: l.last.id}
		if err := j.call("claim", func() error { return l.process.claim(claim) }); err != nil {
			return j, err
		}
	}
	if !l.remembers || l.committed < l.last.records {
		if err := j.commitRestored(l.last.elements); err != nil {
			return j, err
		}
		l.commits(l.last.records)
	}
	if err := j.open(at(l.incarnation, l.attempt), l.width()); err != nil {
		return j, err
	}
	if err := l.world.shows(l.last.records); err != nil {
		return j, verdict{fmt.Errorf("after the restart from checkpoint %d: %w", l.last.id, err)}
	}
	return j, nil
}

// run runs one attempt, from the last complete checkpoint to the end of the script.
func (l *life[T]) run() (err error) {
	j, err := l.begin()
	defer func() {
		if errors.Is(err, errKilled) {
			return
		}
		if cerr := j.close(); err == nil {
			err = cerr
		}
	}()
	if err != nil {
		return err
	}
	id, due := l.last.id, checkpoint.ID(0)
	commit := func() error {
		if due == 0 {
			return nil
		}
		if err := j.complete(due); err != nil {
			return err
		}
		due = 0
		l.commits(l.last.records)
		return nil
	}
	for n := l.last.periods; n < len(l.script); n++ {
		p := l.script[n]
		id++
		first := l.script.upTo(n)
		numbers := numbersTo(first + p.records)[first:]
		// The next records come before the news that the checkpoint is complete.
		if err := j.deal(numbers[:len(numbers)/2]...); err != nil {
			return err
		}
		if !p.late {
			if err := commit(); err != nil {
				return err
			}
		}
		if err := j.deal(numbers[len(numbers)/2:]...); err != nil {
			return err
		}
		elements, err := j.prepare(id)
		if err != nil {
			return err
		}
		if err := commit(); err != nil {
			return err
		}
		if p.fails {
			continue
		}
		l.last = complete{id: id, periods: n + 1, records: first + p.records, elements: elements}
		due = id
		last := l.last
		l.happened(fact{complete: &last})
	}
	return commit()
}

func (l *life[T]) commits(records int) {
	l.committed = max(l.committed, records)
	l.happened(fact{committed: l.committed})
}

// whole is an attempt that ends well, and the end of its process.
func (l *life[T]) whole() error {
	if err := l.run(); err != nil {
		return err
	}
	return l.end()
}

// end is the end of the process.
func (l *life[T]) end() error {
	if l.process == nil {
		return nil
	}
	if l.step != nil && l.process.release != nil {
		if err := l.step("release"); err != nil {
			return err
		}
	}
	err := l.process.end()
	l.process = nil
	return err
}

// ahead makes sure of what must hold at any moment: nothing is visible ahead of its
// checkpoint, or twice, and what Commit has returned for is.
func (l *life[T]) ahead() error { return l.world.between(l.committed, l.last.records) }

// ended makes sure of what must hold when the job has ended well.
func (l *life[T]) ended() error {
	if err := l.world.shows(l.script.all()); err != nil {
		return fmt.Errorf("in the end: %w", err)
	}
	if err := l.world.clean(); err != nil {
		return fmt.Errorf("in the end: %w", err)
	}
	return nil
}

// toTheEnd runs the job to its end, and once more when there is nothing left to do.
func (l *life[T]) toTheEnd() error {
	for range 2 {
		if err := l.whole(); err != nil {
			return err
		}
		if err := l.ended(); err != nil {
			return err
		}
	}
	return nil
}
