package weir

import (
	"fmt"
	"reflect"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

const kindBroadcast = "broadcast process"

// BroadcastProcess runs functions of its own over a keyed stream and a stream that every
// subtask gets whole: rules that all records are judged by, a small table that all are looked
// up in. It is Flink's KeyedBroadcastProcessFunction. open declares state, timers and side
// outputs as for [Process], and the maps in which the broadcast records are kept with
// [NewBroadcastMap]; it returns one function for the keyed records and one for the broadcast
// ones.
//
// Each subtask has a copy of the broadcast maps, and all copies must become the same. So the
// function for broadcast records must do the same in each subtask, and must not depend on
// their order: with more than one sender it differs between subtasks. Only that function
// changes the maps. There is no key in it: state per key and timers cannot be used there, and
// there is no way to go over the state of all keys. What it emits is emitted by each subtask.
//
// Event time is that of the stream that is behind, so a broadcast stream that is mostly silent
// needs [Watermarks.WithIdleness]. A record that refers to memory is shared by all subtasks,
// and must not be changed.
func BroadcastProcess[K comparable, T, B, U any](in Keyed[K, T], broadcast Stream[B], name string, open func(*KeyContext[K], *Out[U]) (func(T) error, func(B) error)) Stream[U] {
	job, where := in.stream.owner(), kindBroadcast+" "+name
	if other := broadcast.owner(); other != job {
		job.p().Fail(sameJob(job, other, where))
		return Stream[U]{job: job}
	}
	return add[U](job, &plan.Node{
		Kind:   kindBroadcast,
		Name:   name,
		Inputs: []plan.Edge{in.edge(where), broadcast.toAll(where)},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			o := &broadcastKeyedOp[K, T, B, U]{}
			err := o.openKeyed(in.keying, ctx, out, func(c *KeyContext[K], out *Out[U]) bool {
				c.broadcasts = &o.maps
				o.one, o.all = open(c, out)
				return o.one != nil && o.all != nil
			})
			if err != nil {
				return nil, err
			}
			return o, nil
		},
	}, part{"function", open == nil})
}

// BroadcastFlatMap is [BroadcastProcess] without keys: Flink's BroadcastProcessFunction.
func BroadcastFlatMap[T, B, U any](in Stream[T], broadcast Stream[B], name string, open func(*Context, *Out[U]) (func(T) error, func(B) error)) Stream[U] {
	job, where := in.owner(), kindBroadcast+" "+name
	if other := broadcast.owner(); other != job {
		job.p().Fail(sameJob(job, other, where))
		return Stream[U]{job: job}
	}
	return add[U](job, &plan.Node{
		Kind:   kindBroadcast,
		Name:   name,
		Inputs: []plan.Edge{in.forward(), broadcast.toAll(where)},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			o := &broadcastOp[T, B, U]{}
			var err error
			o.plainOp, err = openPlain(ctx, out, func(c *Context, out *Out[U]) bool {
				c.broadcasts = &o.maps
				o.one, o.all = open(c, out)
				return o.one != nil && o.all != nil
			})
			if err != nil {
				return nil, err
			}
			return o, nil
		},
	}, part{"function", open == nil})
}

// toAll returns the edge that sends each record to every subtask.
func (s Stream[T]) toAll(where string) plan.Edge {
	return s.exchanged(s.edge(plan.Broadcast), where)
}

// A broadcastKeyedOp is a subtask of BroadcastProcess.
type broadcastKeyedOp[K comparable, T, B, U any] struct {
	keyedBase[K, U]
	maps broadcastMaps
	one  func(T) error
	all  func(B) error
}

func (o *broadcastKeyedOp[K, T, B, U]) Push(input int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	if input == 0 {
		return pushKeyed(&o.keyedBase, b.(*flow.KeyedVec[K, T]), o.one)
	}
	in := b.(*flow.Vec[B])
	o.begin(len(in.Values))
	if err := pushAll(&o.plainOp, &o.maps, in, func(at Time) { o.k.at = at }, o.all); err != nil {
		return err
	}
	return o.done()
}

func (o *broadcastKeyedOp[K, T, B, U]) Snapshot(id CheckpointID) (flow.Snapshot, error) {
	s, err := o.keyedBase.Snapshot(id)
	s.Maps = o.maps.snapshot()
	return s, err
}

// A broadcastOp is a subtask of BroadcastFlatMap.
type broadcastOp[T, B, U any] struct {
	plainOp[U]
	maps broadcastMaps
	one  func(T) error
	all  func(B) error
}

func (o *broadcastOp[T, B, U]) Push(input int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	if input == 1 {
		in := b.(*flow.Vec[B])
		o.begin(len(in.Values))
		if err := pushAll(&o.plainOp, &o.maps, in, func(Time) {}, o.all); err != nil {
			return err
		}
		return o.end()
	}
	in := b.(*flow.Vec[T])
	o.begin(len(in.Values))
	for i, v := range in.Values {
		if len(in.Times) > 0 {
			o.stamp(in.Times[i])
		}
		if err := o.one(v); err != nil {
			return blame(o.c.ctx, err)
		}
	}
	return o.end()
}

func (o *broadcastOp[T, B, U]) Snapshot(id CheckpointID) (flow.Snapshot, error) {
	s, err := o.plainOp.Snapshot(id)
	s.Maps = o.maps.snapshot()
	return s, err
}

// pushAll processes broadcast records: meanwhile the maps may be changed.
func pushAll[B, U any](o *plainOp[U], maps *broadcastMaps, in *flow.Vec[B], current func(Time), fn func(B) error) error {
	maps.writable = true
	defer func() { maps.writable = false }()
	for i, v := range in.Values {
		at := MinTime
		if len(in.Times) > 0 {
			at = in.Times[i]
			o.stamp(at)
		}
		current(at)
		if err := fn(v); err != nil {
			return blame(o.c.ctx, err)
		}
	}
	return nil
}

// broadcastMaps are the broadcast maps of one subtask.
type broadcastMaps struct {
	writable bool // the function for broadcast records runs
	all      []interface{ snapshot() flow.MapState }
	names    []string
}

func (m *broadcastMaps) snapshot() (states []flow.MapState) {
	for _, b := range m.all {
		states = append(states, b.snapshot())
	}
	return states
}

// errNotBroadcast is for a broadcast map that is changed from the wrong side.
func errNotBroadcast(name string) error {
	return Permanent(fmt.Errorf("broadcast map %q was changed by a function that does not process broadcast records: it would differ between subtasks; only the function for broadcast records may change it", name))
}

// errUnequal is for a key that is not equal to itself.
func errUnequal[BK any](name string, k BK) error {
	return Permanent(fmt.Errorf("broadcast map %q: the key %v of type %v is not equal to itself, and could never be found again", name, k, reflect.TypeFor[BK]()))
}
