package job

import (
	"slices"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/internal/plan"
)

// The channels of a gate are numbered by edge, and within an edge by the sending subtask. Each
// leads to the input of its edge.
func TestChannelsOfAUnion(t *testing.T) {
	j := weir.NewJob("union")
	from := func(name string, parallelism int) weir.Stream[int64] {
		return weir.From(j, name, weir.Slice[int64]()).Parallelism(parallelism)
	}
	weir.To(weir.Union(from("three", 3), from("two", 2), from("one", 1)), "out", &weir.Collector[int64]{}).Parallelism(2)
	check(t, j.Check())
	chains := plan.Of(j).Chain(2)
	w := newWiring(chains)
	var union *plan.Task
	for _, c := range chains {
		if c.Head.Kind == plan.KindUnion {
			union = c
		}
	}
	// The second input has as many subtasks as the union, so it is a forwarding one.
	if got, want := w.inputs[union.ID], []uint16{0, 0, 0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("the channels lead to the inputs %v, want %v", got, want)
	}
	var got []int
	for _, e := range union.Inputs {
		for from := range chains[e.FromTask].Parallelism {
			got = append(got, w.channel(e, from))
		}
	}
	if want := []int{0, 1, 2, 3, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("the senders have the channels %v, want %v", got, want)
	}
}
