package weir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// A request is a record that says what is to be done with the state of its key. What was
// done, and what the state was like then, is emitted.
type request struct {
	key string
	do  []step
}

type step struct {
	what stepKind
	n    int64
}

type stepKind uint8

const (
	addNumber stepKind = iota
	clearNumber
	appendTag // in place, in the memory that Get gave
	changeTag // in place, too
	clearTags
	addToList
	changeList
	setList
	clearList
	putMap
	changeMap // in place, in the memory of one of its values
	removeMap
	clearMap
	addSum
	clearSum
	look
	numSteps
)

// An all is all that is kept for one key: the model.
type all struct {
	number *int64
	tags   []int64
	list   [][]int64
	table  map[int64][]int64
	sum    *int64
}

func (a *all) clone() *all {
	c := &all{tags: slices.Clone(a.tags)}
	if a.number != nil {
		c.number = new(*a.number)
	}
	if a.sum != nil {
		c.sum = new(*a.sum)
	}
	for _, e := range a.list {
		c.list = append(c.list, slices.Clone(e))
	}
	for k, v := range a.table {
		if c.table == nil {
			c.table = make(map[int64][]int64)
		}
		c.table[k] = slices.Clone(v)
	}
	return c
}

// do is what a request means.
func (a *all) do(s step) {
	switch s.what {
	case addNumber:
		if a.number == nil {
			a.number = new(int64)
		}
		*a.number += s.n
	case clearNumber:
		a.number = nil
	case appendTag:
		a.tags = append(a.tags, s.n)
	case changeTag:
		if len(a.tags) > 0 {
			a.tags[0] = s.n
		}
	case clearTags:
		a.tags = nil
	case addToList:
		a.list = append(a.list, []int64{s.n})
	case changeList:
		if len(a.list) > 0 {
			a.list[0][0] = s.n
		}
	case setList:
		a.list = [][]int64{{s.n}, {s.n}}
	case clearList:
		a.list = nil
	case putMap:
		if a.table == nil {
			a.table = make(map[int64][]int64)
		}
		a.table[s.n%3] = []int64{s.n}
	case changeMap:
		if v := a.table[s.n%3]; v != nil {
			v[0] = s.n
		}
	case removeMap:
		delete(a.table, s.n%3)
	case clearMap:
		a.table = nil
	case addSum:
		if a.sum == nil {
			a.sum = new(int64)
		}
		*a.sum += s.n
	case clearSum:
		a.sum = nil
	}
}

func (a *all) String() string {
	var b strings.Builder
	if a.number != nil {
		fmt.Fprintf(&b, "number=%d ", *a.number)
	}
	if a.sum != nil {
		fmt.Fprintf(&b, "sum=%d ", *a.sum)
	}
	fmt.Fprintf(&b, "tags=%v list=%v table=", a.tags, a.list)
	for _, k := range slices.Sorted(maps.Keys(a.table)) {
		fmt.Fprintf(&b, "%d:%v ", k, a.table[k])
	}
	return b.String()
}

// processAll is a function that does what requests say with state of every kind, and
// emits what the state of the key is when it was done.
func processAll(c *KeyContext[string], out *Out[string]) func(request) error {
	number := NewValue[int64](c, "number")
	tags := NewValue[[]int64](c, "tags")
	list := NewList[[]int64](c, "list")
	table := NewMap[int64, []int64](c, "table")
	sum := NewReducing(c, "sum", func(a, b int64) (int64, error) { return a + b, nil })
	return func(r request) error {
		for _, s := range r.do {
			switch s.what {
			case addNumber:
				n, _ := number.Get()
				number.Set(n + s.n)
			case clearNumber:
				number.Clear()
			case appendTag:
				t, _ := tags.Get()
				tags.Set(append(t, s.n))
			case changeTag:
				if t, ok := tags.Get(); ok {
					t[0] = s.n
				}
			case clearTags:
				tags.Clear()
			case addToList:
				list.Add([]int64{s.n})
			case changeList:
				for e := range list.All() {
					e[0] = s.n
					break
				}
			case setList:
				list.Set([][]int64{{s.n}, {s.n}})
			case clearList:
				list.Clear()
			case putMap:
				table.Put(s.n%3, []int64{s.n})
			case changeMap:
				if v, ok := table.Get(s.n % 3); ok {
					v[0] = s.n
				}
			case removeMap:
				table.Remove(s.n % 3)
			case clearMap:
				table.Clear()
			case addSum:
				if err := sum.Add(s.n); err != nil {
					return err
				}
			case clearSum:
				sum.Clear()
			}
		}
		if c.Key() != r.key {
			return fmt.Errorf("the key is %q, and the record was sent with %q", c.Key(), r.key)
		}
		var a all
		if n, ok := number.Get(); ok {
			a.number = &n
		}
		if n, ok := sum.Get(); ok {
			a.sum = &n
		}
		a.tags, _ = tags.Get()
		a.list = slices.Collect(list.All())
		if len(a.list) != list.Len() {
			return fmt.Errorf("a list of %d has %d elements", list.Len(), len(a.list))
		}
		a.table = maps.Collect(table.All())
		if len(a.table) != table.Len() {
			return fmt.Errorf("a map of %d has %d entries", table.Len(), len(a.table))
		}
		out.Emit(a.String())
		return nil
	}
}

const requestGroups = 4

