package fsynclint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// lint reads a trace, with what counts as an acknowledgement by default.
func lint(t *testing.T, trace string, change func(*Options)) *Report {
	t.Helper()
	o := Options{AckSocket: true, AckStdout: true}
	if change != nil {
		change(&o)
	}
	r, err := Lint(strings.NewReader(trace), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ids is the rules of the findings, each once, in order.
func ids(r *Report) (list []string) {
	for _, f := range r.Findings {
		list = append(list, string(f.Rule.ID))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestRules lints the traces in testdata/rules: of each rule one or more that it fires on,
// and one or more that are nearly the same and right. A finding is a line, with the lines
// of the two calls.
func TestRules(t *testing.T) {
	fired := map[RuleID]bool{}
	spared := map[RuleID]bool{}
	datadriven.Walk(t, "testdata/rules", func(t *testing.T, path string) {
		about := RuleID(strings.TrimSuffix(filepath.Base(path), ".txt"))
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			r := lint(t, d.Input, func(o *Options) {
				var s string
				if d.HasArg("commit") {
					d.ScanArgs(t, "commit", &s)
					o.Commit = regexp.MustCompile(s)
				}
				if d.HasArg("below") {
					d.ScanArgs(t, "below", &o.Below)
				}
				if d.HasArg("noack") {
					o.AckSocket, o.AckStdout = false, false
				}
				if d.HasArg("mount") {
					d.ScanArgs(t, "mount", &s)
					o.Mountinfo = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:5 / " + s + "\n"
					o.Mountinfo = strings.ReplaceAll(o.Mountinfo, "_", " ")
				}
			})
			var b strings.Builder
			has := slices.Contains(ids(r), string(about))
			switch d.Cmd {
			case "fires":
				if fired[about] = true; !has {
					t.Errorf("%s: %s does not fire", d.Pos, about)
				}
			case "spares":
				if spared[about] = true; has {
					t.Errorf("%s: %s fires", d.Pos, about)
				}
			default:
				d.Fatalf(t, "there is no command %q", d.Cmd)
			}
			for _, f := range r.Findings {
				fmt.Fprintf(&b, "%s %s", f.Rule.ID, f.Severity)
				if f.Count > 1 {
					fmt.Fprintf(&b, " %d times", f.Count)
				}
				fmt.Fprintf(&b, ": %s (%d, %d)\n", f.What, f.First.Line, f.Second.Line)
			}
			if b.Len() == 0 {
				return "clean\n"
			}
			return b.String()
		})
	})
	for _, r := range Rules {
		if !fired[r.ID] || !spared[r.ID] {
			t.Errorf("%s: there must be a trace that it fires on, and one that it spares", r.ID)
		}
	}
}

// Every finding tells all that a reader needs.
func TestFindingsAreWhole(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %d files", err, len(files))
	}
	for _, file := range files {
		datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
			for _, f := range lint(t, d.Input, nil).Findings {
				switch f.Rule.ID {
				case "D051", "D053", "D070", "D090": // of the trace as a whole
				default:
					if f.First.Line == 0 || len(f.After) == 0 || f.Then == "" {
						t.Errorf("%s: %s lacks its calls or what is left: %+v", d.Pos, f.Rule.ID, f)
					}
				}
				if f.What == "" || f.Cure == "" || f.Second.Line > 0 && f.Second.Ended < f.First.Line {
					t.Errorf("%s: %s is not whole: %+v", d.Pos, f.Rule.ID, f)
				}
			}
			return d.Expected
		})
	}
}

// The rules that the traces of FLINK-36421 come to: before the fix, and the same without
// the first after it.
var (
	flinkBefore = []string{"D001", "D010", "D011", "D012", "D020", "D021", "D031", "D090"}
	flinkAfter  = flinkBefore[1:]
)

// A flinkLog is what is to be found in a trace of Flink.
type flinkLog struct {
	name  string
	rules []string
}

var flinkLogs = []flinkLog{{"before", flinkBefore}, {"after", flinkAfter}}

// TestFlink lints what was recorded of Flink before and after the fix of FLINK-36421.
func TestFlink(t *testing.T) {
	for _, c := range flinkLogs {
		t.Run(c.name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.FromSlash("../../../shared/traces/flink-36421-" + c.name + ".strace"))
			if errors.Is(err, fs.ErrNotExist) {
				t.Skip("the recording is not here; the traces in testdata/flink have the same calls")
			}
			if err != nil {
				t.Fatal(err)
			}
			checkFlink(t, lint(t, string(text), nil), c)
		})
	}
}

// TestFlinkPatterns is TestFlink on traces with the same calls in the same order, which
// are part of the repository.
func TestFlinkPatterns(t *testing.T) {
	for _, c := range flinkLogs {
		t.Run(c.name, func(t *testing.T) {
			text := read(t, filepath.Join("testdata", "flink", c.name+".strace"))
			checkFlink(t, lint(t, text, nil), c)
			t.Run("wrapped", func(t *testing.T) { // as a mail archive has it
				r := lint(t, wrap(text, 72), nil)
				checkFlink(t, r, c)
			})
		})
	}
}

func checkFlink(t *testing.T, r *Report, want flinkLog) {
	t.Helper()
	if got := ids(r); !slices.Equal(got, want.rules) {
		t.Errorf("the rules are %v, want %v", got, want.rules)
	}
	if r.Worst() != Error || r.Commits != 1 {
		t.Errorf("the worst is %v, of %d commits", r.Worst(), r.Commits)
	}
}

// wrap breaks lines at spaces, as mail programs do.
func wrap(text string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		used := 0
		for i, word := range strings.Split(strings.TrimSuffix(line, "\n"), " ") {
			switch {
			case i == 0:
			case used+1+len(word) > width:
				b.WriteString("\n")
				used = 0
			default:
				b.WriteString(" ")
				used++
			}
			b.WriteString(word)
			used += len(word)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
