package task

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// fetchChannel is the channel on which a source's task gets what was fetched.
const fetchChannel = 0

// A fetcher reads the splits of one subtask into its gate, in goroutines of its own, so
// that a reader that waits does not hold up checkpoints.
//
// The splits of a bounded source are read one after the other, so that a folder of a
// thousand files does not mean a thousand open ones. Those of an unbounded source may each
// have nothing for a long time. A split that has something is read by a goroutine of its
// own; one that has nothing costs no goroutine, and is asked again after a pause that
// grows (see idle.go).
//
// Invariants: a split that is busy is used by one goroutine, the one that made it busy; a
// split that is idle, with nothing to commit, is in the list of idle ones.
type fetcher struct {
	source flow.Source
	timed  bool
	gate   *exchange.Gate[Control]
	begin  []flow.Split // the subtask's share at the start

	mu      sync.Mutex
	splits  map[string]*reading
	fresh   []*reading // to be read, or to be forgotten
	idle    idleList
	wake    chan struct{} // holds a token if there is something new to do
	commits bool          // some reader wants to hear of complete checkpoints
	pending int           // positions that are to be committed
	settled []func()      // what is to be called when there are none

	running sync.WaitGroup
	fail    context.CancelCauseFunc
}

// reading is a split that is being read, or was.
type reading struct {
	flow.Split
	reader flow.SplitReader // nil if it is not open
	busy   bool
	ended  bool
	forget bool
	fresh  bool    // it has come while the source is read
	idle   bool    // it was said that event time need not wait for it
	commit *[]byte // the position that is to be committed, nil for none
	last   []byte  // the last one of those
	sleep  sleep
}

func newFetcher(source flow.Source, timed bool, gate *exchange.Gate[Control], begin []flow.Split) *fetcher {
	f := &fetcher{source: source, timed: timed, gate: gate, begin: begin, splits: make(map[string]*reading), wake: make(chan struct{}, 1)}
	for _, s := range begin {
		f.splits[s.ID] = &reading{Split: s}
	}
	return f
}

