package keyed

import (
	"fmt"
	"math"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// A TimeDomain says which clock the times of timers are of.
type TimeDomain string

const (
	EventTime      TimeDomain = "event"
	ProcessingTime TimeDomain = "processing"
)

// Timers is the kind of the timers of one service in one time domain: Flink's queue of
// timers. A timer is a time in milliseconds, a key and a namespace; there is one of each.
type Timers[K, N comparable] struct {
	backend *Backend[K]
	meta    flink.StateMeta
	spaces  codec.Codec[N]
	space   N // the current namespace
	queues  []timerQueue[K, N]
	order   timerOrder
	n       int
	freezer
}

// NewTimers declares timers without namespaces. The name of the service is Flink's:
// "user-timers" for those of a process function.
func NewTimers[K comparable](b *Backend[K], domain TimeDomain, service string) (*Timers[K, Void], error) {
	return NewTimersIn(b, domain, service, Voids)
}

// NewTimersIn declares timers with a namespace each.
func NewTimersIn[K, N comparable](b *Backend[K], domain TimeDomain, service string, spaces codec.Codec[N]) (*Timers[K, N], error) {
	name := fmt.Sprintf("_timer_state/%s_%s", domain, service)
	t := &Timers[K, N]{
		backend: b, spaces: spaces,
		meta:   flink.TimerQueueMeta(name, b.codec.Serializer(), spaces.Serializer()),
		queues: make([]timerQueue[K, N], b.keyGroups.Len()),
		order:  newTimerOrder(b.keyGroups.Len()),
	}
	t.epoch = 1
	return t, b.add(t)
}

// In makes a namespace the current one.
func (t *Timers[K, N]) In(space N) { t.space = space }

// Register registers a timer of the current key and namespace, and reports whether there
// was none for that time.
func (t *Timers[K, N]) Register(at int64) bool {
	g, timer := t.current(at)
	return t.register(g, timer)
}

// Delete deletes a timer of the current key and namespace, and reports whether there was
// one.
func (t *Timers[K, N]) Delete(at int64) bool {
	g, timer := t.current(at)
	q := &t.queues[g]
	r, i, found := q.find(&timer)
	if !found {
		return false
	}
	q.remove(&t.freezer, endOf(g), r, i)
	t.n--
	t.fix(g)
	return true
}

// Next returns the time of the earliest timer, if there is one.
func (t *Timers[K, N]) Next() (at int64, ok bool) {
	at, _, ok = t.order.first()
	return at, ok
}

// PopDue takes out the earliest timer, if it is due at the time now, makes its key and
// namespace the current ones, alone, and returns its time. Of timers for one time, any may
// be the first.
func (t *Timers[K, N]) PopDue(now int64) (at int64, ok bool) {
	at, g, ok := t.order.first()
	if !ok || at > now {
		return 0, false
	}
	q := &t.queues[g]
	timer := q.pop(&t.freezer, endOf(g))
	t.n--
	t.fix(g)
	t.backend.Set(timer.key, checkpoint.KeyGroup(t.backend.keyGroups.Start+g))
	t.space = timer.space
	return at, true
}

// Space is the current namespace: after PopDue, that of the timer.
func (t *Timers[K, N]) Space() N { return t.space }

// current is a timer of the current key and namespace, and the number of its key group.
func (t *Timers[K, N]) current(at int64) (g int, _ timer[K, N]) {
	c := &t.backend.Current
	i := c.at()
	if i >= uint64(len(c.keys)) {
		panic(errNoKey)
	}
	key := c.keys[i]
	return int(c.groups[i]) - t.backend.keyGroups.Start,
		timer[K, N]{at, spread(c.strong(key, c.codes[i]), c.seed, t.space), t.space, key}
}

func (t *Timers[K, N]) register(g int, timer timer[K, N]) bool {
	q := &t.queues[g]
	r, i, found := q.find(&timer)
	if found {
		return false
	}
	if own := t.backend.own; own != nil {
		timer.key = own(timer.key)
	}
	q.insert(&t.freezer, endOf(g), r, i, timer)
	t.n++
	t.fix(g)
	return true
}

// fix tells the order what the first timer of a queue is.
func (t *Timers[K, N]) fix(g int) {
	at, ok := t.queues[g].first()
	t.order.fix(g, at, ok)
}

// What a backend does with all states.

func (t *Timers[K, N]) describe() flink.StateMeta { return t.meta }
func (t *Timers[K, N]) size() int                 { return t.n }
func (t *Timers[K, N]) lookAhead()                {}

func (t *Timers[K, N]) freeze() frozenState {
	f := &frozenTimers[K, N]{freeze: t.freezer.freeze(), timers: t, queues: make([]frozenQueue[K, N], len(t.queues))}
	for i := range t.queues {
		f.queues[i] = frozenQueue[K, N]{t.queues[i].runs, t.queues[i].n}
	}
	return f
}

type frozenTimers[K, N comparable] struct {
	*freeze
	timers *Timers[K, N] // for what does not change
	queues []frozenQueue[K, N]
}

type frozenQueue[K, N comparable] struct {
	runs []timerRun[K, N]
	n    int
}

func (f *frozenTimers[K, N]) count(group int) int { return f.queues[group].n }

func (f *frozenTimers[K, N]) write(out *encoder, group int) (err error) {
	key, spaces := f.timers.backend.codec, f.timers.spaces
	for _, run := range f.queues[group].runs {
		for i := int(run.from); i < int(run.to); i++ {
			t := run.page.get(i)
			out.buf = flink.AppendI64(out.buf, t.at^math.MinInt64)
			if out.buf, err = key.Append(out.buf, t.key); err != nil {
				return fmt.Errorf("key %v: %w", t.key, err)
			}
			if out.buf, err = spaces.Append(out.buf, t.space); err != nil {
				return fmt.Errorf("namespace %v of key %v: %w", t.space, t.key, err)
			}
		}
		if err := out.room(); err != nil {
			return err
		}
	}
	f.wrote(placeOf(group+1, 0))
	return nil
}

func (f *frozenTimers[K, N]) release() {
	f.queues = nil
	f.freeze.release()
}

func (t *Timers[K, N]) reader(was *flink.StateMeta, rule nanRule) (entryReader, error) {
	if was.Kind != t.meta.Kind {
		return nil, fmt.Errorf("it was a %s, and the job declares it as timers", was.Kind)
	}
	if !flink.Equal(was.Value(), t.meta.Value()) {
		return nil, fmt.Errorf("it was written as %s, and the job has %s", was.Value().TypeName(), t.meta.Value().TypeName())
	}
	return timerReader[K, N]{t, rule}, nil
}

type timerReader[K, N comparable] struct {
	timers *Timers[K, N]
	rule   nanRule
}

func (timerReader[K, N]) reserve(checkpoint.KeyGroup, int) {}

func (r timerReader[K, N]) read(g checkpoint.KeyGroup, src []byte) (n int, err error) {
	c := flink.NewCursor(src)
	at := c.I64() ^ math.MinInt64
	if err := c.Err(); err != nil {
		return 0, err
	}
	t := r.timers
	key, size, err := t.backend.codec.Decode(src[c.Offset():])
	if err != nil {
		return 0, fmt.Errorf("key: %w", err)
	}
	c.Bytes(size)
	space, size, err := t.spaces.Decode(src[c.Offset():])
	if err != nil {
		return 0, fmt.Errorf("namespace of key %v: %w", key, err)
	}
	c.Bytes(size)
	dropped, err := dropsKey(r.rule, key, g)
	if err != nil || dropped {
		return c.Offset(), err
	}
	t.backend.Set(key, g)
	t.space = space
	if !t.Register(at) {
		return 0, fmt.Errorf("a timer that is there twice: time %d, key %v, namespace %v", at, key, space)
	}
	return c.Offset(), nil
}
