package inspect

import (
	"strings"
	"testing"
)

// TestSelection says what there is if what is selected is not there.
func TestSelection(t *testing.T) {
	disk := newDisk()
	totals := words
	totals.uid, totals.name = "totals per day", "sum"
	writeFlinks(t, disk, "/sp", words, totals)
	r := &Reader{FS: disk}
	c := open(t, r, "/sp", "counter", "totals per day")
	for _, v := range []struct {
		s    Selection
		want string
	}{
		{Selection{}, ""},
		{Selection{Operator: "counter", State: "count"}, ""},
		{Selection{Operator: c.Meta.Operators[0].ID.String()}, ""},
		{Selection{Operator: "Countre"}, `no operator has the id, name or uid "Countre"; did you mean "counter"?`},
		{Selection{Operator: "total per day"}, `no operator has the id, name or uid "total per day"; did you mean "totals per day"?`},
		{Selection{Operator: "\x1b"}, `no operator has the id, name or uid "\x1b"; there is "counter", "totals per day"`},
		{Selection{State: "cuont"}, `no state is called "cuont"; did you mean "count"?`},
		{Selection{State: "sun"}, `no state is called "sun"; did you mean "sum"?`},
		{Selection{State: "sxx"}, `no state is called "sxx"; there is "count", "sum"`},
		{Selection{State: "something"}, `no state is called "something"; there is "count", "sum"`},
		{Selection{Operator: "counter", State: "sum"}, `no state is called "sum"; there is "count"`},
	} {
		c.Load(v.s, false)
		got := ""
		if err := v.s.Missing(c); err != nil {
			got = err.Error()
		}
		if got != v.want {
			t.Errorf("%+v: %s, want %s", v.s, got, v.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, v := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "acb", 1}, {"abc", "bc", 1}, {"abcd", "badc", 2},
		{"süß", "suß", 1}, {strings.Repeat("a", 1000), strings.Repeat("a", 900), 0},
	} {
		if got := distance(v.a, v.b); got != v.want {
			t.Errorf("from %.20s to %.20s it is %d, want %d", v.a, v.b, got, v.want)
		}
		if got := distance(v.b, v.a); got != v.want {
			t.Errorf("from %.20s to %.20s it is %d, want %d", v.b, v.a, got, v.want)
		}
	}
}
