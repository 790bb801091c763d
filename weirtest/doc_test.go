package weirtest_test

import (
	"os"
	"strings"
	"testing"
)

// The test in the package comment is one that runs.
func TestDocShowsATest(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("session_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, ok := strings.Cut(string(doc), "//\tfunc TestSession(")
	shown, _, end := strings.Cut(shown, "//\t}\n")
	if !ok || !end {
		t.Fatal("doc.go shows no TestSession")
	}
	code := "func TestSession(" + strings.ReplaceAll(shown, "//\t", "") + "}\n"
	if !strings.Contains(string(source), code) {
		t.Errorf("session_test.go does not have\n%s", code)
	}
	if n := strings.Count(code, "\n"); n > 25 {
		t.Errorf("it takes %d lines, want 25 at the most", n)
	}
}
