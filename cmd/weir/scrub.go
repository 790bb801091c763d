package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (t *tool) scrubCommand() *cobra.Command {
	s := &scrub{verification: verification{checker: checker{t: t}}, pace: pace{clock: t.clock}}
	limit := rate(defaultRate)
	maxBlock := blockSize(defaultMaxBlock)
	cmd := &cobra.Command{
		Use:   "scrub DIR",
		Short: "Read all retained checkpoints at a moderate pace and look for damage",
		Long: `Read every complete checkpoint of every job below DIR from the disk, past the
page cache, and look for damage, as "weir verify" does: but slowly, so that a job
can run meanwhile, and with few words, so that it can be run every night. Disks
lose bits in silence; what is found while an older checkpoint or a backup is
still there can be made good.

Nothing is said about what is good but how much of it there is. A checkpoint
that the job deletes meanwhile is no damage.`,
		Example: `  weir scrub weir-data                       at ` + limit.String() + `
  weir scrub weir-data --rate 5MiB/s         slower
  weir scrub weir-data --rate 0              as fast as it goes
  0 3 * * * weir scrub /var/lib/weir-data    a line of a crontab: every night at 3
  weir scrub --json weir-data                as JSON, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  all verified, or whole without a seal
  1  at least one is damaged, or none is good
  2  wrong usage, no checkpoint, or something could not be read`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(_ *cobra.Command, args []string) error {
			s.pace.bytesPerSecond, s.maxBlock = int64(limit), int64(maxBlock)
			return s.run(args[0])
		},
	}
	f := cmd.Flags()
	f.Var(&limit, "rate", "read at most so many bytes a second, as 50MiB/s;\n0 is no limit")
	f.BoolVar(&s.asJSON, "json", false, "write JSON, one object a line")
	f.BoolVar(&s.allowOutside, "allow-outside", false, allowOutsideHelp)
	f.Var(&maxBlock, "max-block", maxBlockHelp+"; state that is sealed may have\nany size")
	return cmd
}

// defaultRate is a share of what any disk can do that a job next to it does not miss.
const defaultRate = 50 << 20

// A scrub is one run of the verb.
type scrub struct {
	verification
	pace pace
}

func (s *scrub) run(given string) error {
	p, err := look(s.t.fsys, given)
	if err != nil {
		return err
	}
	var targets []target
	var jobs []*jobDir
	var gaps []error
	if p.kind == aCheckpoint {
		targets = []target{{p.name, p.shown, jobOf(s.t.fsys, p)}}
	} else {
		targets, jobs, gaps = s.t.targetsAt(p)
	}
	if len(targets) == 0 {
		if len(gaps) == 0 {
			return nothingAt(p)
		}
		return s.t.sayAll(s.asJSON, gaps)
	}
	if err := s.readAll(targets); err != nil {
		return err
	}
	sum := s.judge(gaps)
	line := scrubSummary{summaryLine: sum, Gone: len(s.done) - sum.Checkpoints, Read: s.pace.read.Load()}
	if s.asJSON {
		if err := writeJSON(s.t.out, line); err != nil {
			return err
		}
	} else {
		s.t.out.para("", line.text())
		if sum.Damaged > 0 {
			s.textEnd(jobs)
		}
	}
	return s.leave(sum, gaps)
}

// readAll reads one checkpoint after the other, and says of each that is not good what
// was found as soon as that is known; to programs it says all.
func (s *scrub) readAll(targets []target) error {
	lines := newVerifyTable(targets)
	head := false
	var total int64
	for _, at := range targets {
		total += sizeOf(s.t.fsys, at.name)
	}
	for i, at := range targets {
		c := s.readOne(at, total)
		s.done = append(s.done, c)
		switch {
		case s.asJSON:
			if err := writeJSON(s.t.out, c.line(nil)); err != nil {
				return err
			}
		case c.good() || c.state == gone:
			continue
		default:
			if !head {
				head = true
				lines.head(s.t.out)
			}
			lines.write(s.t.out, i, c)
		}
		if err := s.t.out.flush(); err != nil {
			return err
		}
	}
	if head {
		s.t.out.printf("\n")
	}
	return nil
}

// readOne reads a checkpoint, under a meter that shows how far all of them have come.
func (s *scrub) readOne(at target, total int64) *check {
	bad := summarize(s.done).Damaged
	fsys, m := s.t.measure(scrubbing(at.shown, bad))
	defer m.stop()
	m.total.Store(total)
	m.goOn(s.pace.read.Load())
	s.through = pacedFS{
		FS:      fsys,
		pace:    &s.pace,
		opening: func(name string) { m.say(scrubbing(name, bad)) },
	}
	return s.check(at.name, at.shown, at.j)
}

// scrubbing says what is going on.
func scrubbing(what string, bad int) string {
	s := "scrubbing " + printable(what)
	if bad > 0 {
		s += fmt.Sprintf(", %s damaged so far,", counted(bad, "checkpoint"))
	}
	return s
}

// A scrubSummary is a summary of verify's, with what it took.
type scrubSummary struct {
	summaryLine
	Gone int   `json:"gone"`
	Read int64 `json:"read"`
}

func (s scrubSummary) text() string {
	text := s.summaryLine.text()
	if s.Gone > 0 {
		text += fmt.Sprintf("; %d more deleted meanwhile by the job", s.Gone)
	}
	return text + "; " + byteCount(s.Read) + " read"
}

// A rate is a flag for bytes per second, as 50MiB/s.
type rate int64

func (r *rate) String() string { return (*blockSize)(r).String() + "/s" }

func (r *rate) Set(s string) error {
	if s == "0" {
		*r = 0
		return nil
	}
	if (*blockSize)(r).Set(strings.TrimSuffix(s, "/s")) != nil {
		return fmt.Errorf("want a rate such as 512KiB/s or 50MiB/s, or 0 for none")
	}
	return nil
}

func (r *rate) Type() string { return "RATE" }
