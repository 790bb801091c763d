package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/internal/fsynclint"
	"github.com/weirstream/weir/internal/inspect"
)

// straceCommand is what trace --help recommends; a test runs it.
const straceCommand = `strace -f -y -ttt -s 0 -o trace \
    -e trace=%file,%desc,%process,%network,sync,msync,munmap,mremap,io_uring_setup,io_uring_enter,io_uring_register,io_submit \
    PROGRAM …`

type traceFlags struct {
	commit    string
	ack       []string
	below     string
	mountinfo string
	asJSON    bool
}

func (t *tool) traceCommand() *cobra.Command {
	var f traceFlags
	cmd := &cobra.Command{
		Use:   "trace FILE|-",
		Short: "Read a strace log of any program and say what a power cut would leave",
		Long: `Read the output of strace, of any program, and say where the program takes files
for durable that are not: for each fault the two system calls, the sync that is
missing between them, what a directory may look like after a power cut, and the
cheapest cure.

To record a trace (or, of a process that runs, -p PID in place of PROGRAM):

  ` + straceCommand + `

Any other form of strace's output can be read: with pids or without, with times or
without, without -y, grepped, wrapped by a mail program. The report says what is
missing in it.

A program commits where it gives a file that it wrote, or a directory that it made,
its final name by rename or link; where a file that --commit matches is closed; and
where it removes the one before, under a lower number. From then on everything that
was made in the directory must be durable before something relies on it: the removal
of the one before, an answer on a socket or on standard output by the same thread
(--ack), or the end of the trace.`,
		Example: `  weir trace trace                      a file
  strace -f -y … 2>&1 | weir trace -    standard input
  weir trace --below /var/lib/db trace  only what is in one directory
  weir trace --commit 'MANIFEST-\d+$' trace
  weir trace --ack none trace           output is no sign of a commit
  weir trace --json trace               one JSON object a line, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  no error was found
  1  there are errors
  2  wrong usage, or this is no trace that could be read`},
		Args: onePath,
		RunE: func(cmd *cobra.Command, args []string) error { return t.trace(cmd, args[0], f) },
	}
	cmd.Flags().StringVar(&f.commit, "commit", fsynclint.DefaultCommit.String(), "regular `EXPRESSION`: a file with such a path commits\nits directory")
	cmd.Flags().StringSliceVar(&f.ack, "ack", []string{"socket", "stdout"}, "`WHAT` acknowledges a commit: socket, stdout, none")
	cmd.Flags().StringVar(&f.below, "below", "", "judge only what is below this `DIRECTORY`")
	cmd.Flags().StringVar(&f.mountinfo, "mountinfo", "", "`FILE` with /proc/self/mountinfo of the traced machine")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "write JSON, one object a line")
	return cmd
}

func (t *tool) trace(cmd *cobra.Command, given string, f traceFlags) error {
	options, err := f.options()
	if err != nil {
		return usageError(cmd, err)
	}
	in, shown := io.ReadCloser(os.Stdin), "standard input"
	if given != "-" {
		if in, err = openTrace(given); err != nil {
			return err
		}
		defer in.Close()
		shown = given
	}
	m := t.measure("reading " + shown)
	report, err := fsynclint.Lint(&meteredStream{Reader: in, tell: m.part()}, options)
	m.stop()
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", shown, err)
	case report.Calls == 0:
		return fmt.Errorf("there is no system call in %s: is it what strace writes? \"weir trace --help\" says how to record a trace", shown)
	}
	if f.asJSON {
		err = t.traceJSON(shown, report)
	} else {
		t.traceText(shown, report)
	}
	if err == nil && report.Worst() == fsynclint.Error {
		err = errDamaged
	}
	return err
}

// openTrace opens a file, or what can be read like one.
func openTrace(name string) (io.ReadCloser, error) {
	e, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist", name)
	case err != nil:
		return nil, err
	case e.IsDir():
		return nil, fmt.Errorf("%s is a directory; trace reads one file at a time, or standard input as -", name)
	}
	return os.Open(name)
}

func (f traceFlags) options() (o fsynclint.Options, err error) {
	if o.Commit, err = regexp.Compile(f.commit); err != nil {
		return o, fmt.Errorf("--commit: %w", err)
	}
	for _, what := range f.ack {
		switch what {
		case "socket":
			o.AckSocket = true
		case "stdout":
			o.AckStdout = true
		case "none":
		default:
			return o, fmt.Errorf("--ack is socket, stdout or none, not %q", what)
		}
	}
	if f.below != "" {
		if !strings.HasPrefix(f.below, "/") {
			return o, errors.New("--below is an absolute path, as it is in the trace")
		}
		o.Below = path.Clean(f.below)
	}
	if f.mountinfo != "" {
		text, err := os.ReadFile(f.mountinfo)
		if err != nil {
			return o, fmt.Errorf("--mountinfo: %w", err)
		}
		o.Mountinfo = string(text)
	}
	return o, nil
}

// A meteredStream reports how much was read of a stream.
type meteredStream struct {
	io.Reader
	read int64
	tell func(inspect.Progress)
}

func (s *meteredStream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.read += int64(n)
	s.tell(inspect.Progress{Read: s.read})
	return n, err
}
