package weir_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkGo returns what is wrong with the arguments of a go command that a document shows.
func checkGo(words []string) error {
	verb, rest := words[0], words[1:]
	if len(rest) == 0 {
		return fmt.Errorf("go %s alone: a document says of what", verb)
	}
	switch verb {
	case "test":
		return checkTest(rest)
	case "build", "vet":
		return checkPackages(rest)
	case "run":
		return checkRun(rest)
	case "install", "get":
		pkg, version, ok := strings.Cut(strings.Replace(rest[0], module, ".", 1), "@")
		switch {
		case !ok || version == "":
			return fmt.Errorf("%s has no version", rest[0])
		case verb == "get":
			return checkPackages([]string{pkg})
		}
		return checkProgram(pkg)
	case "tool":
		return checkTool(rest)
	default:
		return fmt.Errorf("this test does not know go %s: teach it", verb)
	}
}

func checkPackages(patterns []string) error {
	for _, p := range patterns {
		if _, err := folders(p); err != nil {
			return err
		}
	}
	return nil
}

// checkRun returns an error if a package is not a program, or if the tool has no such verb.
func checkRun(words []string) error {
	if err := checkProgram(words[0]); err != nil || words[0] != "./cmd/weir" {
		return err
	}
	if len(words) < 2 || !regexp.MustCompile(`\bUse: +"`+regexp.QuoteMeta(words[1])+`\b`).MatchString(goText([]string{"cmd/weir"}, notATest)) {
		return fmt.Errorf("the tool has no verb %q", words[1:])
	}
	return nil
}

// checkProgram returns an error if a package is not a program.
func checkProgram(pkg string) error {
	dirs, err := folders(pkg)
	if err != nil {
		return err
	}
	if text := goText(dirs, notATest); !regexp.MustCompile(`(?m)^package main$`).MatchString(text) {
		return fmt.Errorf("%s is not a program", pkg)
	}
	return nil
}

// checkTool returns an error if tools.mod does not have a tool.
func checkTool(words []string) error {
	if len(words) < 2 || words[0] != "-modfile=tools.mod" {
		return fmt.Errorf("the tools are in tools.mod")
	}
	text, err := os.ReadFile("tools.mod")
	if err != nil {
		return err
	}
	if !regexp.MustCompile(`(?m)^\t\S+/` + regexp.QuoteMeta(words[1]) + `$`).Match(text) {
		return fmt.Errorf("tools.mod has no tool %s", words[1])
	}
	return nil
}

// The flags of go test that documents use, with and without a value.
var (
	testSwitches = []string{"-v", "-short", "-race", "-benchmem"}
	testValues   = []string{"-run", "-bench", "-fuzz", "-benchtime", "-count", "-timeout", "-fuzztime", "-fuzzminimizetime"}
)

// checkTest returns an error if a package is not there, if no test in it has the name that
// is asked for, or if its tests do not know a flag.
func checkTest(words []string) error {
	var patterns, own []string
	names := make(map[string]string) // of tests, by flag
	for i := 0; i < len(words); i++ {
		flag, value, inline := strings.Cut(words[i], "=")
		switch {
		case flag == "-args":
			own, i = words[i+1:], len(words)
		case slices.Contains(testValues, flag):
			if !inline {
				if i++; i == len(words) {
					return fmt.Errorf("%s has no value", flag)
				}
				value = words[i]
			}
			names[flag] = value
		case strings.HasPrefix(flag, "-"):
			if !slices.Contains(testSwitches, flag) {
				return fmt.Errorf("this test does not know %s: teach it", flag)
			}
		default:
			patterns = append(patterns, words[i])
		}
	}
	var dirs []string
	for _, p := range patterns {
		more, err := folders(p)
		if err != nil {
			return err
		}
		dirs = append(dirs, more...)
	}
	tests := goText(dirs, func(name string) bool { return !notATest(name) })
	for flag, kind := range map[string]string{"-run": "Test|Example|Fuzz", "-bench": "Benchmark", "-fuzz": "Fuzz"} {
		if err := checkNames(tests, names[flag], kind); err != nil {
			return err
		}
	}
	for _, word := range own {
		if name, ok := strings.CutPrefix(word, "-"); ok && !regexp.MustCompile(`\bflag\.\w+\([^"\n]*"`+regexp.QuoteMeta(name)+`"`).MatchString(tests) {
			return fmt.Errorf("the tests of %s have no flag -%s", strings.Join(patterns, " "), name)
		}
	}
	return nil
}

// checkNames returns an error if a part of what -run and the like were given matches no
// test. xxx is for none of them.
func checkNames(tests, given, kind string) error {
	if given == "" {
		return nil
	}
	defined := regexp.MustCompile(`(?m)^func (?:`+kind+`)\w*`).FindAllString(tests, -1)
	first, _, _ := strings.Cut(given, "/")
	for part := range strings.SplitSeq(first, "|") {
		is, err := regexp.Compile(part)
		if err != nil {
			return err
		}
		if found := slices.ContainsFunc(defined, func(f string) bool { return is.MatchString(strings.TrimPrefix(f, "func ")) }); found == (part == "xxx") {
			return fmt.Errorf("%q names a test: %v, of %d there are", part, found, len(defined))
		}
	}
	return nil
}

func notATest(name string) bool { return !strings.HasSuffix(name, "_test.go") }

// goText returns the Go files of some folders as one text.
func goText(dirs []string, wanted func(name string) bool) string {
	var all strings.Builder
	for _, dir := range dirs {
		files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		for _, f := range files {
			if text, err := os.ReadFile(f); err == nil && wanted(f) {
				all.Write(text)
				all.WriteByte('\n')
			}
		}
	}
	return all.String()
}