// run reads until ctx ends, the gate is closed or something fails. If the source is bounded
// and everything is read it says so, and goes on to commit positions.
func (f *fetcher) run(ctx context.Context) error {
	ctx, f.fail = context.WithCancelCause(ctx)
	defer func() {
		f.fail(nil)
		f.running.Wait()
		f.close()
	}()
	if err := f.announce(); err != nil {
		return err
	}
	if f.source.Bounded() {
		for _, s := range f.begin {
			if err := f.readAll(ctx, f.splits[s.ID]); err != nil {
				return err
			}
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := f.send(exchange.Element{Kind: exchange.End}); err != nil {
			return err
		}
	} else {
		f.mu.Lock()
		for _, s := range f.begin {
			f.fresh = append(f.fresh, f.splits[s.ID])
		}
		f.mu.Unlock()
	}
	return f.conduct(ctx)
}

// announce says which splits are going to be read, so that event time waits for each of them
// from the beginning. Without any it waits for none.
func (f *fetcher) announce() error {
	if !f.timed {
		return nil
	}
	for _, s := range f.begin {
		if err := f.send(exchange.Element{Batch: &flow.Fetched{Split: s.ID, Begin: true}}); err != nil {
			return err
		}
	}
	if len(f.begin) > 0 {
		return f.send(exchange.Element{Batch: &flow.Fetched{Begin: true}})
	}
	if !f.source.Bounded() {
		return f.send(exchange.Element{Kind: exchange.Mark, Mark: flow.Mark{Time: flow.MinTime, Idle: true}})
	}
	return nil
}

// readAll reads a split of a bounded source to its end.
func (f *fetcher) readAll(ctx context.Context, r *reading) error {
	f.mu.Lock()
	r.busy = true
	f.mu.Unlock()
	for {
		more, err := f.step(ctx, r)
		switch {
		case err != nil:
			return err
		case r.ended:
			f.rest(ctx, r, false)
			return nil
		case !more:
			if err := pause(ctx, firstPause); err != nil {
				return err
			}
		}
	}
}

// read reads a split until it has nothing more for now. The caller has made it busy.
func (f *fetcher) read(ctx context.Context, r *reading) {
	defer f.running.Done()
	any := false
	for {
		more, err := f.step(ctx, r)
		if err != nil {
			f.fail(err)
			return
		}
		if !more {
			f.rest(ctx, r, any)
			return
		}
		any = true
	}
}

// step commits what is to be committed, reads once and sends what was read. more reports
// whether it is worth while to go on at once.
func (f *fetcher) step(ctx context.Context, r *reading) (more bool, err error) {
	if err := f.commit(ctx, r); err != nil {
		return false, err
	}
	if r.ended {
		return false, nil
	}
	if r.reader == nil {
		if r.reader, err = f.source.Open(ctx, r.Split, f.timed); err != nil {
			return false, err
		}
		if r.fresh && f.timed {
			if err := f.send(exchange.Element{Batch: &flow.Fetched{Split: r.ID, Begin: true}}); err != nil {
				return false, err
			}
		}
		if r.reader.Commits() {
			f.mu.Lock()
			f.commits = true
			f.mu.Unlock()
		}
	}
	got, err := r.reader.Read(ctx)
	ended := errors.Is(err, io.EOF)
	if err != nil && !ended {
		return false, err
	}
	if got.Batch != nil || ended || got.Mark.Idle != r.idle || !bytes.Equal(got.Position, r.Position) {
		r.idle = got.Mark.Idle
		f.mu.Lock()
		r.Position, r.ended = got.Position, ended
		f.mu.Unlock()
		if err := f.send(exchange.Element{Batch: &got}); err != nil {
			return false, err
		}
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	return got.Batch != nil && !ended, nil
}

// commit has the reader commit the position it is to, if there is one.
func (f *fetcher) commit(ctx context.Context, r *reading) error {
	f.mu.Lock()
	position := r.commit
	r.commit = nil
	f.mu.Unlock()
	if position == nil {
		return nil
	}
	if r.reader != nil {
		if err := r.reader.Committed(ctx, *position); err != nil {
			return err
		}
	}
	f.mu.Lock()
	f.pending--
	settled := f.settled
	if f.pending > 0 {
		settled = nil
	} else {
		f.settled = nil
	}
	f.mu.Unlock()
	for _, done := range settled {
		done()
	}
	return nil
}

// rest ends a goroutine's use of a split: until it is asked again, if it is idle.
func (f *fetcher) rest(ctx context.Context, r *reading, any bool) {
	if r.ended && r.reader != nil && !r.reader.Commits() {
		err := r.reader.Close()
		r.reader = nil
		if err != nil {
			f.fail(err)
			return
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case r.commit != nil, r.forget:
		f.fresh = append(f.fresh, r)
		f.poke()
	case !r.ended && !f.source.Bounded():
		f.idle.add(r, any)
		f.poke()
	}
	r.busy = false
}

// send passes an element to the task.
func (f *fetcher) send(e exchange.Element) error {
	_, err := f.gate.Send(fetchChannel, e)
	return err
}

// conduct starts reading what is new or was idle for long enough.
func (f *fetcher) conduct(ctx context.Context) error {
	alarm := newAlarm()
	defer alarm.stop()
	for {
		f.mu.Lock()
		todo := f.fresh
		f.fresh = nil
		todo = f.idle.due(todo)
		next, ok := f.idle.next()
		f.mu.Unlock()
		for _, r := range todo {
			if err := f.start(ctx, r); err != nil {
				return err
			}
		}
		alarm.set(next, ok)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.wake:
		case <-alarm.c():
		}
	}
}

// start has a split read, or forgets it.
func (f *fetcher) start(ctx context.Context, r *reading) error {
	f.mu.Lock()
	if r.busy {
		f.mu.Unlock()
		return nil
	}
	if !r.forget {
		r.busy = true
		f.running.Add(1)
		f.mu.Unlock()
		go f.read(ctx, r)
		return nil
	}
	delete(f.splits, r.ID)
	f.mu.Unlock()
	if r.reader != nil {
		if err := r.reader.Close(); err != nil {
			return err
		}
	}
	return f.send(exchange.Element{Batch: &flow.Fetched{Split: r.ID, Forget: true}})
}

// poke wakes conduct. The lock is held.
func (f *fetcher) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// offer says that a split is there, and where to read on. A split that is being read stays
// so; one that has ended is read again if again is set.
func (f *fetcher) offer(s flow.Split, again bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.splits[s.ID]
	switch {
	case r == nil:
		r = &reading{Split: s, fresh: true}
		f.splits[s.ID] = r
	case again && r.ended && !r.busy && !r.forget:
		if old := r.reader; old != nil { // kept open for commits that come too late now
			f.running.Go(func() { _ = old.Close() })
		}
		if r.commit != nil {
			f.pending--
		}
		*r = reading{Split: s, fresh: true}
	default:
		return
	}
	f.fresh = append(f.fresh, r)
	f.poke()
}

// drop says that a split need not be remembered.
func (f *fetcher) drop(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.splits[id]
	if r == nil {
		r = &reading{Split: flow.Split{ID: id}}
	}
	r.forget = true
	f.idle.remove(r)
	f.fresh = append(f.fresh, r)
	f.poke()
}

// A Known is a split that a subtask reads or has read, and how far.
type Known struct {
	flow.Split
	Ended bool // nothing more is read of it
}

// appendKnown appends the splits that the subtask reads or has read.
func (f *fetcher) appendKnown(dst []Known) []Known {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.splits {
		if !r.forget {
			dst = append(dst, Known{r.Split, r.ended && !r.busy})
		}
	}
	return dst
}

// wantsCommits reports whether some reader wants to hear of complete checkpoints.
func (f *fetcher) wantsCommits() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.commits
}

// committed has readers commit the positions that a complete checkpoint holds.
func (f *fetcher) committed(splits []flow.Split) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range splits {
		r := f.splits[s.ID]
		// What was not read since, or never, need not be committed.
		if r == nil || r.reader == nil || !r.reader.Commits() || r.forget || s.Position == nil || bytes.Equal(s.Position, r.last) {
			continue
		}
		position := s.Position
		r.last = position
		if r.commit == nil {
			f.pending++
		}
		r.commit = &position
		if !r.busy {
			f.idle.remove(r)
			f.fresh = append(f.fresh, r)
		}
	}
	f.poke()
}

// whenCommitted has done called once all positions that were to be committed are.
func (f *fetcher) whenCommitted(done func()) {
	f.mu.Lock()
	if f.pending > 0 {
		f.settled = append(f.settled, done)
		f.mu.Unlock()
		return
	}
	f.mu.Unlock()
	done()
}

// close closes what is open. Nothing reads any more.
func (f *fetcher) close() {
	for _, r := range f.splits {
		if r.reader != nil {
			_ = r.reader.Close() // the attempt is over; what is not committed is read again
			r.reader = nil
		}
	}
}
