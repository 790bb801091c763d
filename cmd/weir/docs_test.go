package main

import (
	"math"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/inspect"
)

// TestHelp holds the help of every verb to one form: examples, exit codes, --json, placeholders
// in capitals, and lines that an 80-column terminal shows whole.
func TestHelp(t *testing.T) {
	placeholder := regexp.MustCompile(`^ +(?:-., )? *--[a-z-]+ (\S+)  `)
	root := (&tool{}).rootCommand()
	for _, verb := range root.Commands() {
		name := verb.Name()
		if verb.Flags().Lookup("json") == nil {
			t.Errorf("%s has no --json", name)
		}
		stdout, stderr, code := run(name, "--help")
		if code != exitGood || stderr != "" || !strings.Contains(stdout, "\nExamples:\n  ") || !strings.Contains(stdout, "\nExit codes:\n  0  ") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
		_, flags, _ := strings.Cut(stdout, "\nFlags:\n")
		for _, line := range lines(flags) {
			if m := placeholder.FindStringSubmatch(line); m != nil && m[1] != strings.ToUpper(m[1]) {
				t.Errorf("%s: the placeholder %s is not in capitals", name, m[1])
			}
			if n := utf8.RuneCountInString(line); n > 80 && !strings.Contains(line, "(default ") {
				t.Errorf("%s: %d columns: %s", name, n, line)
			}
		}
	}
}

// TestFieldsAreDocumented looks for each field of each line in docs/cli-json.md.
func TestFieldsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli-json.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	after := func(heading string) string {
		_, rest, ok := strings.Cut(page, heading+"\n")
		if !ok {
			t.Errorf("there is no heading %q", heading)
		}
		section, _, _ := strings.Cut(rest, "\n## ")
		return section
	}
	for _, v := range []struct {
		heading string
		lines   []any
	}{
		{"**Errors** are objects, too, on standard error, when `--json` is on the command line:", []any{errorLine{}}},
		{"## `weir ls --json DIR`", []any{lsLine{}}},
		{"## `weir inspect --json PATH`", []any{inspectLine{}, operatorLine{}, handleLine{}, keyGroupsField{}, stateField{}, entryLine{}}},
		{"## `weir find --json PATH KEY`", []any{findLine{}}},
		{"## `weir verify --json PATH`", []any{verifyLine{}, findingField{}, structureField{}, unreadField{}, intactField{}, summaryLine{}}},
		{"## `weir diff --json A B`", []any{diffLine{}, diffField{}, operatorDiffLine{}, stateDiffLine{}, typeField{}, uncomparedLine{}, entryDiffLine{}, diffSummaryLine{}}},
		{"## `weir export PATH`", []any{exportLine{}}},
		{"## `weir scrub --json DIR`", []any{scrubSummary{}}},
		{"## `weir copy --json SRC DST`", []any{copyLine{}}},
		{"## `weir prune --json DIR --keep N`", []any{pruneLine{}, pruneSummary{}}},
		{"## `weir doctor --json DIR`", []any{mountLine{}, mountField{}, limitField{}, spaceLine{}, trialLine{}, costLine{}, doctorSummary{}}},
		{"## `weir trace --json FILE`", []any{traceLine{}, traceFindingLine{}, traceCall{}, traceSummaryLine{}}},
	} {
		section := after(v.heading)
		for _, line := range v.lines {
			typ := reflect.TypeOf(line)
			for i := range typ.NumField() {
				if typ.Field(i).Anonymous {
					continue // is in the list itself
				}
				name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				if !strings.Contains(section, "`"+name+"`") {
					t.Errorf("%v: the field %s is not under %q", typ, name, v.heading)
				}
			}
		}
	}
	for _, c := range []inspect.Change{inspect.Same, inspect.Added, inspect.Removed, inspect.Changed} {
		if !strings.Contains(page, "`"+string(c)+"`") {
			t.Errorf("the change %s is not there", c)
		}
	}
	for _, v := range []flink.Value{
		"\xff", []byte{1}, math.NaN(), flink.Decimal{Unscaled: new(big.Int)}, time.Time{}, flink.Map{{Key: int32(1)}}, flink.Opaque{},
	} {
		form, _, _ := strings.Cut(string(inspect.JSON(v)), ":")
		if !strings.Contains(after("## Values"), "| `"+form+":") {
			t.Errorf("the form %s… of a value is not there", form)
		}
	}
	for _, v := range inspect.Verdicts() {
		text, err := v.MarshalText()
		if err != nil || !strings.Contains(page, "| `"+string(text)+"` |") {
			t.Errorf("the state %s is not there: %v", text, err)
		}
	}
}
