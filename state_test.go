package weir

import (
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/keyed"
)

// List.Set copies the slice: what becomes of it afterwards is the caller's business.
func TestListSetCopies(t *testing.T) {
	job := NewJob("lists")
	byKey := KeyBy(From(job, "in", Slice[string]()), func(s string) string { return s })
	var got []int64
	Process(byKey, "op", func(c *KeyContext[string], out *Out[string]) func(string) error {
		list := NewList[int64](c, "list")
		return func(string) error {
			buf := []int64{1, 2}
			list.Set(buf)
			buf[0] = 3
			got = slices.Collect(list.All())
			return nil
		}
	})
	node := job.plan.Nodes[len(job.plan.Nodes)-1]
	op, err := node.New(&flow.Context{Operator: "op", Parallelism: 1, MaxParallelism: 1}, outputFunc(func(flow.Batch) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	if err := op.Push(0, &flow.KeyedVec[string, string]{N: 1}); err != nil || !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("%v, %v", got, err)
	}
}

// A state that is declared when records come already would not be restored, and is refused.
func TestStateDeclaredTooLate(t *testing.T) {
	for name, declare := range map[string]func(*KeyContext[string]){
		"value": func(c *KeyContext[string]) { NewValue[int64](c, "late") },
		"list":  func(c *KeyContext[string]) { NewList[int64](c, "late") },
		"map":   func(c *KeyContext[string]) { NewMap[int64, int64](c, "late") },
	} {
		job := NewJob("late")
		byKey := KeyBy(From(job, "in", Slice[string]()), func(s string) string { return s })
		Process(byKey, "op", func(c *KeyContext[string], out *Out[string]) func(string) error {
			return func(string) error { declare(c); return nil }
		})
		node := job.plan.Nodes[len(job.plan.Nodes)-1]
		op, err := node.New(&flow.Context{Operator: "op", Parallelism: 1, MaxParallelism: 1}, outputFunc(func(flow.Batch) error { return nil }))
		if err != nil {
			t.Fatal(err)
		}
		err = op.Push(0, &flow.KeyedVec[string, string]{N: 1, Keys: [flow.BatchSize]string{"k"}, Values: [flow.BatchSize]string{"k"}})
		if err == nil || !strings.Contains(err.Error(), `state "late": declared too late`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// With a batch its last key ends: the batch goes back to the sender, who fills it again. A
// state that is kept beyond it finds no key, and not the key of another record.
func TestNoKeyBehindABatch(t *testing.T) {
	job := NewJob("late")
	byKey := KeyBy(From(job, "in", Slice[string]()), func(s string) string { return s })
	var kept *KeyContext[string]
	var n ValueState[int64]
	Process(byKey, "op", func(c *KeyContext[string], out *Out[string]) func(string) error {
		kept, n = c, NewValue[int64](c, "n")
		return func(string) error { n.Set(1); return nil }
	})
	node := job.plan.Nodes[len(job.plan.Nodes)-1]
	op, err := node.New(&flow.Context{Operator: "op", Parallelism: 1, MaxParallelism: 1}, outputFunc(func(flow.Batch) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	batch := flow.NewKeyedVecPool[string, string]().Get()
	batch.N = keyed.Ahead // so that the last key has the last place of a run
	for i := range batch.N {
		batch.Keys[i], batch.Values[i] = "k", "k"
	}
	if err := op.Push(0, batch); err != nil {
		t.Fatal(err)
	}
	batch.Release()
	batch.Keys[keyed.Ahead-1] = "of another record"
	if k := kept.Key(); k != "" {
		t.Errorf("the key is %q", k)
	}
	defer func() {
		if err, _ := recover().(error); !IsPermanent(err) {
			t.Errorf("a state was used without a key: %v", err)
		}
	}()
	n.Get()
}

// A state that is used where there is no key is refused for good: a restart would do the
// same again.
func TestStateUsedWithoutAKey(t *testing.T) {
	for name, use := range map[string]func(*KeyContext[string]){
		"get":   func(c *KeyContext[string]) { NewValue[int64](c, "n").Get() },
		"set":   func(c *KeyContext[string]) { NewValue[int64](c, "n").Set(1) },
		"clear": func(c *KeyContext[string]) { NewValue[int64](c, "n").Clear() },
		"add":   func(c *KeyContext[string]) { NewList[int64](c, "n").Add(1) },
		"put":   func(c *KeyContext[string]) { NewMap[int64, int64](c, "n").Put(1, 1) },
	} {
		job := NewJob("early")
		byKey := KeyBy(From(job, "in", Slice[string]()), func(s string) string { return s })
		Process(byKey, "op", func(c *KeyContext[string], out *Out[string]) func(string) error {
			if c.Key() != "" {
				t.Errorf("there is a key, %q", c.Key())
			}
			use(c)
			return func(string) error { return nil }
		})
		node := job.plan.Nodes[len(job.plan.Nodes)-1]
		_, err := node.New(&flow.Context{Operator: "op", Parallelism: 1, MaxParallelism: 1}, outputFunc(func(flow.Batch) error { return nil }))
		if err == nil || !strings.Contains(err.Error(), "while no record is processed") || !IsPermanent(err) {
			t.Errorf("%s: permanent: %t: %v", name, IsPermanent(err), err)
		}
	}
}
