package fsynclint

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPrograms lints traces that were recorded of real programs, and cut down to the
// calls that matter. What is expected is what is known of them:
//
//   - SQLite with a rollback journal is right; with synchronous=OFF it overwrites its
//     database without one. It removes the journal and does not sync the directory
//     unless synchronous=EXTRA.
//   - git syncs by default neither what it makes nor a directory; with core.fsync=all
//     its files, and still no directory.
//   - cp and the shell cut what is there before they write; cp to a new name and mv
//     take nothing for durable.
//   - Weir is right; that its removals are not synced (D022), and that it syncs again
//     what it cannot know to be unchanged (D053), is on purpose.
func TestPrograms(t *testing.T) {
	for _, c := range []struct {
		file   string
		errors []string
		others []string
	}{
		{file: "weir", others: []string{"D022", "D053"}},
		{file: "sqlite_delete"},
		{file: "sqlite_extra"},
		{file: "sqlite_wal", others: []string{"D053"}},
		{file: "sqlite_off", errors: []string{"D030"}},
		{file: "git", errors: []string{"D002", "D010", "D011"}, others: []string{"D030", "D090"}},
		{file: "git_fsync_all", errors: []string{"D010", "D011"}, others: []string{"D030", "D090"}},
		{file: "cp_new"},
		{file: "cp_over", errors: []string{"D030"}},
		{file: "mv"},
		{file: "shell_redirect", others: []string{"D030"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			r := lint(t, read(t, filepath.Join("testdata", "programs", c.file+".strace")), nil)
			var errs, others []string
			for _, f := range r.Findings {
				if f.Severity == Error {
					errs = append(errs, string(f.Rule.ID))
				} else {
					others = append(others, string(f.Rule.ID))
				}
			}
			if errs = slices.Compact(errs); !slices.Equal(errs, c.errors) {
				t.Errorf("errors %v, want %v", errs, c.errors)
			}
			if slices.Sort(others); !slices.Equal(slices.Compact(others), c.others) {
				t.Errorf("warnings and infos %v, want %v", others, c.others)
			}
		})
	}
}

// TestEverySyncOfWeirIsMissed takes one sync after the other out of a trace of Weir's: the
// linter must see each that a checkpoint or the output rests on.
func TestEverySyncOfWeirIsMissed(t *testing.T) {
	text := read(t, filepath.Join("testdata", "programs", "weir.strace"))
	lines := strings.SplitAfter(text, "\n")
	r := newReader(strings.NewReader(text))
	seen := map[string]bool{}
	missed := 0
	for {
		ev, err := r.next()
		if err != nil {
			break
		}
		c := ev.call
		if ev.kind != returned || c.name != "fsync" {
			continue
		}
		_, path, _ := c.fd(0)
		// Syncs of the same thing one after the other stand in for each other, and the lock
		// is no part of what is committed.
		if strings.HasSuffix(path, ".lock") {
			continue
		}
		without := slices.Clone(lines)
		without[c.Line-1], without[c.Ended-1] = "", ""
		report := lint(t, strings.Join(without, ""), nil)
		what := shapeOf(path)
		if report.Worst() < Error {
			missed++
			t.Logf("without line %d, %s, there is no finding", c.Line, c.Call)
			continue
		}
		seen[what] = true
	}
	for _, what := range []string{
		"/data", "/data/weir-data/flights", "/data/weir-data/X",
		"/data/weir-data/X/.inprogress-#.#", "/data/weir-data/X/.inprogress-#.#/_metadata",
		"/data/weir-data/X/.inprogress-#.#/X", "/data/weir-data/flights/out",
	} {
		if !seen[what] {
			t.Errorf("no sync of %s is missed by the linter when it is taken out", what)
		}
	}
	t.Logf("%d kinds of syncs are missed, %d syncs are not", len(seen), missed)
	if t.Failed() {
		t.Log(fmt.Sprint(seen))
	}
}
