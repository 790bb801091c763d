package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/probe"
)

func (t *tool) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor DIR",
		Short: "Find out whether checkpoints in a directory can survive a power cut",
		Long: `Find out what can be known about whether checkpoints in DIR survive a power cut:

  the mount   the file system and its options, and what they take away
  the litmus  what must be refused is refused, what must succeed does; two whole
              checkpoints, begun, completed, verified past the page cache
  the cost    what a sync takes here, of a file, of a directory, and what a
              checkpoint takes
  the room    bytes and inodes that are left

It works in a scratch directory of its own in DIR, which it removes, and needs a
few megabytes. Jobs may be running.

What no program can find out on the machine it runs on is whether bytes that the
drive has reported as written survive: for that the power must be cut. A drive
with a cache that lies passes every test here.`,
		Example: `  weir doctor /var/lib/weir-data
  weir doctor --json /var/lib/weir-data    as JSON, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  the durability contract can hold; doubts are said
  1  it cannot
  2  wrong usage, or it could not be tried`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(_ *cobra.Command, args []string) error {
			d := &doctor{t: t}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if err := d.examine(ctx, args[0]); err != nil {
				return err
			}
			if asJSON {
				if err := d.json(); err != nil {
					return err
				}
			} else {
				d.text()
			}
			if d.verdict() == cannotHold {
				return errDamaged
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON, one object a line")
	return cmd
}

// A doctor is one run of the verb.
type doctor struct {
	t *tool

	shown  string
	mount  probe.Mount
	space  *probe.Space // nil if it is not known
	trials []probe.Trial
	costs  []cost
}

// examine finds out what can be found out. An error says that it could not be tried.
func (d *doctor) examine(ctx context.Context, given string) (err error) {
	d.shown, err = store.LocalPath(given)
	if err != nil {
		return err
	}
	dir := d.shown
	if abs, err := filepath.Abs(filepath.FromSlash(dir)); err == nil {
		dir = filepath.ToSlash(abs)
	}
	if _, err := d.t.fsys.ReadDir(dir); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s does not exist; make it, or name the directory that it will be made in", d.shown)
	} else if err != nil {
		return err
	}
	d.mount = probe.MountOf(dir)
	if space, err := probe.SpaceOf(dir); err == nil {
		d.space = &space
	}
	return d.inScratch(ctx, dir)
}

// inScratch tries things out in a directory of its own, and removes that in the end, also if it
// is interrupted.
func (d *doctor) inScratch(ctx context.Context, dir string) (err error) {
	var unique [8]byte
	rand.Read(unique[:]) // never fails
	scratch := path.Join(dir, ".weir-doctor-"+hex.EncodeToString(unique[:]))
	if err := d.t.fsys.Mkdir(scratch); err != nil {
		return fmt.Errorf("nothing can be tried in %s: %w", d.shown, err)
	}
	defer func() {
		if rerr := durable.RemoveTree(d.t.fsys, scratch); rerr != nil {
			err = errors.Join(err, fmt.Errorf("remove the scratch directory %s: %w", scratch, rerr))
		}
	}()
	m := d.t.measure("trying out " + printable(d.shown))
	defer m.stop()
	d.trials = probe.Litmus(d.t.fsys, scratch)
	d.trials = append(d.trials, d.tryStore(path.Join(scratch, "checkpoints")))
	if d.failed() {
		return nil // what does not work need not be measured
	}
	m.say("measuring " + printable(d.shown))
	return d.measure(ctx, scratch)
}

func (d *doctor) failed() bool {
	for _, t := range d.trials {
		if t.Outcome == probe.Failed {
			return true
		}
	}
	return false
}

// A verdict is the result of an examination. The texts are a contract: docs/cli-json.md.
type verdict string

const (
	canHold    verdict = "holds"
	inDoubt    verdict = "doubt"
	cannotHold verdict = "broken"
)

// verdict returns the worst of what was found.
func (d *doctor) verdict() verdict {
	v := canHold
	for _, l := range d.mount.Limits() {
		switch {
		case l.Severity == probe.Broken:
			return cannotHold
		case l.Severity == probe.Doubt:
			v = inDoubt
		}
	}
	for _, t := range d.trials {
		switch t.Outcome {
		case probe.Failed:
			return cannotHold
		case probe.Weaker:
			v = inDoubt
		}
	}
	return v
}
