package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weirstream/weir/bench/nexmark/site"
	"github.com/weirstream/weir/durable"
)

//go:embed flink/java
var flinkSources embed.FS

// A pair is a query with Weir and with Flink. The ratios are the medians over all turns.
type pair struct {
	Query    string  `json:"query"`
	Ratio    float64 `json:"ratio"`
	CPURatio float64 `json:"cpu_ratio"`
	Weir     figures `json:"weir"`
	Flink    figures `json:"flink"`
}

// sameEvents is how many events the checksum of the two generators is about.
const sameEvents = 1_000_000

// compare runs queries with Weir and with Flink, in turns.
func compare(ctx context.Context, chosen []entry, s settings, r *report) error {
	r.begin("building the program for Flink")
	f, err := buildFlink(ctx, path.Join(s.Dir, "flink"))
	if missing := (*missingError)(nil); errors.As(err, &missing) {
		fmt.Fprintf(r.errs, "nexmark: Flink is skipped: %v\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	r.begin("comparing the events")
	if err := f.sameEvents(ctx); err != nil {
		return err
	}
	weir := s
	weir.Rate, weir.Repeat = 0, 1
	for _, q := range chosen {
		p := pair{Query: q.name}
		var walls, cpus []float64
		for i := range s.Repeat {
			r.begin(fmt.Sprintf("%s, turn %d of %d", q.name, i+1, s.Repeat))
			w, err := apart(ctx, q, weir)
			if err != nil {
				return err
			}
			l, err := f.run(ctx, q.name, s)
			if err != nil {
				return err
			}
			if w.Rows != l.Rows {
				return fmt.Errorf("%s: Weir has %d rows and Flink has %d: they do not compute the same", q.name, w.Rows, l.Rows)
			}
			walls, cpus = append(walls, w.PerSecond/l.PerSecond), append(cpus, w.PerCPUSecond/l.PerCPUSecond)
			p.Weir, p.Flink = faster(p.Weir, w), faster(p.Flink, l)
		}
		p.Ratio, p.CPURatio = median(walls), median(cpus)
		r.pair(p)
	}
	return r.end()
}

func faster(a, b figures) figures {
	if a.PerSecond > b.PerSecond {
		return a
	}
	return b
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// A missingError names what Flink needs and the machine does not have.
type missingError struct{ what string }

func (e *missingError) Error() string { return e.what }

// A flink is the program for Flink, built.
type flink struct{ dir, classpath string }

// buildFlink downloads Flink by Maven, unless it is there, and builds the program in dir.
func buildFlink(ctx context.Context, dir string) (*flink, error) {
	for _, tool := range []string{"java", "javac", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, &missingError{tool + " is not in the path: it needs a JDK 17 or newer, and Maven"}
		}
	}
	if err := durable.MkdirAll(durable.OS(), dir); err != nil {
		return nil, err
	}
	files, err := fs.ReadDir(flinkSources, "flink/java")
	if err != nil {
		return nil, err
	}
	compile := []string{"-nowarn", "-Xlint:none", "-d", path.Join(dir, "classes"), "-cp"}
	var sources []string
	for _, file := range files {
		text, err := flinkSources.ReadFile("flink/java/" + file.Name())
		if err != nil {
			return nil, err
		}
		if err := durable.WriteFile(durable.OS(), path.Join(dir, file.Name()), text); err != nil {
			return nil, err
		}
		if strings.HasSuffix(file.Name(), ".java") {
			sources = append(sources, path.Join(dir, file.Name()))
		}
	}
	at := path.Join(dir, "classpath")
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "mvn", "--batch-mode", "--no-transfer-progress", "-Dstyle.color=never",
		"--file", path.Join(dir, "pom.xml"), "-Dclasspath.file="+at, "validate").CombinedOutput()
	switch {
	case err != nil && (bytes.Contains(out, []byte("Could not transfer")) || bytes.Contains(out, []byte("in offline mode"))):
		return nil, &missingError{"Maven cannot download it: its repository is not reachable"}
	case err != nil:
		return nil, fmt.Errorf("mvn: %w\n%s", err, out)
	}
	text, err := os.ReadFile(at)
	if err != nil {
		return nil, err
	}
	f := &flink{dir, strings.TrimSpace(string(text))}
	if out, err := exec.CommandContext(ctx, "javac", append(append(compile, f.classpath), sources...)...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("javac: %w\n%s", err, out)
	}
	return f, nil
}

// java runs the program.
func (f *flink) java(ctx context.Context, args ...string) ([]byte, error) {
	options := []string{"-Xmx4g", "-XX:+UseG1GC", "-cp", path.Join(f.dir, "classes") + string(filepath.ListSeparator) + f.classpath}
	for _, open := range []string{"lang", "util", "net", "nio", "util.concurrent", "time"} {
		options = append(options, "--add-opens=java.base/java."+open+"=ALL-UNNAMED")
	}
	cmd := exec.CommandContext(ctx, "java", append(append(options, "weir.nexmark.Nexmark"), args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run %s in Flink: %w\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	return out, nil
}

// sameEvents returns an error if the two generators do not make the same events.
func (f *flink) sameEvents(ctx context.Context) error {
	out, err := f.java(ctx, "checksum", strconv.Itoa(sameEvents))
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("%x", site.Checksum(sameEvents)); strings.TrimSpace(string(out)) != want {
		return fmt.Errorf("the first %d events have the checksum %s here and %s in the program for Flink: one of the generators was changed", sameEvents, want, bytes.TrimSpace(out))
	}
	return nil
}

// run runs a query twice in one process, and returns the figures of the second execution: by
// then the code is compiled.
func (f *flink) run(ctx context.Context, query string, s settings) (last figures, err error) {
	dir := path.Join(f.dir, "checkpoints")
	defer func() { _ = durable.RemoveTree(durable.OS(), dir) }() // what is left is in a temporary folder
	out, err := f.java(ctx, query, strconv.FormatInt(s.Events, 10), strconv.Itoa(s.Parallelism), "2", strconv.FormatInt(interval.Milliseconds(), 10), dir)
	if err != nil {
		return last, err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var line struct {
			figures
			CPU float64 `json:"cpu_seconds"`
		}
		if err := d.Decode(&line); err == io.EOF {
			return last, nil
		} else if err != nil {
			return last, fmt.Errorf("run %s in Flink: %w", query, err)
		}
		last = line.figures
		last.PerSecond, last.PerCPUSecond = float64(last.Events)/last.Seconds, float64(last.Events)/line.CPU
	}
}
