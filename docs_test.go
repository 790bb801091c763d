package weir_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents returns the paths of everything that is written for people.
func documents(t *testing.T) (docs []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch name := d.Name(); {
		case d.IsDir() && (name == ".git" || name == "testdata" || name == "weir-data" || name == "dist"):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, ".md"):
			docs = append(docs, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil || len(docs) < 10 {
		t.Fatalf("found the documents %q: %v", docs, err)
	}
	return docs
}

// A command that a document shows is one that works as it stands: packages, tests, tools
// and targets of the Makefile are there under the names that it uses.
func TestCommandsInDocumentsWork(t *testing.T) {
	targets := makefile(t)
	shown := 0
	for _, doc := range documents(t) {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range commands(string(text)) {
			shown++
			if err := checkCommand(command, targets); err != nil {
				t.Errorf("%s: %s: %v", doc, command, err)
			}
		}
	}
	if shown < 30 {
		t.Errorf("found %d commands: the documents show more", shown)
	}
}

// Each mistake that a command can have is found, and nothing else is taken for one.
func TestCommandsThatDoNotWork(t *testing.T) {
	targets := makefile(t)
	for command, want := range map[string]string{
		"go test ./...":                   "",
		"go test ./nowhere":               "no folder",
		"go test flink":                   "begins with ./",
		"go test ./docs":                  "no Go code",
		"go test -run NoSuchTest ./flink": "names a test",
		"go test -run 'Golden|NoSuchTest' ./durable/crashfs": "names a test",
		"go test -run xxx -bench NoSuch ./bench":             "names a test",
		"go test -run xxx -fuzz String ./flink":              "",
		"go test -run xxx -fuzz Benchmark ./flink":           "names a test",
		"go test -run":                                            "no value",
		"go test -run Golden|Crash ./flink":                       "not quoted",
		"go test -run 'Golden ./flink":                            "not closed",
		"go test -quickly ./flink":                                "teach it",
		"go test ./checkpoint/store -args -campaign 10m":          "",
		"go test ./checkpoint/store -args -crusade 10m":           "no flag",
		"go run ./flink":                                          "not a program",
		"go run ./cmd/weir ls weir-data":                          "",
		"go run ./cmd/weir list weir-data":                        "no verb",
		"go install " + module + "/cmd/weir@latest":               "",
		"go install " + module + "/cmd/weir":                      "no version",
		"go install " + module + "/flink@latest":                  "not a program",
		"go get " + module + "@latest":                            "",
		"go get " + module + "/nowhere@latest":                    "no folder",
		"GOWORK=off go tool -modfile=tools.mod staticcheck ./...": "",
		"GOWORK=off go tool -modfile=tools.mod nosuchcheck ./...": "no tool",
		"go tool staticcheck ./...":                               "tools.mod",
		"go run":                                                  "says of what",
		"go play it":                                              "teach it",
		"make test":                                               "",
		"make fuzz PKG=./flink FUZZ=FuzzString FOR=5m":            "",
		"make tests":                                              "no target",
		"make fuzz PACKAGE=./flink":                               "no use",
	} {
		err := checkCommand(command, targets)
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", command, err, want)
		}
	}
	const page = "Say `go vet` or\n`go test -run 'A|B'\n./flink`.\n\n```\nmake test   # all\nls\n```\n\n    X=1 go run ./a     what it does\n"
	want := []string{"make test", "X=1 go run ./a", "go test -run 'A|B' ./flink"}
	if got := commands(page); !slices.Equal(got, want) {
		t.Errorf("found the commands %q, want %q", got, want)
	}
}

// checkCommand returns an error if a command does not work.
func checkCommand(command string, targets rules) error {
	words, err := split(command)
	if err != nil {
		return err
	}
	for assignment.MatchString(words[0]) {
		words = words[1:]
	}
	if words[0] == "make" {
		return checkMake(words[1:], targets)
	}
	return checkGo(words[1:])
}

