package main

import (
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	lines := func(s string) (l []string) {
		for _, w := range strings.Fields(s) {
			l = append(l, w+"\n")
		}
		return l
	}
	want := lines("a b b c")
	for _, test := range []struct {
		got    output
		within string // what is wrong at any time
		end    string // what is wrong in the end
	}{
		{output{lines: lines("a b b c")}, "", ""},
		{output{}, "", "4 lines of 4 are missing, the first: a"},
		{output{lines: lines("a b c")}, "", "1 lines of 4 are missing, the first: b"},
		{output{lines: lines("a b b")}, "", "the first: c"},
		{output{lines: lines("a b b b c")}, "more often than it should be: b", "more often"},
		{output{lines: lines("a b b c c")}, "more often than it should be: c", "more often"},
		{output{lines: lines("a a b b c")}, "more often than it should be: a", "more often"},
		{output{lines: lines("0 a")}, "not in the output of an undisturbed run: 0", "not in"},
		{output{lines: lines("a b b c d")}, "not in the output of an undisturbed run: d", "not in"},
		{output{lines: []string{"a\n", "b"}}, "not in", "not in"}, // torn
		{output{lines: want, hidden: []string{".part"}}, "", "not removed"},
	} {
		for when, got := range map[string]string{"within": test.got.within(want), "end": test.got.compare(want)} {
			expect := map[string]string{"within": test.within, "end": test.end}[when]
			if (got == "") != (expect == "") || !strings.Contains(got, expect) {
				t.Errorf("%q, %s: %q, want %q", test.got.lines, when, got, expect)
			}
		}
	}
}
