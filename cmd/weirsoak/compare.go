package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An output is what a job has written.
type output struct {
	lines  []string // that are visible, sorted
	hidden []string // names of files that are not
}

// readOutput reads the output of the job that runs in dir. Nothing is there before the
// first process has come to it.
func readOutput(dir string) (output, error) {
	var o output
	folder := filepath.Join(dir, "weir-data", "flights", "out")
	entries, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("read the output: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			o.hidden = append(o.hidden, e.Name())
			continue
		}
		b, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return o, fmt.Errorf("read the output: %w", err)
		}
		for line := range strings.Lines(string(b)) {
			o.lines = append(o.lines, line)
		}
	}
	slices.Sort(o.lines)
	return o, nil
}

// within says which line is visible that should not be, or more often than it should.
func (o output) within(want []string) string {
	i := 0
	for _, line := range o.lines {
		for i < len(want) && want[i] < line {
			i++
		}
		if i == len(want) || want[i] != line {
			if _, known := slices.BinarySearch(want, line); known {
				return "visible more often than it should be: " + strings.TrimSuffix(line, "\n")
			}
			return "visible, and not in the output of an undisturbed run: " + strings.TrimSuffix(line, "\n")
		}
		i++
	}
	return ""
}

// compare says how the output differs from what it is to be in the end.
func (o output) compare(want []string) string {
	if d := o.within(want); d != "" {
		return d
	}
	if len(o.lines) != len(want) {
		for i, line := range want {
			if i == len(o.lines) || o.lines[i] != line {
				return fmt.Sprintf("%d lines of %d are missing, the first: %s", len(want)-len(o.lines), len(want), strings.TrimSuffix(line, "\n"))
			}
		}
	}
	if len(o.hidden) > 0 {
		return fmt.Sprintf("left behind: %d files that are not visible, the first: %s", len(o.hidden), o.hidden[0])
	}
	return ""
}
