// Command weir looks after checkpoints of Weir and of Flink. It lists them, shows what is in
// them, finds keys, reads them from the disk to say whether they are good, compares them and
// writes their entries out. It copies them, deletes old ones, and finds out whether a
// directory can hold them durably.
//
// There is one file per verb, with …_text.go and …_json.go for its output. What the verbs
// read and judge is in package internal/inspect; here are flags, output and exit codes.
//
//   - ls.go, inspect.go, find.go, verify.go, scrub.go, diff.go and export.go change no
//     checkpoint and take no lock: a job may be running.
//   - copy.go writes below a new name only, and prune.go deletes. In the directory of a job
//     both hold the lock of the job, and are refused while it runs.
//   - doctor.go works in a scratch directory of its own, and trace.go reads a file.
//   - screen.go, table.go and progress.go write for people, json.go for programs:
//     docs/cli-json.md says what may be relied on.
//
// Everything that is read is taken to be hostile. What is printed has passed printable, or one
// of the forms in which package inspect writes names and values. What is written and deleted
// goes through checkpoint/store, in the order that a job has.
package main

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/internal/inspect"
)

// The exit codes. The help of each verb says which of them it has, and when.
const (
	exitGood      = 0
	exitDamaged   = 1
	exitDifferent = 1 // of a verb that compares or searches
	exitFailed    = 2 // usage, or it could not be read
)

// errDamaged ends a verb with exitDamaged. What is damaged has been written by then.
var errDamaged = errors.New("damaged")

// errDifferent ends a verb with exitDifferent.
var errDifferent = errors.New("different")

// errSaid ends a verb with exitFailed. The errors have been written by then.
var errSaid = errors.New("failed")

func main() {
	os.Exit(execute(durable.OS(), os.Args[1:], newTerminal(os.Stdout), newTerminal(os.Stderr)))
}

// execute runs a command line and returns the exit code.
func execute(fsys durable.FS, args []string, out, errs *terminal) int {
	return (&tool{fsys: fsys, out: out, errs: errs, clock: wallClock()}).execute(args)
}

func (t *tool) execute(args []string) int {
	asJSON := slices.Contains(args, "--json")
	root := t.rootCommand()
	root.SetArgs(negativeKeys(args))
	root.SetOut(t.out)
	root.SetErr(t.errs)
	err := root.Execute()
	errOut := t.out.flush()
	defer func() { _ = t.errs.Flush() }() // an error of standard error has no place to be written to
	if errOut != nil && (err == nil || errors.Is(err, errDamaged) || errors.Is(err, errDifferent)) {
		err = errOut
	}
	switch {
	case err == nil:
		return exitGood
	case errors.Is(err, errDamaged):
		return exitDamaged
	case errors.Is(err, errDifferent):
		return exitDifferent
	case errors.Is(err, errSaid):
		return exitFailed
	}
	t.complain(asJSON, err)
	return exitCode(err)
}

// exitCode returns what an error ends the tool with.
func exitCode(err error) int {
	var metadata *store.MetadataError
	var source *store.DamagedSourceError
	var state *inspect.DamagedStateError
	if errors.As(err, &metadata) || errors.As(err, &source) || errors.As(err, &state) {
		return exitDamaged
	}
	return exitFailed
}

// A tool is what the verbs share.
type tool struct {
	fsys  durable.FS
	out   *terminal // what was asked for
	errs  *terminal // errors and progress
	clock clockwork
}

// complain writes an error for people or for programs.
func (t *tool) complain(asJSON bool, err error) {
	if asJSON {
		// An error of the buffer comes again from Flush.
		_ = writeJSON(t.errs, errorLine{Type: "error", Error: err.Error(), ExitCode: exitCode(err)})
		return
	}
	for _, err := range parted(err) {
		t.errs.printf("weir: %s\n", printable(err.Error()))
	}
}

// parted returns the errors that errors.Join has joined, so that each gets a line of its own.
// A line break inside of an error, as in a name, makes no line.
func parted(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var texts []string
	for _, e := range joined.Unwrap() {
		texts = append(texts, e.Error())
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []error{err} // made by fmt.Errorf
	}
	return joined.Unwrap()
}

// sayAll writes each error that is not nil, and ends the verb if there is one.
func (t *tool) sayAll(asJSON bool, errs []error) error {
	said := error(nil)
	for _, err := range errs {
		if err != nil {
			t.complain(asJSON, err)
			said = errSaid
		}
	}
	return said
}

// end writes each error that is not nil, and ends the verb with an exit code: exitGood,
// exitDamaged or exitFailed.
func (t *tool) end(asJSON bool, errs []error, code int) error {
	_ = t.sayAll(asJSON, errs) // the code has been decided
	switch code {
	case exitDamaged:
		return errDamaged
	case exitFailed:
		return errSaid
	}
	return nil
}

// An errorLine is an error for programs.
type errorLine struct {
	Type     string `json:"message_type"`
	Error    string `json:"error"`
	ExitCode int    `json:"exit_code"`
}
