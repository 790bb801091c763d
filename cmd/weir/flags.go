package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/internal/bytesize"
	"github.com/weirstream/weir/internal/inspect"
)

// A selection is the flags that say which part of a checkpoint is meant, and how far the
// verb may go to read it.
type selection struct {
	inspect.Selection
	readFlags
	uids []string
}

func (s *selection) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.State, "state", "", "only states of this `NAME`")
	f.StringVar(&s.Operator, "operator", "", "only the operator with this `NAME`, uid or id")
	f.StringArrayVar(&s.uids, "uid", nil, "a `UID` that an operator has, to show it where the\ncheckpoint does not have its name; repeatable")
	s.readFlags.add(cmd, "")
}

// readFlags are the flags that say how far a verb may go to read a checkpoint.
type readFlags struct {
	allowOutside bool
	maxBlock     byteSize
}

// add adds the flags; note is what else there is to say about --max-block.
func (r *readFlags) add(cmd *cobra.Command, note string) {
	cmd.Flags().BoolVar(&r.allowOutside, "allow-outside", false, "open files in other directories, too")
	r.addMaxBlock(cmd, note)
}

func (r *readFlags) addMaxBlock(cmd *cobra.Command, note string) {
	r.maxBlock = inspect.DefaultMaxBlock
	cmd.Flags().Var(&r.maxBlock, "max-block", "read no _metadata, key group or operator state\nabove this `SIZE`"+note)
}

// sealedMayBeLarge is what a verb says of --max-block that reads sealed state piece by piece.
const sealedMayBeLarge = "; sealed state may have any size"

// addJSONFlag adds the flag that every verb has.
func addJSONFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "write JSON, one object a line")
}

// addLimitFlag adds how many entries of a state are shown.
func addLimitFlag(cmd *cobra.Command, limit *int) {
	cmd.Flags().IntVar(limit, "limit", 100, "show up to `N` entries of a state, 0 for all; in a pipe\nand with --json all are shown, unless this is given")
}

// settleLimit checks the limit. One that was not given is for a terminal only.
func (t *tool) settleLimit(cmd *cobra.Command, limit *int, asJSON bool) error {
	if *limit < 0 {
		return usageError(cmd, errors.New("--limit is a number of entries, or 0 for all"))
	}
	if !cmd.Flags().Changed("limit") && (asJSON || !t.out.live) {
		*limit = 0
	}
	return nil
}

// A byteSize is a flag for a number of bytes, such as 64MiB.
type byteSize int64

func (b *byteSize) String() string { return bytesize.Exact(int64(*b)) }
func (b *byteSize) Type() string   { return "size" }

func (b *byteSize) Set(s string) error {
	n, err := bytesize.Parse(s)
	if err != nil || n < 1 {
		return errors.New("want a size such as 512KiB, 64MiB or 2GiB")
	}
	*b = byteSize(n)
	return nil
}

// A rate is a flag for bytes per second, such as 50MiB/s.
type rate int64

func (r *rate) String() string { return bytesize.Exact(int64(*r)) + "/s" }
func (r *rate) Type() string   { return "RATE" }

func (r *rate) Set(s string) error {
	n, err := bytesize.Parse(strings.TrimSuffix(s, "/s"))
	if err != nil {
		return errors.New("want a rate such as 512KiB/s or 50MiB/s, or 0 for none")
	}
	*r = rate(n)
	return nil
}
