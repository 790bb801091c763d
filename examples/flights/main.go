// Command flights is Weir's main example: it reads 20,000 real flights, keeps figures per
// airport, and writes every flight exactly once, enriched with the figures of the airport
// it left from. Kill it at any moment and run it again: nothing is lost or repeated.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// Flight is a line of the input.
type Flight struct {
	Date        string `json:"date"`
	Delay       int    `json:"delay"` // minutes, negative if early
	Origin      string `json:"origin"`
	Destination string `json:"destination"`
}

// Figures is the state per airport.
type Figures struct {
	N     int64
	Sum   int64 // of the delays, in minutes
	Worst int64
}

// Enriched is a line of the output.
type Enriched struct {
	Origin      string  `json:"origin"`
	Destination string  `json:"destination"`
	Date        string  `json:"date"`
	Delay       int     `json:"delay"`
	N           int64   `json:"n"` // flights from this airport so far, this one included
	MeanDelay   float64 `json:"mean_delay"`
	WorstDelay  int64   `json:"worst_delay"`
}

func main() {
	rate := flag.Float64("rate", 0, "read at most this `number` of flights a second; 0 means no limit")
	out := flag.String("out", "weir-data/flights/out", "`directory` for the output")
	data := flag.String("in", "", "read another `file` of flights instead of the one that is built in")
	run.Main(
		func() (*weir.Job, error) { return flights(*data, *out, *rate) },
		func(run.Status) error { return report(os.Stdout, *out) },
	)
}

// flights builds the job over files.
func flights(in, out string, rate float64) (*weir.Job, error) {
	if in == "" {
		var err error
		if in, err = unpack("weir-data/flights"); err != nil {
			return nil, err
		}
	}
	if rate < 0 {
		return nil, fmt.Errorf("--rate %v: want the number of flights a second, or 0 for no limit", rate)
	}
	return enriching(ratelimit.Source(file.JSONLines[Flight](in), rate), file.JSONSink[Enriched](out)), nil
}

// enriching is the job, whatever the flights come from and go to.
func enriching(in weir.Source[Flight], out weir.Sink[Enriched]) *weir.Job {
	job := weir.NewJob("flights")
	byOrigin := weir.KeyBy(weir.From(job, "flights", in), func(f Flight) string { return f.Origin })
	weir.To(weir.Process(byOrigin, "figures", enrich), "out", out)
	return job
}

// enrich adds to each flight the figures of its airport so far.
func enrich(c *weir.KeyContext[string], out *weir.Out[Enriched]) func(Flight) error {
	figures := weir.NewValue[Figures](c, "figures")
	return func(f Flight) error {
		sofar, known := figures.Get()
		if delay := int64(f.Delay); !known || delay > sofar.Worst {
			sofar.Worst = delay
		}
		sofar.N++
		sofar.Sum += int64(f.Delay)
		figures.Set(sofar)
		out.Emit(Enriched{
			Origin: f.Origin, Destination: f.Destination, Date: f.Date, Delay: f.Delay,
			N: sofar.N, MeanDelay: float64(sofar.Sum) / float64(sofar.N), WorstDelay: sofar.Worst,
		})
		return nil
	}
}
