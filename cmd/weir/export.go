package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/internal/inspect"
)

type exportOptions struct {
	of     selection
	asJSON bool
	format string
	file   string // "" for standard output
}

func (t *tool) exportCommand() *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export PATH",
		Short: "Write the entries of a checkpoint or savepoint as JSON or CSV",
		Long: `Write every entry of keyed state and operator state, and every timer, of a
checkpoint or savepoint: without the job's code, one a line, to standard output or
into a new file, which is durable when the verb ends well and is called
FILE.inprogress until then. However large the state is, only one key group of it
is in memory.

PATH is what it is for "weir inspect"; docs/cli-json.md says how values are written.
As CSV, a state that is exported alone has a column for each field of its keys and
values; several states have one column each for key, namespace, user key and value.
A cell of CSV that is valid JSON is a value as in JSON, any other is a text as it
is, and an empty one is null.

Coordinators' state, raw state and records in flight have no entries. State that
cannot be decoded here, as of RocksDB's files or of types that only the job knows,
is reported on standard error.`,
		Example: `  weir export weir-data/<job>/chk-17 > state.jsonl
  weir export --operator counter --state count --format csv -o counts.csv weir-data/<job>
  weir export savepoint-7bd90b-3a2cda6957cb | jq -c 'select(.key == "FRA")'`,
		Annotations: map[string]string{"exit codes": `  0  everything that was asked for was written
  1  the checkpoint is damaged; what could be read was written
  2  wrong usage, no checkpoint, something could not be read or not be decoded
     (the rest was written), or the output could not be written`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.format != "json" && o.format != "csv":
				return usageError(cmd, fmt.Errorf("--format is json or csv, not %q", o.format))
			case o.asJSON && o.format != "json":
				return usageError(cmd, errors.New("--json and --format csv exclude each other"))
			}
			return t.export(cmd.Context(), args[0], o)
		},
	}
	o.of.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.asJSON, "json", false, "as --format json, and with errors as JSON")
	f.StringVar(&o.format, "format", "json", "`FORMAT` of the output: json, one object a line, or csv")
	f.StringVarP(&o.file, "output", "o", "", "write into this new `FILE`")
	return cmd
}

// An entryWriter writes entries in one format.
type entryWriter interface {
	begin() error
	entry(*inspect.Handle, *inspect.Entry) error
	end() error
}

func (t *tool) export(ctx context.Context, given string, o exportOptions) error {
	m := &meter{stop: func() {}}
	if o.file != "" || !t.out.live { // else the entries are written to the terminal meanwhile
		m = t.measure("exporting " + path.Base(given))
	}
	x, err := t.exportTo(ctx, m, given, o)
	m.stop()
	if err != nil {
		return err
	}
	if o.file != "" {
		if err := t.sayWhere(o, x.Entries); err != nil {
			return err
		}
	}
	for _, err := range x.Errors {
		t.complain(o.asJSON, err)
	}
	for _, u := range x.Lost {
		t.complain(o.asJSON, fmt.Errorf("not exported: %s: %s", share(u), unreadText(u.Unread)))
	}
	switch {
	case x.Damaged():
		return errDamaged
	case len(x.Lost) > 0 || len(x.Errors) > 0:
		return errSaid
	}
	return nil
}

// exportTo opens the output when it is known that there is something to export, and writes
// all entries to it.
func (t *tool) exportTo(ctx context.Context, m *meter, given string, o exportOptions) (*inspect.Exported, error) {
	c, err := t.open(ctx, m, given, o.of, false)
	if err != nil {
		return nil, err
	}
	out, err := t.create(o.file)
	if err != nil {
		return nil, err
	}
	var w entryWriter = jsonEntries{out}
	if o.format == "csv" {
		w = newCSVEntries(out, c)
	}
	var x *inspect.Exported
	if err = w.begin(); err == nil {
		x, err = c.Export(w.entry)
	}
	if err = cmp.Or(err, ctx.Err()); err == nil {
		err = w.end()
	}
	return x, out.close(err)
}
