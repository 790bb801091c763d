package connectortest

import (
	"context"
	"fmt"
	"sync"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
)

// The lineages of checkpoints that runs of the sink under test belong to.
const (
	lineageA = "lineage a"
	lineageB = "lineage b"
)

// A process runs one sink of a job, for one attempt or several. If the sink is a Claimer,
// it claims the sink's place once.
type process[T any] struct {
	world   *world[T]
	id      weir.SinkID
	owner   string // what it says of itself
	sink    weir.Sink[T]
	fsys    *mortal      // nil if the output is elsewhere
	release func() error // nil: it has claimed nothing
}

// newProcess starts a process after the one that ran the sink before was killed.
func (w *world[T]) newProcess(id weir.SinkID) *process[T] {
	if p := w.alive[id]; p != nil {
		p.kill()
	}
	return w.anotherProcess(id)
}

// anotherProcess starts a process beside the one that runs the sink.
func (w *world[T]) anotherProcess(id weir.SinkID) *process[T] {
	w.started++
	p := &process[T]{world: w, id: id, owner: fmt.Sprintf("process %d of the suite", w.started)}
	if w.elsewhere != nil {
		p.sink = w.elsewhere.Sink
	} else {
		p.fsys = &mortal{FS: w.through, locks: map[*mortalLock]string{}}
		p.sink = w.test.On(p.fsys).Sink
	}
	if w.alive == nil {
		w.alive = make(map[weir.SinkID]*process[T])
	}
	w.alive[id] = p
	return p
}

func (p *process[T]) newJob() *job[T] { return &job[T]{test: p.world.test, sink: p.sink} }

// claim claims the sink's place, if the sink is a Claimer. SinkID and Owner are filled in.
func (p *process[T]) claim(c weir.Claim) error {
	claimer, ok := p.sink.(weir.Claimer)
	if !ok {
		return nil
	}
	c.SinkID, c.Owner = p.id, p.owner
	release, err := claimer.Claim(context.Background(), c)
	switch {
	case err != nil && release != nil:
		return verdict{fmt.Errorf("claim: it returns an error and a release: %w", err)}
	case err != nil:
		return fmt.Errorf("claim: %w", err)
	case release == nil:
		return verdict{fmt.Errorf("claim: it returns neither an error nor a release")}
	}
	p.release = release
	return nil
}

// end is the end of a process that ends well.
func (p *process[T]) end() error {
	if p.release == nil {
		return nil
	}
	err := p.release()
	p.release = nil
	if err != nil {
		return fmt.Errorf("release the claim: %w", err)
	}
	return nil
}

// kill ends the process without calling the sink. What is elsewhere has to be told: the
// suite cannot cut its connections.
func (p *process[T]) kill() {
	if p.fsys != nil {
		p.fsys.kill()
	} else {
		_ = p.end() // the process is dead: its errors reach nothing
	}
	p.release = nil
}

// locks lists the files that are locked for as long as the process lives.
func (p *process[T]) locks() []string {
	if p.fsys == nil || p.release == nil {
		return nil
	}
	return p.fsys.locked()
}

// A mortal file system is that of one process: its locks end with the process.
type mortal struct {
	durable.FS
	mu    sync.Mutex
	locks map[*mortalLock]string
}

type mortalLock struct {
	durable.LockFile
	of *mortal
}

func (m *mortal) Lock(name string) (durable.LockFile, error) {
	l, err := m.FS.Lock(name)
	if l == nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	held := &mortalLock{l, m}
	m.locks[held] = name
	return held, err
}

func (l *mortalLock) Close() error {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	delete(l.of.locks, l)
	return l.LockFile.Close()
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for l := range m.locks {
		_ = l.LockFile.Close() // the system does it, without a result
	}
	clear(m.locks)
}

func (m *mortal) locked() (names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range m.locks {
		names = append(names, name)
	}
	return names
}
