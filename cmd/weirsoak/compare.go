package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An output is the output of a job.
type output struct {
	lines  []string // visible lines, sorted
	hidden []string // names of files that are not visible
}

// readOutput reads the output of the job that runs in dir. It is empty before the first
// process has made the directory.
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

// within returns "" if the output has no lines but those in want, and none more often.
// Otherwise it says which line it has.
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

// compare returns "" if the output is the one that is wanted in the end. Otherwise it says
// how it differs.
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
		return fmt.Sprintf("not removed: %d files that are not visible, the first: %s", len(o.hidden), o.hidden[0])
	}
	return ""
}
