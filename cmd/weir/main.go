// Command weir looks after checkpoints: Weir's own and Flink's. It lists them, shows what
// is in them, reads them from the disk to say whether they are good, compares them and
// writes their entries out; it copies them, deletes old ones, and finds out whether a
// directory is fit for them.
//
// One file per verb. Those that look, ls.go, inspect.go, verify.go, scrub.go, diff.go and
// export.go, change no checkpoint and take no lock: a job may be running. copy.go writes
// below a new name only, and prune.go deletes: in the directory of a job both hold the
// job's lock, and are refused while it runs. doctor.go works in a scratch directory of its
// own. Below them
//
//   - find.go says what lies at a path and links.go which links on the way there are
//     followed, glance.go what names and lengths tell of a checkpoint, view.go what of it
//     somebody wants to see, content.go reads the state that its handles lead to, check.go
//     says whether it is good, for verify, scrub, copy and prune alike,
//   - screen.go, table.go and progress.go are how people are told, json.go is how
//     programs are; docs/cli-json.md is the promise that goes with it.
//
// Everything that is read is taken to be hostile. Files are opened through package
// durable, which follows no link to one, and through checkpoint/store, which lets no handle
// lead out of its directory; what is printed has passed printable. What is written and
// deleted goes through checkpoint/store, too, in the order that a job has.
package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
)

// The exit codes. Each verb's help says which of them it has and why.
const (
	exitGood      = 0
	exitDamaged   = 1
	exitDifferent = 1 // of a verb that compares
	exitFailed    = 2 // usage, or it could not be read
)

// errDamaged ends a verb with exitDamaged. What is damaged has been said by then.
var errDamaged = errors.New("damaged")

// errDifferent ends a verb with exitDifferent.
var errDifferent = errors.New("different")

// errSaid ends a verb with exitFailed. Why has been said by then.
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
	root.SetArgs(args)
	root.SetOut(t.out)
	root.SetErr(t.errs)
	err := root.Execute()
	errOut := t.out.flush()
	defer t.errs.Flush()
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

// exitCode is what an error that has been said ends with.
func exitCode(err error) int {
	var metadata *store.MetadataError
	var source *store.DamagedSourceError
	var state damagedState
	if errors.As(err, &metadata) || errors.As(err, &source) || errors.As(err, &state) {
		return exitDamaged
	}
	return exitFailed
}

// A damagedState is an error about state that is damaged.
type damagedState struct{ error }

// A tool is what all verbs share.
type tool struct {
	fsys  durable.FS
	out   *terminal // what was asked for
	errs  *terminal // errors and progress
	clock clockwork
}

// complain writes an error for people or for programs.
func (t *tool) complain(asJSON bool, err error) {
	if asJSON {
		writeJSON(t.errs, errorLine{Type: "error", Error: err.Error(), ExitCode: exitCode(err)})
		return
	}
	for _, err := range parted(err) {
		io.WriteString(t.errs, "weir: "+printable(err.Error())+"\n")
	}
}

// parted is what errors.Join has joined: each is said on a line of its own. A line break
// within one, as of a name, is none.
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
		return []error{err} // of fmt.Errorf
	}
	return joined.Unwrap()
}

// sayAll complains about each error that there is, and ends the verb if there is one.
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

// An errorLine is an error for programs.
type errorLine struct {
	Type     string `json:"message_type"`
	Error    string `json:"error"`
	ExitCode int    `json:"exit_code"`
}
