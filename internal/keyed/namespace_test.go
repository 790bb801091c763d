package keyed

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// What is kept for a key in one window is not what is kept for it in another, whichever
// was used before.
func TestNamespacesAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type panes struct {
			*Backend[string]
			number *Values[Window, int64]
			slice  *Values[Window, []int64]
			list   *Lists[Window, string]
			table  *Maps[Window, string, int64]
		}
		newPanes := func() (p panes) {
			p.Backend = NewBackend(checkpoint.KeyGroupRange{}, of[string](t), flink.JavaStringHash)
			var errs [4]error
			p.number, errs[0] = NewValues(p.Backend, "number", PlainValue, Windows, of[int64](t))
			p.slice, errs[1] = NewValues(p.Backend, "slice", ReducingValue, Windows, of[[]int64](t))
			p.list, errs[2] = NewLists(p.Backend, "list", Windows, of[string](t))
			p.table, errs[3] = NewMaps(p.Backend, "table", Windows, of[string](t), of[int64](t))
			for _, err := range errs {
				if err != nil {
					t.Fatal(err)
				}
			}
			return p
		}
		type place struct {
			key    string
			window Window
		}
		type content struct{ number, slice, list, table string }
		places := rapid.Custom(func(t *rapid.T) place {
			start := rapid.Int64Range(-2, 2).Draw(t, "start")
			return place{rapid.SampledFrom([]string{"a", "Aa", "BB", ""}).Draw(t, "key"), Window{start, start + rapid.Int64Range(1, 2).Draw(t, "length")}}
		})
		p, model := newPanes(), make(map[place]content)
		read := func(p panes, w Window) (c content) {
			if v, ok := p.number.In(w).Get(); ok {
				c.number = fmt.Sprint(v)
			}
			if v, ok := p.slice.In(w).Get(); ok {
				c.slice = fmt.Sprint(v)
			}
			c.list = strings.Join(slices.Collect(p.list.In(w).All()), "")
			if v, ok := p.table.In(w).Get("x"); ok {
				c.table = fmt.Sprint(v)
			}
			return c
		}
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				at := places.Draw(t, "place")
				p.Set(at.key, 0)
				for range rapid.IntRange(1, 4).Draw(t, "windows") { // of one key, as it stays the current one
					c, n, w := model[at], rapid.Int64Range(0, 99).Draw(t, "n"), at.window
					switch rapid.IntRange(0, 4).Draw(t, "what") {
					case 0:
						p.number.In(w).Set(n)
						c.number = fmt.Sprint(n)
					case 1:
						p.slice.In(w).Set([]int64{n})
						c.slice = fmt.Sprint([]int64{n})
					case 2:
						p.list.In(w).Add(fmt.Sprint(n))
						c.list += fmt.Sprint(n)
					case 3:
						p.table.In(w).Put("x", n)
						c.table = fmt.Sprint(n)
					case 4:
						p.number.In(w).Clear()
						p.slice.In(w).Clear()
						p.list.In(w).Clear()
						p.table.In(w).Clear()
						c = content{}
					}
					model[at] = c
					at.window = places.Draw(t, "next").window
				}
			},
			"restore": func(t *rapid.T) {
				part := write(t, p.Snapshot())
				p = newPanes()
				if err := p.Restore([]flow.KeyedPart{part}, false); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				for at, want := range model {
					p.Set(at.key, 0)
					if got := read(p, at.window); got != want {
						t.Fatalf("%v has %+v, want %+v", at, got, want)
					}
				}
			},
		})
	})
}

// Many windows of one key are found in few steps.
func TestNamespacesAreSpread(t *testing.T) {
	cur := &Current[int64]{hasher: newHasher(flink.JavaLongHash)}
	table := NewTable[int64, Window, int](cur, checkpoint.KeyGroupRange{}, nil)
	cur.set(1, 0)
	const n = 1 << 12
	for i := range n {
		table.in(Window{int64(i), int64(i) + 1})
		table.Set(i)
	}
	g, steps := &table.groups[0], 0
	for i := range n {
		hash := table.hash(g, g.at(i))
		steps += (g.index.slotOf(i, hash)-int(hash))&(len(g.index)-1) + 1
	}
	if g.crowded || steps > 3*n {
		t.Errorf("%d steps to find %d windows; whole keys are hashed: %t", steps, n, g.crowded)
	}
}

// A state that was kept in another kind of namespace is refused.
func TestOtherNamespaces(t *testing.T) {
	b := NewBackend(checkpoint.KeyGroupRange{}, of[string](t), flink.JavaStringHash)
	if _, err := NewValues(b, "n", PlainValue, Windows, of[int64](t)); err != nil {
		t.Fatal(err)
	}
	part := write(t, b.Snapshot())
	b = NewBackend(checkpoint.KeyGroupRange{}, of[string](t), flink.JavaStringHash)
	if _, err := NewValue(b, "n", PlainValue, of[int64](t)); err != nil {
		t.Fatal(err)
	}
	wantIncompatible(t, b.Restore([]flow.KeyedPart{part}, true), `state "n"`, "per ", "TimeWindow", "VoidNamespace")
}
