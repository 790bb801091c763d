package task

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/weirstream/weir/internal/flow"
)

// receiver is an output that notes what it gets in a list that several have in common.
type receiver struct {
	name string
	got  *[]string
	err  error
}

func (r *receiver) Push(b flow.Batch) error {
	*r.got = append(*r.got, r.name+": "+string(b.(text)))
	return r.err
}

func (r *receiver) Mark(m flow.Mark) error {
	*r.got = append(*r.got, r.name+": mark")
	return r.err
}

// Every receiver of a port gets each batch and each mark, in the order of the plan: an operator
// of the chain is added after those that come later in the plan, and goes before them. The
// first error ends it.
func TestReceiversOfAPort(t *testing.T) {
	var got []string
	sender, second, first := &receiver{"sender", &got, nil}, &receiver{"second", &got, nil}, &receiver{"first", &got, nil}
	o := make(outputs)
	main, side := port{1, ""}, port{1, "side"}
	record := reflect.TypeFor[string]()
	o.add(main, record, sender)
	if to, r := o.of(main); to != flow.Output(sender) || r != record {
		t.Errorf("a single receiver is wrapped: %v, %v", to, r)
	}
	o.addFirst(main, record, second)
	o.addFirst(main, record, first)
	if to, r := o.of(side); to != nil || r != nil {
		t.Errorf("a port that nothing reads has %v", to)
	}
	to, r := o.of(main)
	if r != record {
		t.Errorf("the records are %v", r)
	}
	must(t, errors.Join(to.Push(text("batch")), to.Mark(flow.Mark{})))
	if want := []string{"first: batch", "second: batch", "sender: batch", "first: mark", "second: mark", "sender: mark"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	boom := errors.New("boom")
	got, second.err = nil, boom
	if err := to.Push(text("batch")); err != boom {
		t.Error(err)
	}
	if err := to.Mark(flow.Mark{}); err != boom {
		t.Error(err)
	}
	if want := []string{"first: batch", "second: batch", "first: mark", "second: mark"}; !slices.Equal(got, want) {
		t.Errorf("got %q after an error, want %q", got, want)
	}
}
