package main

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// usageTemplate is cobra's, and has the exit codes of the verb.
const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} VERB{{else}}{{.UseLine}}{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}{{end}}
{{- if .HasAvailableSubCommands}}

Verbs:
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- with index .Annotations "exit codes"}}

Exit codes:
{{.}}{{end}}
{{- if .HasAvailableSubCommands}}

"{{.CommandPath}} VERB --help" says more about a verb.{{end}}
`

func (t *tool) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "weir",
		Short: "Look after checkpoints of Weir and of Flink",
		Long: `weir lists checkpoints and savepoints of Weir and of Apache Flink, shows what is
in them, finds keys, reads them from the disk to say whether they are good,
compares them and writes their entries out. It copies them, deletes old ones, and
finds out whether a directory can hold them durably. All but copy and prune can be
used while the job runs. And it reads what strace wrote of any program, to say
what a power cut would leave of its files.`,
		Example: `  weir ls weir-data                     which checkpoints there are
  weir inspect weir-data/<job>/chk-17   what is in one
  weir find weir-data/<job> user-7      every entry of a key, in the newest
  weir verify weir-data                 whether they are good
  weir diff A B                         what differs from A to B
  weir export weir-data/<job>/chk-17    its entries, as JSON or CSV
  weir doctor weir-data                 whether they can survive a power cut
  weir trace strace.out                 where a program relies on what is not durable`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			err := fmt.Errorf("there is no verb %q", args[0])
			if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
				err = fmt.Errorf("%w; do you mean %s?", err, like[0])
			}
			return usageError(cmd, err)
		},
		SuggestionsMinimumDistance: 2,
	}
	root.SetUsageTemplate(usageTemplate)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(t.lsCommand(), t.inspectCommand(), t.findCommand(), t.verifyCommand(), t.diffCommand(), t.exportCommand(),
		t.scrubCommand(), t.copyCommand(), t.pruneCommand(), t.doctorCommand(), t.traceCommand())
	return root
}

// flagError is usageError for an error of the parser of flags. What the parser of numbers says is
// replaced: it is for programmers.
func flagError(cmd *cobra.Command, err error) error {
	var number *strconv.NumError
	if errors.As(err, &number) {
		given, _, _ := strings.Cut(err.Error(), ": strconv")
		err = fmt.Errorf("%s: want a whole number", given)
	}
	return usageError(cmd, err)
}

// usageError adds to an error where to read how the verb is used.
func usageError(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w; %q says how it is used", err, cmd.CommandPath()+" --help")
}

// onePath is the argument of most verbs.
func onePath(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usageError(cmd, errors.New("which one? a path is missing"))
	case len(args) > 1:
		return usageError(cmd, fmt.Errorf("one path at a time, not %d", len(args)))
	case args[0] == "":
		return usageError(cmd, errors.New("the path is empty"))
	}
	return nil
}

// twoPaths are the arguments of a verb that compares, or copies.
func twoPaths(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) != 2:
		return usageError(cmd, fmt.Errorf("it takes two paths, not %d", len(args)))
	case args[0] == "" || args[1] == "":
		return usageError(cmd, errors.New("the path is empty"))
	}
	return nil
}

// completeDirs completes the path.
func completeDirs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// version returns what the Go linker noted about this program.
func version() string {
	v := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return fmt.Sprintf("%s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