// requestOps opens the subtasks of processAll and a sender to them; emitted gets what
// each of them emits.
func requestOps(t interface{ Fatal(...any) }, parallelism int, restored *flow.Restored, emitted func(string)) ([]flow.Operator, flow.Sender) {
	job := NewJob("requests")
	byKey := KeyBy(From(job, "in", Slice[request]()), func(r request) string { return r.key })
	Process(byKey, "all", processAll)
	node := job.plan.Nodes[len(job.plan.Nodes)-1]
	ops := make([]flow.Operator, parallelism)
	for i := range ops {
		var err error
		ops[i], err = node.New(&flow.Context{
			Operator: "all", Ctx: context.Background(), Subtask: checkpoint.Subtask(i),
			Parallelism: parallelism, MaxParallelism: requestGroups, Restored: restored,
		}, outputFunc(func(b flow.Batch) error {
			for _, v := range b.(*flow.Vec[string]).Values {
				emitted(v)
			}
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	return ops, node.Inputs[0].NewSender(plan.Routing{
		Target: "all", Parallelism: parallelism, MaxParallelism: requestGroups,
		Send: func(to checkpoint.Subtask, b flow.Batch) error {
			err := ops[to].Push(0, b)
			b.Release()
			return err
		},
	})
}

type outputFunc func(flow.Batch) error

func (f outputFunc) Push(b flow.Batch) error { return f(b) }
func (f outputFunc) Mark(flow.Mark) error    { return nil }

// What Process keeps is what a map per key would keep: in batches of any length and with
// any mix of keys, in tables that look ahead and in those that are too small for it, at
// any parallelism; and what a snapshot holds, written late and restored at another
// parallelism, is what was kept when it was taken.
func TestProcessKeepsWhatAMapWouldKeep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model := make(map[string]*all)
		// Enough keys, in some of the runs, for a single subtask to look ahead.
		filled := rapid.SampledFrom([]int{0, 0, 0, 9_000}).Draw(t, "keys at first")
		keys := make([]string, 12)
		for i := range keys {
			keys[i] = fmt.Sprintf("key %d", i*filled/len(keys)+i)
		}
		var want, got []string
		var ops []flow.Operator
		var sender flow.Sender
		start := func(restored *flow.Restored) {
			p := rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(t, "parallelism")
			ops, sender = requestOps(t, p, restored, func(s string) { got = append(got, s) })
		}
		// push sends requests and compares what comes of each with the model. Requests of
		// one key stay in order, those of several subtasks do not.
		push := func(requests []request) {
			want, got = want[:0], got[:0]
			for _, r := range requests {
				a := model[r.key]
				if a == nil {
					a = &all{}
					model[r.key] = a
				}
				for _, s := range r.do {
					a.do(s)
				}
				want = append(want, a.String())
			}
			if err := errors.Join(sender.Push(&flow.Vec[request]{Values: requests}), sender.Flush()); err != nil {
				t.Fatal(err)
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Fatalf("of %d, in order:\n got %s\nwant %s", len(want), got[i], want[i])
					}
				}
				t.Fatalf("%d emitted, want %d", len(got), len(want))
			}
		}
		start(nil)
		var fill []request
		for i := range filled {
			fill = append(fill, request{fmt.Sprintf("key %d", i), []step{{addNumber, int64(i)}, {appendTag, int64(i)}}})
		}
		push(fill)
		type shot struct {
			frozen []flow.Snapshot
			model  map[string]*all
		}
		var shots []shot
		cloned := func(m map[string]*all) map[string]*all {
			c := make(map[string]*all, len(m))
			for k, a := range m {
				c[k] = a.clone()
			}
			return c
		}
		// oldest writes the oldest snapshot, now.
		oldest := func() *flow.Restored {
			r := &flow.Restored{}
			for _, s := range shots[0].frozen {
				var b bytes.Buffer
				offsets, err := s.Keyed.Write(&b)
				if err != nil {
					t.Fatal(err)
				}
				r.Keyed = append(r.Keyed, flow.KeyedPart{Range: s.Keyed.Range(), Offsets: offsets, Data: bytes.NewReader(b.Bytes()), Size: int64(b.Len()), From: "memory"})
				s.Keyed.Release()
			}
			return r
		}
		everything := func() {
			var all []request
			for _, k := range keys {
				all = append(all, request{key: k})
			}
			for i := 0; i < filled; i += 10 {
				all = append(all, request{key: fmt.Sprintf("key %d", i)})
			}
			push(all)
		}
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{stepKind(rapid.IntRange(0, int(numSteps)-1).Draw(t, "what")), rapid.Int64Range(0, 99).Draw(t, "n")}
		}), 0, 4)
		t.Repeat(map[string]func(*rapid.T){
			"batch": func(t *rapid.T) {
				n := rapid.SampledFrom([]int{1, 31, 32, 33, 64, 100}).Draw(t, "length")
				batch := make([]request, n)
				for i := range batch {
					batch[i].key = rapid.SampledFrom(keys).Draw(t, "key")
					if rapid.IntRange(0, 3).Draw(t, "idle") == 0 {
						batch[i].do = steps.Draw(t, "steps")
					}
				}
				push(batch)
			},
			"snapshot": func(t *rapid.T) {
				if len(shots) == 2 {
					t.Skip("enough of them")
				}
				s := shot{model: cloned(model)}
				for _, op := range ops {
					f, err := op.Snapshot(checkpoint.ID(len(shots) + 1))
					if err != nil {
						t.Fatal(err)
					}
					s.frozen = append(s.frozen, f)
				}
				shots = append(shots, s)
			},
			"write": func(t *rapid.T) {
				if len(shots) == 0 {
					t.Skip("no snapshot")
				}
				// A second life of the job looks at it; the first one goes on.
				now, ops1, sender1 := model, ops, sender
				r := oldest()
				model = shots[0].model
				start(r)
				everything()
				model, ops, sender = now, ops1, sender1
				shots = shots[1:]
			},
			"crash": func(t *rapid.T) {
				if len(shots) == 0 {
					t.Skip("no snapshot")
				}
				r := oldest()
				model = shots[0].model
				shots = nil
				start(r)
			},
		})
		everything()
	})
}
