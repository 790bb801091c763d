package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/internal/bytesize"
	"github.com/weirstream/weir/internal/inspect"
)

func (t *tool) scrubCommand() *cobra.Command {
	s := &scrub{verification: verification{t: t, depth: inspect.Bytes}, pace: pace{clock: t.clock}}
	limit := rate(defaultRate)
	cmd := &cobra.Command{
		Use:   "scrub DIR",
		Short: "Read all retained checkpoints at a moderate pace and look for damage",
		Long: `Read every complete checkpoint of every job below DIR from the disk, past the
page cache, and look for damage as "weir verify" does: but slowly, so that a job
can run meanwhile, and with little output, so that it can be run every night.
Disks lose bits without an error. Damage that is found while an older checkpoint
or a backup is still there can be repaired.

Of good checkpoints only the number is reported. A checkpoint that the job deletes
meanwhile is no damage.`,
		Example: `  weir scrub weir-data                       at ` + limit.String() + `
  weir scrub weir-data --rate 5MiB/s         slower
  weir scrub weir-data --rate 0              as fast as possible
  0 3 * * * weir scrub /var/lib/weir-data    a line of a crontab: every night at 3
  weir scrub --json weir-data                as JSON, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  all verified, or whole without a seal
  1  at least one is damaged, or none is good
  2  wrong usage, no checkpoint, or something could not be read`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.pace.bytesPerSecond = int64(limit)
			return s.run(cmd.Context(), args[0])
		},
	}
	cmd.Flags().Var(&limit, "rate", "read at most so many bytes a second, as 50MiB/s;\n0 is no limit")
	addJSONFlag(cmd, &s.asJSON)
	s.readFlags.add(cmd, sealedMayBeLarge)
	return cmd
}

// defaultRate leaves most of any disk to the job beside it.
const defaultRate = 50 << 20

// A scrub is one run of the verb.
type scrub struct {
	verification
	pace pace
}

func (s *scrub) run(ctx context.Context, given string) error {
	p, err := s.t.look(given)
	if err != nil {
		return err
	}
	r := &inspect.Reader{FS: pacedFS{s.t.fsys, &s.pace, func(string) {}}}
	targets, found := []inspect.Target{r.TargetAt(p)}, &inspect.Found{}
	if p.Kind != inspect.AtCheckpoint {
		if found, err = searchNamed(ctx, r, p); err != nil {
			return err
		}
		targets = found.Targets()
	}
	switch {
	case len(targets) == 0 && len(found.Gaps) == 0:
		return nothingAt(p)
	case len(targets) == 0:
		return s.t.sayAll(s.asJSON, found.Gaps)
	}
	if err := s.readAll(ctx, targets, p.Shown); err != nil {
		return err
	}
	sum := s.summary(found.Gaps)
	line := scrubSummary{summaryLine: sum, Gone: len(s.done) - sum.Checkpoints, Read: s.pace.read.Load()}
	if s.asJSON {
		if err := writeJSON(s.t.out, line); err != nil {
			return err
		}
	} else {
		s.t.out.para("", line.text())
		if sum.Damaged > 0 {
			s.textEnd(found.Jobs())
		}
	}
	return s.leave(sum, found.Gaps)
}

// readAll reads one checkpoint after the other. It says of each that is not good what was
// found as soon as that is known; to programs it says all.
func (s *scrub) readAll(ctx context.Context, targets []inspect.Target, within string) error {
	lines := newVerifyTable(targets, within)
	head := false
	var total int64
	for _, at := range targets {
		total += inspect.DirBytes(s.t.fsys, at.Path)
	}
	for i, at := range targets {
		rep, err := s.readOne(ctx, at, total)
		if err != nil {
			return err
		}
		s.done = append(s.done, rep)
		switch {
		case s.asJSON:
			if err := writeJSON(s.t.out, verifyLineOf(rep, nil)); err != nil {
				return err
			}
		case rep.Verdict.Good() || rep.Verdict == inspect.Gone:
			continue
		default:
			if !head {
				head = true
				lines.head(s.t.out)
			}
			lines.write(s.t.out, i, rep)
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

// readOne reads a checkpoint. The meter shows how far all of them are.
func (s *scrub) readOne(ctx context.Context, at inspect.Target, total int64) (*inspect.Report, error) {
	bad := summarize(s.done).Damaged
	m := s.t.measure(scrubbing(at.Shown, bad))
	defer m.stop()
	m.since = s.pace.read.Load()
	show := m.part()
	r := s.t.reader(m, s.readFlags)
	r.Progress = func(inspect.Progress) { show(inspect.Progress{Read: s.pace.read.Load(), Total: total}) }
	r.FS = pacedFS{
		FS:      s.t.fsys,
		pace:    &s.pace,
		opening: func(name string) { m.say(scrubbing(name, bad)) },
	}
	return r.Judge(ctx, at, s.depth)
}

// scrubbing says what is being done.
func scrubbing(what string, bad int) string {
	s := "scrubbing " + printable(what)
	if bad > 0 {
		s += fmt.Sprintf(", %s damaged so far,", counted(bad, "checkpoint"))
	}
	return s
}

// A scrubSummary is a summary of verify's, with how much was read.
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
	return text + "; " + bytesize.Format(s.Read) + " read"
}
