package main

import (
	"context"
	"fmt"
	"log/slog"
	"path"
	"runtime"
	"slices"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/run"
)

// settings are what is measured, and how.
type settings struct {
	Events      int64
	Parallelism int
	Repeat      int
	Rate        float64       // events per second when latencies are measured; 0: they are not
	For         time.Duration // how long latencies are measured
	Dir         string        // for checkpoints
}

// interval is the time between checkpoints.
const interval = time.Second

// never is a time between checkpoints with which there is only the final one.
const never = 24 * time.Hour

// figures are what was measured of a query.
type figures struct {
	Query string `json:"query"`
	What  string `json:"what,omitempty"`
	// Of the fastest run with a checkpoint every second.
	Events       int64   `json:"events"`
	Rows         int64   `json:"rows"`
	Seconds      float64 `json:"seconds"`
	PerSecond    float64 `json:"events_per_second"`
	PerCPUSecond float64 `json:"events_per_cpu_second,omitempty"`
	Checkpoints  int     `json:"checkpoints,omitempty"`
	// CheckpointRatio is how many events a second there are with checkpoints, for each
	// without: the median of the pairs of runs.
	CheckpointRatio float64 `json:"checkpoint_ratio,omitempty"`
	AllocsPerEvent  float64 `json:"allocs_per_event"`
	// Latency, in milliseconds, at Rate events per second.
	Rate    float64            `json:"rate,omitempty"`
	Latency map[string]float64 `json:"latency_ms,omitempty"`
	Samples int64              `json:"latency_rows,omitempty"`
	// PeakBytes is the largest resident size of the process.
	PeakBytes int64 `json:"peak_bytes,omitempty"`
}

// A once is one run of a query.
type once struct {
	probe
	took, cpu   time.Duration
	checkpoints int
	allocs      uint64
}

// measure runs a query again and again in this process, in turn with and without checkpoints, and
// then at a fixed rate.
func measure(ctx context.Context, q entry, s settings) (f figures, err error) {
	f = figures{Query: q.name, What: q.what}
	defer func() { f.PeakBytes = usage().peak }()
	var best *once
	var ratios []float64
	for i := range s.Repeat {
		var pair [2]*once // without, with
		for j := range pair {
			j = (i + j) % 2
			every := []time.Duration{never, interval}[j]
			if pair[j], err = runOnce(ctx, q, s, s.Events, nil, every); err != nil {
				return f, err
			}
		}
		ratios = append(ratios, pair[0].took.Seconds()/pair[1].took.Seconds())
		if best == nil || pair[1].took < best.took {
			best = pair[1]
		}
	}
	f.Events, f.Rows, f.Seconds, f.Checkpoints = s.Events, best.rows, best.took.Seconds(), best.checkpoints
	f.PerSecond = float64(s.Events) / best.took.Seconds()
	if best.cpu > 0 {
		f.PerCPUSecond = float64(s.Events) / best.cpu.Seconds()
	}
	f.AllocsPerEvent = float64(best.allocs) / float64(s.Events)
	slices.Sort(ratios)
	f.CheckpointRatio = ratios[len(ratios)/2]
	if s.Rate == 0 {
		return f, nil
	}
	at, err := runOnce(ctx, q, s, int64(s.Rate*s.For.Seconds()), site.NewPace(s.Rate), interval)
	if err != nil {
		return f, err
	}
	f.Rate, f.Samples, f.Latency = s.Rate, at.latency.n, map[string]float64{}
	for name, share := range map[string]float64{"p50": 0.5, "p99": 0.99, "p99.9": 0.999} {
		f.Latency[name] = at.latency.quantile(share).Seconds() * 1e3
	}
	return f, nil
}

// runOnce runs a query over the first n events.
func runOnce(ctx context.Context, q entry, s settings, n int64, pace *site.Pace, every time.Duration) (*once, error) {
	dir := path.Join(s.Dir, q.name)
	if err := durable.RemoveTree(durable.OS(), dir); err != nil {
		return nil, err
	}
	o := &once{probe: probe{events: n, pace: pace}}
	job := weir.NewJob("nexmark " + q.name)
	q.build(weir.From(job, "events", site.Source(n, s.Parallelism, pace), site.Watermarks()), &o.probe)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var monitor run.Monitor
	cpu, began := usage().cpu, time.Now()
	err := run.Local(ctx, job, run.Options{
		CheckpointDir: dir, CheckpointInterval: every, Parallelism: s.Parallelism, Monitor: &monitor, Log: slog.New(slog.DiscardHandler),
	})
	o.took, o.cpu = time.Since(began), usage().cpu-cpu
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.name, err)
	}
	runtime.ReadMemStats(&after)
	o.allocs, o.checkpoints = after.Mallocs-before.Mallocs, monitor.Status().Completed
	return o, durable.RemoveTree(durable.OS(), dir)
}
