package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"text/tabwriter"

	"golang.org/x/term"
)

// A report prints what is measured: JSON as it comes, or a table in the end.
type report struct {
	out, errs io.Writer
	json      bool
	rows      []figures
	pairs     []pair
	err       error // the first one of writing JSON
}

// fewCheckpoints is how many checkpoints a run must have, with the final one, before the table
// says what they cost.
const fewCheckpoints = 4

// begin says on a terminal what is being measured.
func (r *report) begin(what string) {
	if f, ok := r.errs.(*os.File); ok && !r.json && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(r.errs, "\r\x1b[K%s …", what)
	}
}

func (r *report) figures(f figures) {
	r.rows = append(r.rows, f)
	r.object(f)
}

func (r *report) pair(p pair) {
	r.pairs = append(r.pairs, p)
	r.object(p)
}

func (r *report) object(v any) {
	if r.json {
		if err := json.NewEncoder(r.out).Encode(v); r.err == nil {
			r.err = err
		}
	}
}

func (r *report) end() error {
	if r.json {
		return r.err
	}
	r.begin("")
	t := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(r.rows) > 0 {
		fmt.Fprintln(t, "query\tMevents/s\tper core\tallocs/event\tcheckpoints\tp50 ms\tp99\tp99.9\tpeak MiB\t")
		for _, f := range r.rows {
			fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\t", f.Query, f.PerSecond/1e6, f.PerCPUSecond/1e6, f.AllocsPerEvent)
			if f.Checkpoints < fewCheckpoints {
				fmt.Fprintf(t, "too short\t")
			} else {
				fmt.Fprintf(t, "%+.1f %%\t", 100*(f.CheckpointRatio-1))
			}
			for _, q := range []string{"p50", "p99", "p99.9"} {
				if f.Samples == 0 {
					fmt.Fprintf(t, "-\t")
				} else {
					fmt.Fprintf(t, "%.2f\t", f.Latency[q])
				}
			}
			fmt.Fprintf(t, "%d\t\n", f.PeakBytes>>20)
		}
	}
	if len(r.pairs) > 0 {
		fmt.Fprintln(t, "query\tWeir Mevents/s\tFlink\tratio\tper core: Weir\tFlink\tratio\tpeak MiB: Weir\tFlink\t")
		var wall, cpu float64
		for _, p := range r.pairs {
			wall += math.Log(p.Ratio)
			cpu += math.Log(p.CPURatio)
			fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.1f\t%.2f\t%.2f\t%.1f\t%d\t%d\t\n", p.Query,
				p.Weir.PerSecond/1e6, p.Flink.PerSecond/1e6, p.Ratio,
				p.Weir.PerCPUSecond/1e6, p.Flink.PerCPUSecond/1e6, p.CPURatio, p.Weir.PeakBytes>>20, p.Flink.PeakBytes>>20)
		}
		n := float64(len(r.pairs))
		fmt.Fprintf(t, "geometric mean\t\t\t%.1f\t\t\t%.1f\t\t\t\n", math.Exp(wall/n), math.Exp(cpu/n))
	}
	return t.Flush()
}
