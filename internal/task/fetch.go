package task

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/weirstream/weir/internal/clock"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// fetchChannel is the channel of the gate on which the fetcher sends what it has read.
const fetchChannel = 0

// A fetcher reads the splits of one subtask into its gate, in goroutines of its own, so
// that a reader that waits does not hold up checkpoints.
//
// The splits of a bounded source are read one after the other, so that a folder of a
// thousand files does not mean a thousand open files. A split of an unbounded source may
// have nothing for a long time. While a split has records, a goroutine of its own reads it.
// While it has none, it costs no goroutine, and is read again after a pause that grows
// (see idle.go).
//
// Invariants: a split that is busy is used by one goroutine only, the one that made it
// busy; a split that is idle and has nothing to commit is in the idle list.
type fetcher struct {
	source flow.Source
	timed  bool
	gate   *exchange.Gate[Control]
	begin  []flow.Split // the splits of the subtask at the start
	group  *clock.Group // nil if the source is not aligned with others
	most   time.Duration

	mu      sync.Mutex
	splits  map[string]*reading
	fresh   []*reading // to be read, or to be forgotten
	idle    idleList
	wake    chan struct{} // holds a token if there is something new to do
	commits bool          // some reader wants to hear of complete checkpoints
	pending int           // positions that are to be committed
	settled []func()      // to be called when pending is 0

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
	fresh  bool          // it was not there when the task began
	idle   bool          // the last mark that was sent says that event time need not wait for it
	member *clock.Member // of the alignment group, if there is one
	ahead  bool          // too far ahead of the group to be read
	commit *[]byte       // the position that is to be committed, nil for none
	last   []byte        // the last position that was to be committed
	sleep  sleep
}

func newFetcher(s Spec) *fetcher {
	f := &fetcher{
		source: s.Chain.Head.Source, timed: s.EventTime, gate: s.Gate, begin: s.Splits, group: s.Group,
		splits: make(map[string]*reading), wake: make(chan struct{}, 1),
	}
	_, f.most = f.source.Alignment()
	for i, split := range f.begin {
		r := &reading{Split: split}
		f.splits[split.ID] = r
		// Splits join the group before any task runs, so that none gets ahead of one that
		// is going to be read.
		if !f.source.Bounded() || i == 0 {
			f.join(r)
		}
	}
	return f
}

// run reads until ctx ends, the gate is closed or something fails. When a bounded source
// has read everything, run sends the end and goes on to commit positions.
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
		for i, s := range f.begin {
			r := f.splits[s.ID]
			if err := f.readAll(ctx, r); err != nil {
				return err
			}
			if i+1 < len(f.begin) {
				f.join(f.splits[f.begin[i+1].ID])
			}
			f.leave(r)
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

// announce says which splits are going to be read, so that event time waits for each of
// them from the beginning. An unbounded source without splits is idle: event time does not
// wait for it.
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

// step commits the position that is to be committed, reads once and sends what was read.
// more reports whether there may be more to read at once.
func (f *fetcher) step(ctx context.Context, r *reading) (more bool, err error) {
	if err := f.commit(ctx, r); err != nil {
		return false, err
	}
	if r.ended || f.mustWait(r) {
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
	if r.member != nil {
		r.member.Mark(got.Mark)
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

// commit makes the reader commit the position that it is to commit, if there is one.
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
	settled := f.settle()
	f.mu.Unlock()
	call(settled)
	return nil
}

// settle counts that a position is committed, or that it never will be. It returns what waited
// for that, to be called without the lock. The lock is held.
func (f *fetcher) settle() (settled []func()) {
	if f.pending--; f.pending == 0 {
		settled, f.settled = f.settled, nil
	}
	return settled
}

func call(functions []func()) {
	for _, f := range functions {
		f()
	}
}

// rest ends a goroutine's use of a split. If the split is idle it is read again later.
func (f *fetcher) rest(ctx context.Context, r *reading, any bool) {
	if r.ended && r.reader != nil && !r.reader.Commits() {
		err := r.reader.Close()
		r.reader = nil
		if err != nil {
			f.fail(err)
			return
		}
	}
	if r.ended && !f.source.Bounded() {
		f.leave(r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case r.commit != nil, r.forget:
		f.fresh = append(f.fresh, r)
		f.poke()
	case r.ahead: // resume starts it again
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

// conduct starts to read splits that are new, or that were idle for long enough.
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

// start starts a goroutine that reads a split, or forgets the split.
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
	var settled []func()
	if r.commit != nil {
		settled = f.settle()
	}
	f.mu.Unlock()
	call(settled)
	f.leave(r)
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

// offer adds a split, with the position to begin at. A split that is being read is left
// alone. One that has ended is read again if again is true.
func (f *fetcher) offer(s flow.Split, again bool) {
	var settled []func()
	defer func() { call(settled) }() // without the lock
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.splits[s.ID]
	switch {
	case r == nil:
		r = &reading{Split: s, fresh: true}
		f.splits[s.ID] = r
	case again && r.ended && !r.busy && !r.forget:
		if old := r.reader; old != nil { // it was kept open for commits; they are of no use now
			f.running.Go(func() { _ = old.Close() })
		}
		if r.commit != nil {
			settled = f.settle()
		}
		*r = reading{Split: s, fresh: true}
	default:
		return
	}
	f.fresh = append(f.fresh, r)
	f.poke()
}

// drop forgets a split.
func (f *fetcher) drop(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.splits[id]
	if r == nil { // the task has never read it; until it is forgotten it is not offered again
		r = &reading{Split: flow.Split{ID: id}}
		f.splits[id] = r
	}
	r.forget = true
	f.idle.remove(r)
	f.fresh = append(f.fresh, r)
	f.poke()
}

// A Known is a split that a subtask reads or has read, with its position.
type Known struct {
	flow.Split
	Ended bool // it was read to its end
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

// committed makes readers commit the positions that a complete checkpoint holds.
func (f *fetcher) committed(splits []flow.Split) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range splits {
		r := f.splits[s.ID]
		// A split that was not read since the last commit, or never, has nothing to commit.
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

// whenCommitted calls done once all positions that are to be committed are committed.
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

// close closes the readers that are open. Nothing reads any more.
func (f *fetcher) close() {
	for _, r := range f.splits {
		if r.reader != nil {
			_ = r.reader.Close() // the attempt is over; what is not committed is read again
			r.reader = nil
		}
	}
}
