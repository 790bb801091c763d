package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

func (t *tool) findCommand() *cobra.Command {
	var of selection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "find PATH KEY",
		Short: "Show every entry that a key has in a checkpoint",
		Long: `Show every entry that a key has in a checkpoint or savepoint: in every keyed
state, map, timer and broadcast map of every operator.

PATH is what it is for "weir inspect". KEY is a key as that shows it, and means
exactly that key: '"user-7"' is a text, 7 a number, 'b"\x00abc"' bytes,
'visit{page: "/"}' a record. If no key is shown like that, KEY is taken to be text
without its quotation marks: user-7 finds "user-7". A shell takes quotation marks
away: put the key into single quotes.

All state that is selected is read.`,
		Example: `  weir find weir-data/<job> user-7
  weir find weir-data/<job>/chk-17 '"caf\xe9"' --operator counter
  weir find --json savepoint-7bd90b-3a2cda6957cb 4711`,
		Annotations: map[string]string{"exit codes": `  0  found
  1  not found, in a checkpoint that could be read as a whole
  2  wrong usage, no checkpoint, something is damaged, or could not be read or
     decoded (what was found was shown)`},
		Args:              pathAndKey,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := inspect.ParseKey(args[1])
			if err != nil {
				return usageError(cmd, err)
			}
			return t.find(cmd.Context(), args[0], key, of, asJSON)
		},
	}
	addJSONFlag(cmd, &asJSON)
	of.add(cmd)
	return cmd
}

// negativeKeys moves arguments of find that are negative numbers behind a --, so that they are
// taken for keys and not for flags.
func negativeKeys(args []string) []string {
	if len(args) == 0 || args[0] != "find" || slices.Contains(args, "--") {
		return args
	}
	var flags, keys []string
	for _, arg := range args {
		if len(arg) > 1 && arg[0] == '-' && (arg[1] >= '0' && arg[1] <= '9' || arg == "-Infinity") {
			keys = append(keys, arg)
		} else {
			flags = append(flags, arg)
		}
	}
	if len(keys) == 0 {
		return args
	}
	return slices.Concat(flags, []string{"--"}, keys)
}

// pathAndKey are the arguments of find.
func pathAndKey(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) != 2:
		return usageError(cmd, fmt.Errorf("it takes a path and a key, not %s", counted(len(args), "argument")))
	case args[0] == "":
		return usageError(cmd, errors.New("the path is empty"))
	}
	return nil
}

// A findLine says what a search came to, for programs.
type findLine struct {
	Type     string          `json:"message_type"` // "summary"
	Key      json.RawMessage `json:"key"`
	Entries  int64           `json:"entries"`
	AsText   bool            `json:"as_text"`
	ExitCode int             `json:"exit_code"`
}

func (t *tool) find(ctx context.Context, given string, key inspect.Key, of selection, asJSON bool) error {
	m := t.measure("")
	c, err := t.open(ctx, m, given, of, false)
	m.stop()
	if err != nil {
		return notDamage(err)
	}
	shown := finding{t: t, names: c.Names, asJSON: asJSON}
	found, err := c.Find(key, shown.entry)
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return err
	}
	code := exitGood
	switch x := found.Searched; {
	case len(x.Errors) > 0 || len(x.Lost) > 0:
		code = exitFailed
	case found.Entries == 0:
		code = exitDifferent
	}
	if asJSON {
		err = writeJSON(t.out, findLine{"summary", inspect.JSON(key.String()), found.Entries, found.AsText, code})
	} else {
		shown.end(key, found)
	}
	if err != nil {
		return err
	}
	for _, err := range found.Searched.Errors {
		t.complain(asJSON, notDamage(err))
	}
	for _, u := range found.Searched.Lost {
		t.complain(asJSON, fmt.Errorf("not searched: %s: %s", share(u), unreadText(u.Unread)))
	}
	switch code {
	case exitDifferent:
		return errDifferent
	case exitFailed:
		return errSaid
	}
	return nil
}

// A finding is the output of find.
type finding struct {
	t      *tool
	names  inspect.Names
	asJSON bool
	at     checkpoint.OperatorID // of the entry before
	any    bool
}

func (f *finding) entry(h *inspect.Handle, e *inspect.Entry) error {
	if f.asJSON {
		return writeJSON(f.t.out, entryLineOf(h, e))
	}
	out := f.t.out
	if !f.any || f.at != h.Operator {
		out.printf("%s\n", out.operatorHead(f.names.Operators[h.Operator], h.Operator))
		f.any, f.at = true, h.Operator
	}
	where := fmt.Sprintf("subtask %v", h.Subtask)
	if e.KeyGroup >= 0 {
		where += fmt.Sprintf(", key group %d", e.KeyGroup)
	}
	out.printf("  %s  (%s)\n", out.entry(e.Text()), where)
	return nil
}

// end says what the search came to, for people.
func (f *finding) end(key inspect.Key, found *inspect.FoundKey) {
	out := f.t.out
	if found.Entries > 0 {
		out.printf("\n")
	}
	switch text := inspect.Text; {
	case found.Entries == 0:
		out.para("", fmt.Sprintf("no key is %s", printable(key.String())))
	case found.AsText:
		out.para("", fmt.Sprintf("%s with the text %s as their key", entryCount(found.Entries), text(key.String())))
	default:
		out.para("", fmt.Sprintf("%s with the key %s", entryCount(found.Entries), printable(key.String())))
	}
}
