package main

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestFindTakesWhatInspectShows finds every key of random state as inspect shows it.
func TestFindTakesWhatInspectShows(t *testing.T) {
	t.Parallel()
	checkRandom(t, func(t *rapid.T, base string) {
		m, dir := anyJob(t, base, 4)
		stdout, stderr, code := run("inspect", "--keys", "--state", "count", dir)
		if code != exitGood || stderr != "" {
			t.Fatalf("inspect: exit code %d\n%s", code, stderr)
		}
		shown := 0
		for _, line := range lines(stdout) {
			entry, isEntry := strings.CutPrefix(line, "  count[")
			if !isEntry {
				continue
			}
			shown++
			key := entry[:strings.LastIndex(entry, "] = ")]
			stdout, stderr, code := run("find", "--state", "count", dir, key)
			if code != exitGood || stderr != "" || strings.Count(stdout, "\n  count[") != 1 || !strings.Contains(stdout, "\n"+line+"  (subtask ") {
				t.Fatalf("find %s: exit code %d\n%s%s", key, code, stdout, stderr)
			}
		}
		want := 0
		for k := range m.entries {
			if k.state == "count" {
				want++
			}
		}
		if shown != want {
			t.Fatalf("%d keys are shown, want %d\n%s", shown, want, stdout)
		}
	})
}

// TestNegativeKeys are no flags.
func TestNegativeKeys(t *testing.T) {
	for _, v := range []struct{ args, want string }{
		{"find PATH -5", "find PATH -- -5"},
		{"find -5.0 PATH --json", "find PATH --json -- -5.0"},
		{"find PATH -Infinity --state s", "find PATH --state s -- -Infinity"},
		{"find PATH -- -5", "find PATH -- -5"},
		{"find PATH --json -h", "find PATH --json -h"},
		{"find PATH -", "find PATH -"},
		{"ls -5", "ls -5"},
		{"", ""},
	} {
		if got := negativeKeys(strings.Fields(v.args)); !slices.Equal(got, strings.Fields(v.want)) {
			t.Errorf("%s becomes %q, want %s", v.args, got, v.want)
		}
	}
}
