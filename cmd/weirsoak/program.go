package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/weirstream/weir/durable"
)

// A program is the program that every round runs, and its undisturbed output.
type program struct {
	file        string   // of the program
	input       string   // of the job; not on the disk that runs full
	want        []string // lines of the undisturbed output, sorted
	noSmallDisk bool
}

// prepare builds the program and runs it once without disturbing it.
func prepare(ctx context.Context, s settings) (*program, error) {
	p := &program{file: s.program}
	if p.file == "" {
		p.file = filepath.Join(s.dir, "flights")
		if runtime.GOOS == "windows" {
			p.file += ".exe"
		}
		build := exec.CommandContext(ctx, "go", "build", "-o", p.file, "github.com/weirstream/weir/examples/flights")
		if text, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build the flights example: %w\n%s", err, text)
		}
	}
	var err error
	if p.file, err = filepath.Abs(p.file); err != nil {
		return nil, err
	}
	dir := filepath.Join(s.dir, "undisturbed")
	if err := durable.MkdirAll(durable.OS(), filepath.ToSlash(dir)); err != nil {
		return nil, err
	}
	run, err := start(p.file, dir, undisturbed(1).args())
	if err == nil {
		err = run.wait()
	}
	if err != nil {
		return nil, fmt.Errorf("undisturbed run: %w", err)
	}
	if code := run.exitCode(); code != 0 {
		return nil, fmt.Errorf("undisturbed run: exit code %d\n%s", code, run.said.String())
	}
	// The program has unpacked its input there.
	if p.input, err = filepath.Abs(filepath.Join(dir, "weir-data", "flights", "flights-20k.jsonl.gz")); err != nil {
		return nil, err
	}
	out, err := readOutput(dir)
	if err != nil {
		return nil, err
	}
	if len(out.lines) == 0 || len(out.hidden) > 0 {
		return nil, fmt.Errorf("undisturbed run: %d lines of output; hidden files were not removed: %q", len(out.lines), out.hidden)
	}
	p.want = out.lines
	return p, nil
}
