package weir_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exported returns the names that a package exports.
func exported(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names[d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						names[s.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range s.Names {
							names[n.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}

// What the page for users of Flink names is there.
func TestFromFlinkNamesWhatIsThere(t *testing.T) {
	page, err := os.ReadFile("docs/from-flink.md")
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{"weir": ".", "run": "run", "window": "window", "weirtest": "weirtest"}
	names := make(map[string]map[string]bool)
	for name, dir := range dirs {
		names[name] = exported(t, dir)
	}
	found := regexp.MustCompile("`(weir|run|window|weirtest)\\.([A-Z]\\w*)`").FindAllStringSubmatch(string(page), -1)
	if len(found) < 60 {
		t.Errorf("the page names %d things", len(found))
	}
	for _, m := range found {
		if !names[m[1]][m[2]] {
			t.Errorf("%s.%s is not there", m[1], m[2])
		}
	}
}