var (
	assignment = regexp.MustCompile(`^[A-Za-z_]+=`)
	fenced     = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```$")
	span       = regexp.MustCompile("`[^`]+`")
	begins     = regexp.MustCompile(`^([A-Z_]+=\S* +)*(go|make) `)
	comment    = regexp.MustCompile(`( +#|   +).*$`)
)

// commands returns the commands that begin with go or make and stand in a block of code, of
// either kind, or between backquotes.
func commands(doc string) (found []string) {
	lines := func(text, indent string) {
		for line := range strings.Lines(text) {
			line, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), indent)
			if ok && begins.MatchString(line) {
				found = append(found, comment.ReplaceAllString(line, ""))
			}
		}
	}
	for _, block := range fenced.FindAllStringSubmatch(doc, -1) {
		lines(block[1], "")
	}
	doc = fenced.ReplaceAllString(doc, "")
	lines(doc, "    ")
	for _, s := range span.FindAllString(doc, -1) {
		s = strings.Join(strings.Fields(strings.Trim(s, "`")), " ")
		// A verb alone, as in "go vet is clean", is no command.
		if begins.MatchString(s) && strings.Count(s, " ") > 1 {
			found = append(found, s)
		}
	}
	return found
}

// split takes a command apart as a shell does, which here means: spaces and quotes.
func split(command string) (words []string, err error) {
	var word strings.Builder
	quote, open := rune(0), false
	for _, r := range command {
		switch {
		case r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, open = r, true
		case quote == 0 && r == ' ':
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		case quote == 0 && strings.ContainsRune("|&;<>$`*", r):
			return nil, fmt.Errorf("%c is not quoted", r)
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed")
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// rules are what the Makefile has: its targets, and the variables that its recipes use.
type rules struct {
	targets   []string
	variables []string
}

// makefile reads the Makefile, and checks that make help has a line for each target.
func makefile(t *testing.T) (r rules) {
	t.Helper()
	text, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):(.*)$`).FindAllStringSubmatch(string(text), -1) {
		r.targets = append(r.targets, m[1])
		if !strings.Contains(m[2], "## ") {
			t.Errorf("make help says nothing of %s: end its line with a comment of the form \"## …\"", m[1])
		}
	}
	phony := regexp.MustCompile(`(?m)^\.PHONY: (.*)$`).FindStringSubmatch(string(text))
	if phony == nil || !slices.Equal(strings.Fields(phony[1]), r.targets) {
		t.Errorf(".PHONY has %q, and the targets are %q: want the same, in the same order", phony, r.targets)
	}
	for _, m := range regexp.MustCompile(`\$\((?:or \$\()?([A-Z]+)\b`).FindAllStringSubmatch(string(text), -1) {
		r.variables = append(r.variables, m[1])
	}
	return r
}

func checkMake(words []string, r rules) error {
	for _, w := range words {
		if name, _, ok := strings.Cut(w, "="); ok {
			if !slices.Contains(r.variables, name) {
				return fmt.Errorf("the Makefile has no use for %s", name)
			}
		} else if !slices.Contains(r.targets, w) {
			return fmt.Errorf("the Makefile has no target %s", w)
		}
	}
	return nil
}

// folders returns the folders of Go code that a pattern of packages stands for, as the go
// command sees it from here.
func folders(pattern string) (dirs []string, err error) {
	if pattern == "work" {
		pattern = "./..."
	}
	if pattern != "." && !strings.HasPrefix(pattern, "./") {
		return nil, fmt.Errorf("a package of this repository begins with ./, unlike %s", pattern)
	}
	root, below := strings.CutSuffix(pattern, "...")
	root = path.Clean(root)
	if fi, err := os.Stat(root); err != nil || !fi.IsDir() {
		return nil, fmt.Errorf("there is no folder %s", root)
	}
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && file != root && (!below || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(file, ".go") && !slices.Contains(dirs, filepath.Dir(file)):
			dirs = append(dirs, filepath.Dir(file))
		}
		return nil
	})
	if err == nil && len(dirs) == 0 {
		err = fmt.Errorf("no Go code in %s", pattern)
	}
	return dirs, err
}
