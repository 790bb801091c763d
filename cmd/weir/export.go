package main

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
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
into a new file, which is on the disk when the verb ends well and is called
FILE.inprogress until then. However large the state is, no more of it is in memory
than a key group.

PATH is what it is for "weir inspect", and so are the values. As CSV, a state that
is exported alone has a column for each field of its keys and values; several
states have one of each, with the value as JSON. In CSV a text that begins with a
quotation mark is JSON: one that is empty, begins so itself, or has control
characters in it. A cell without anything is null.

Coordinators' and raw state and records on their way have no entries. State that
cannot be decoded here, as of RocksDB's files or of types that only the job knows,
is named on standard error.`,
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
			return t.export(args[0], o)
		},
	}
	o.of.addFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.asJSON, "json", false, "as --format json, and with errors as JSON")
	f.StringVar(&o.format, "format", "json", "`FORMAT` of the output: json, one object a line, or csv")
	f.StringVarP(&o.file, "output", "o", "", "write into this new `FILE`")
	return cmd
}

// An entryWriter writes entries in one format.
type entryWriter interface {
	begin() error
	entry(h *handle, e entry) error
	end() error
}

// An exporting is an export on its way.
type exporting struct {
	*view
	writer  entryWriter
	entries int64
	lost    unreadList // what could not be decoded
	errs    []error
	damaged bool
}

func (t *tool) export(given string, o exportOptions) error {
	p, err := t.oneCheckpoint(given)
	if err != nil {
		return err
	}
	fsys, m := t.fsys, &meter{stop: func() {}}
	if o.file != "" || !t.out.live { // nothing may be written meanwhile
		fsys, m = t.measure("exporting " + path.Base(p.name))
	}
	x, out, err := t.beginExport(fsys, p, o)
	if err == nil {
		m.total.Store(stateBytes(x.c))
		err = out.close(x.run())
	}
	m.stop()
	if err != nil {
		return err
	}
	if o.file != "" {
		if err := x.sayWhere(o); err != nil {
			return err
		}
	}
	return x.verdict(o)
}

// beginExport finds out what there is to export, and opens the output when that is known.
func (t *tool) beginExport(fsys durable.FS, p place, o exportOptions) (*exporting, *outFile, error) {
	v, err := t.view(fsys, p, o.of)
	if err != nil {
		return nil, nil, err
	}
	v.reader.headers = true
	if err := v.read(); err != nil {
		return nil, nil, err
	}
	v.reader.headers = false
	out, err := t.create(o.file)
	if err != nil {
		return nil, nil, err
	}
	x := &exporting{view: v}
	if o.format == "csv" {
		x.writer = newCSVEntries(out, v)
	} else {
		x.writer = jsonEntries{out}
	}
	return x, out, nil
}

// run writes all entries. An error is one of writing.
func (x *exporting) run() error {
	err := x.writer.begin()
	for _, op := range x.operators {
		if err != nil {
			return err
		}
		x.reader.each(op.OperatorState, func(h *handle, e entry) bool {
			if err == nil && x.wanted(e.state) {
				x.entries++
				err = x.writer.entry(h, e)
			}
			return err == nil
		}, func(h *handle) {
			if err == nil {
				x.note(op, h)
			}
		})
	}
	if err != nil {
		return err
	}
	return x.writer.end()
}

// note remembers what could not be exported of a handle.
func (x *exporting) note(op *operatorContent, h *handle) {
	where := fmt.Sprintf("%v state of %s, subtask %v", h.Kind, op.short(op.ID), h.Subtask)
	if h.Problem != nil {
		x.damaged = true
		x.errs = append(x.errs, damagedState{fmt.Errorf("%s is damaged: %w", where, h.Problem)})
	}
	if h.Failure != nil {
		x.errs = append(x.errs, fmt.Errorf("%s: %w", where, h.Failure))
	}
	switch h.Kind {
	case flink.ManagedKeyedStream, flink.ManagedOperatorStream:
	default:
		return // there are no entries
	}
	if !h.Whole && (h.blind() || slices.ContainsFunc(h.States, x.wanted)) {
		x.lost.add(h)
	}
}

// verdict says what is missing, and ends the verb by it.
func (x *exporting) verdict(o exportOptions) error {
	for _, err := range x.errs {
		x.t.complain(o.asJSON, err)
	}
	for _, u := range x.lost {
		x.t.complain(o.asJSON, fmt.Errorf("not exported: %s: %s", u.share(), u.why))
	}
	switch {
	case x.damaged:
		return errDamaged
	case len(x.lost) > 0 || len(x.errs) > 0:
		return errSaid
	}
	return nil
}
