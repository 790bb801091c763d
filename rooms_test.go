package weir_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rooms returns the packages of this module, as their folders.
func rooms(t *testing.T) []string {
	t.Helper()
	dirs, err := folders("./...")
	if err != nil {
		t.Fatal(err)
	}
	for i, dir := range dirs {
		dirs[i] = filepath.ToSlash(dir)
	}
	return slices.DeleteFunc(dirs, func(dir string) bool {
		return dir == "crashlab" || strings.HasPrefix(dir, "crashlab/") // a module of its own
	})
}

// The map of rooms in doc.go has every package, and no other name.
func TestDocHasEveryRoom(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "// # The rooms\n")
	if !ok {
		t.Fatal("doc.go has no map of rooms")
	}
	var named []string
	for _, m := range regexp.MustCompile(`(?m)^//\t(\S+) +\S`).FindAllStringSubmatch(table, -1) {
		named = append(named, m[1])
	}
	for _, dir := range rooms(t) {
		if dir == "." {
			dir = "weir"
		}
		if !slices.Contains(named, dir) {
			t.Errorf("package %s is not on the map of rooms in doc.go", dir)
		}
	}
	for _, name := range named {
		if _, err := os.Stat(name); err != nil && name != "weir" {
			t.Errorf("the map of rooms in doc.go has %s, and there is no such folder", name)
		}
	}
}

// Every package that a user can import has an example that runs.
func TestPublicPackagesHaveExamples(t *testing.T) {
	for _, dir := range rooms(t) {
		first, _, _ := strings.Cut(dir, "/")
		if slices.Contains([]string{"internal", "cmd", "examples", "bench"}, first) {
			continue
		}
		n, err := runningExamples(dir)
		if err != nil || n == 0 {
			t.Errorf("package %s has %d examples with output, want at least one: %v", dir, n, err)
		}
	}
}

// runningExamples counts the examples in a folder that the go command runs: those with a
// comment that says what they print.
func runningExamples(dir string) (n int, err error) {
	tests, err := filepath.Glob(path.Join(dir, "*_test.go"))
	for _, name := range tests {
		f, perr := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if perr != nil {
			return n, perr
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(fn.Name.Name, "Example") {
				continue
			}
			for _, c := range f.Comments {
				if c.Pos() > fn.Body.Pos() && c.End() < fn.Body.End() && strings.HasPrefix(c.Text(), "Output:") {
					n++
				}
			}
		}
	}
	return n, err
}

// A decision has a number of its own, a date and a status.
func TestDecisions(t *testing.T) {
	files, err := filepath.Glob("docs/decisions/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("found the decisions %q: %v", files, err)
	}
	seen := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		number, _, _ := strings.Cut(filepath.Base(file), "-")
		if other := seen[number]; other != "" {
			t.Errorf("%s has the number of %s", file, other)
		}
		seen[number] = file
		head := regexp.MustCompile(fmt.Sprintf(`\A# %s: .+\n\nDate: 20\d\d-\d\d-\d\d\. Status: .+\n\n`, number))
		if !head.Match(text) {
			t.Errorf("%s: want it to begin with \"# %s: title\", and below that \"Date: 2026-11-28. Status: in force.\"", file, number)
		}
	}
}
