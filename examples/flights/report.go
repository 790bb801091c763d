package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
)

// fewest is how many flights an airport must have to be in the report.
const fewest = 50

// report prints the airports with the worst mean delay, and what to try next. It reads the
// output as any other program could.
func report(w io.Writer, out string) error {
	last, lines, err := lastFigures(out)
	if err != nil {
		return fmt.Errorf("read the output: %w", err)
	}
	var worst []Enriched
	for _, e := range last {
		if e.N >= fewest {
			worst = append(worst, e)
		}
	}
	slices.SortFunc(worst, func(a, b Enriched) int {
		return cmp.Or(-cmp.Compare(a.MeanDelay, b.MeanDelay), cmp.Compare(a.Origin, b.Origin))
	})
	fmt.Fprintf(w, "\nThe ten worst of %d airports (with %d flights or more):\n\n", len(last), fewest)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "airport\tflights\tmean delay\tworst\t")
	for _, e := range worst[:min(10, len(worst))] {
		fmt.Fprintf(t, "%s\t%d\t%.1f min\t%d min\t\n", e.Origin, e.N, e.MeanDelay, e.WorstDelay)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, `
%d flights are in %s, each exactly once; the checkpoints are in weir-data
(or where --checkpoint-dir says).

Next:
  kill it in mid-run and run it again     rm -r weir-data; go run ./examples/flights --rate 2000
  run it again without changes            it goes on from here, and finds no new flights
  look into its checkpoints               go run ./cmd/weir ls weir-data
`, lines, out)
	return nil
}

// lastFigures reads every part of the output. It returns, per airport, the line with the
// highest count, which was written last.
func lastFigures(dir string) (last map[string]Enriched, lines int, err error) {
	parts, err := filepath.Glob(filepath.Join(dir, "part-*"))
	if err != nil {
		return nil, 0, err
	}
	last = make(map[string]Enriched)
	for _, p := range parts {
		f, err := os.Open(p)
		if err != nil {
			return nil, 0, err
		}
		s := bufio.NewScanner(f)
		for s.Scan() {
			var e Enriched
			if err := json.Unmarshal(s.Bytes(), &e); err != nil {
				f.Close()
				return nil, 0, fmt.Errorf("%s: %w", p, err)
			}
			lines++
			if e.N > last[e.Origin].N {
				last[e.Origin] = e
			}
		}
		f.Close()
		if err := s.Err(); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", p, err)
		}
	}
	return last, lines, nil
}
