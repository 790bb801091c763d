package checkpoint

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	a, b, c := OperatorID{1}, OperatorID{2}, OperatorID{3}
	given := []OperatorName{{c, "out", "sink"}, {a, "in", "source"}, {c, "again", "map"}}
	n := NewNames("job", given)
	if n.Job != "job" || !slices.Equal(n.Operators, []OperatorName{{a, "in", "source"}, {c, "out", "sink"}}) {
		t.Errorf("names are %+v", n)
	}
	if given[0].ID != c {
		t.Error("what was given was changed")
	}
	if op, ok := n.Operator(c); !ok || op.Name != "out" || op.Kind != "sink" {
		t.Errorf("found %+v", op)
	}
	if op, ok := n.Operator(b); ok {
		t.Errorf("found %+v, which is not there", op)
	}
	if n.Label(a) != "in" || n.Label(b) != "02000000000000000000000000000000" || (Names{}).Label(a) != a.String() {
		t.Errorf("labels are %s, %s, %s", n.Label(a), n.Label(b), Names{}.Label(a))
	}
}
