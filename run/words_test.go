package run

import (
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
)

// What is said of checkpoints when a job ends early is what the run has seen: there may be
// none, and a start with --from goes on from no other one.
func TestWhatIsComplete(t *testing.T) {
	for _, test := range []struct {
		st   Status
		from From
		want string
	}{
		{Status{}, Latest, "this run has completed no checkpoint"},
		{Status{LastComplete: 7}, Path("there/chk-7"), "this run has completed no checkpoint; it began from checkpoint 7"},
		{Status{LastComplete: 8, Completed: 1}, Latest, "checkpoint 8 is complete; run it again to go on from there"},
		{Status{LastComplete: 8, Completed: 1}, None, "checkpoint 8 is complete; run it again without --from to go on from there"},
	} {
		if got := whatIsComplete(test.st, test.from); got != test.want {
			t.Errorf("%+v: %q, want %q", test.st, got, test.want)
		}
	}
}

// A caller of Local has no flags: the messages of libraries name options, and Main
// translates them.
func TestLibrariesNameNoFlags(t *testing.T) {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	new(Options).flags(flags, new(slog.Level))
	var names []string
	flags.VisitAll(func(f *flag.Flag) { names = append(names, "--"+f.Name) })
	seen := 0
	for _, folder := range []string{"../*.go", "../checkpoint", "../connector", "../durable", "../eventtime", "../flink", "../internal"} {
		for _, file := range goFiles(t, folder) {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				text, ok := n.(*ast.BasicLit)
				if !ok || text.Kind != token.STRING {
					return true
				}
				seen++
				for _, name := range names {
					if strings.Contains(text.Value, name) {
						t.Errorf("%s: %s is a flag of Main: %s", file, name, text.Value)
					}
				}
				return true
			})
		}
	}
	if seen < 1000 {
		t.Errorf("only %d strings were looked at", seen)
	}
	if got := inFlags.Replace("start, and set Options.AllowFallback"); got != "start, and use --allow-fallback" {
		t.Error(got)
	}
}

// goFiles returns the Go files that a pattern names, or that are below a folder, without tests.
func goFiles(t *testing.T, where string) (files []string) {
	t.Helper()
	var err error
	if strings.Contains(where, "*") {
		files, err = filepath.Glob(where)
	} else {
		err = filepath.WalkDir(where, func(name string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(name, ".go") {
				files = append(files, name)
			}
			return err
		})
	}
	var libraries []string
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			libraries = append(libraries, file)
		}
	}
	if err == nil && len(libraries) == 0 {
		err = errors.New("no Go files at " + where)
	}
	if err != nil {
		t.Fatal(err)
	}
	return libraries
}
