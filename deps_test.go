package weir_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// policy says which package may import which of the others; it is the floor plan of
// docs/architecture.md as a test. A line is a package (with "/..." for those below it,
// too), "<" and what it may import: packages of this module, "libraries" for any other
// module, or one library by its name; "std" alone means that it may import the standard
// library only. A package may always import what is below it in its own folder.
//
// It is a statement of policy, written by hand. If a change does not fit, think about the
// change first.
const policy = `
	# the ground: what a checkpoint is, and bytes that survive
	durable/...        < golang.org/x/sys/unix
	checkpoint         < std
	flink              < checkpoint libraries
	flink/flinktest    < checkpoint flink libraries
	checkpoint/store   < durable checkpoint flink libraries

	# words of people that every floor may use
	internal/bytesize  < std

	# the threshold
	eventtime          < std
	window             < eventtime
	internal/metrics   < std
	internal/flow      < checkpoint flink eventtime internal/metrics
	internal/clock     < internal/flow
	internal/codec     < flink checkpoint libraries
	internal/codec/entries < std
	internal/codec/avrogo  < internal/codec/entries libraries
	internal/plan      < checkpoint flink internal/flow
	internal/keyed     < checkpoint flink internal/flow internal/codec libraries
	internal/twophase  < checkpoint

	# the language knows no engine
	.                  < checkpoint flink eventtime window internal/flow internal/clock internal/codec internal/metrics internal/plan internal/keyed internal/twophase
	connector/connectortest < . checkpoint durable durable/crashfs durable/faultfs internal/twophase
	connector/...      < . checkpoint durable libraries

	# the engine: decisions first, then effects
	internal/align         < checkpoint
	internal/coordinator   < checkpoint
	internal/exchange      < checkpoint internal/flow
	internal/task          < checkpoint checkpoint/store flink internal/align internal/clock internal/exchange internal/flow internal/plan
	internal/job           < checkpoint checkpoint/store durable durable/probe flink internal/bytesize internal/clock internal/coordinator internal/exchange internal/flow internal/metrics internal/plan internal/task
	run                    < . checkpoint checkpoint/store durable durable/probe flink internal/bytesize internal/coordinator internal/job internal/keyed internal/plan libraries

	# tests of jobs: the engine under a clock and on a disk of a test
	weirtest           < . run durable durable/crashfs internal/flow

	# the tools and what shows them
	internal/inspect   < checkpoint checkpoint/store durable flink internal/bytesize
	internal/fsynclint < durable/probe
	cmd/...            < checkpoint checkpoint/store durable durable/probe flink internal/bytesize internal/fsynclint internal/inspect libraries
	examples/...       < . run window connector/file connector/generator connector/ratelimit
	bench/...          < . run window checkpoint checkpoint/store durable flink connector/generator internal/codec internal/flow internal/keyed golang.org/x/term

	# a module of its own: power cuts of real file systems
	crashlab/blocklog  < std
	crashlab/judge     < checkpoint crashlab/blocklog
	crashlab/fusedisk  < crashlab/blocklog libraries
	crashlab/loopmount < libraries
	crashlab/workload  < checkpoint checkpoint/store durable flink run crashlab/judge
	crashlab/lab       < checkpoint durable durable/probe crashlab/blocklog crashlab/fusedisk crashlab/judge crashlab/loopmount crashlab/workload libraries
	crashlab           < crashlab/judge crashlab/lab crashlab/loopmount crashlab/workload
`

const module = "github.com/weirstream/weir"

// rule is a line of policy.
type rule struct {
	pattern string
	allowed []string
}

func parsePolicy(t *testing.T) (rules []rule) {
	for line := range strings.Lines(policy) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		if line == "" {
			continue
		}
		pattern, allowed, ok := strings.Cut(line, "<")
		if !ok {
			t.Fatalf("policy line without <: %q", line)
		}
		rules = append(rules, rule{strings.TrimSpace(pattern), strings.Fields(allowed)})
	}
	return rules
}

func (r rule) covers(pkg string) bool {
	if below, ok := strings.CutSuffix(r.pattern, "/..."); ok {
		return pkg == below || strings.HasPrefix(pkg, below+"/")
	}
	return pkg == r.pattern
}

// permits reports whether pkg may import imp, both as import paths.
func (r rule) permits(pkg, imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	if !strings.Contains(first, ".") {
		return true // the standard library
	}
	own, inside := strings.CutPrefix(imp, module)
	if !inside {
		return slices.Contains(r.allowed, "libraries") || slices.Contains(r.allowed, imp)
	}
	own = strings.TrimPrefix(own, "/")
	if own == "" {
		own = "."
	}
	return slices.Contains(r.allowed, own) || pkg != "." && strings.HasPrefix(own, pkg+"/")
}

// TestWhoMayImportWhom reads the imports of every package that is not a test, here and
// now: a test that asked the go command would stay green from the test cache.
func TestWhoMayImportWhom(t *testing.T) {
	rules := parsePolicy(t)
	used := make([]bool, len(rules))
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); file != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "weir-data") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(file))
		i := slices.IndexFunc(rules, func(r rule) bool { return r.covers(pkg) })
		if i < 0 {
			t.Errorf("package %s has no place in the policy of deps_test.go: on which floor is it?", pkg)
			return nil
		}
		used[i] = true
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if !rules[i].permits(pkg, imp) && !withinFolder(rules[i], imp) {
				t.Errorf("%s imports %s, which its floor does not allow", file, imp)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rules {
		if !used[i] && !strings.HasPrefix(r.pattern, "bench") {
			t.Errorf("no package is %s: take the line out of the policy", r.pattern)
		}
	}
}

// withinFolder reports whether imp lies in the folder that a "/..." rule is about.
func withinFolder(r rule, imp string) bool {
	below, ok := strings.CutSuffix(r.pattern, "/...")
	return ok && (imp == module+"/"+below || strings.HasPrefix(imp, module+"/"+below+"/"))
}

// TestOnlyDurableSyncs looks for calls that make bytes or names durable, or change names,
// outside of package durable: there is one home for them. The bench that cuts the power
// makes the mistakes of others on purpose.
func TestOnlyDurableSyncs(t *testing.T) {
	banned := []string{"os.Rename(", "os.Remove(", "os.RemoveAll(", "os.OpenFile(", "os.Create(", "os.WriteFile(", "os.Mkdir", "syscall.Fsync", "syscall.Rename", "unix."}
	allowed := map[string]string{
		"examples/flights/data.go": "writes its input before the job begins",
	}
	filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		slash := filepath.ToSlash(file)
		if d.IsDir() || !strings.HasSuffix(slash, ".go") || strings.HasSuffix(slash, "_test.go") ||
			strings.HasPrefix(slash, "durable/") || strings.HasPrefix(slash, "crashlab/") || strings.HasPrefix(slash, "flink/flinktest/") || allowed[slash] != "" {
			return nil
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for n, line := range strings.Split(string(b), "\n") {
			code, _, _ := strings.Cut(line, "//")
			for _, call := range banned {
				if strings.Contains(code, call) {
					t.Errorf("%s:%d: %s belongs into package durable", slash, n+1, call)
				}
			}
		}
		return nil
	})
}
