package flinktest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Flink is a running java/Dump.java. It answers one request at a time.
type Flink struct {
	Version string // as Flink reports it, like 1.20.5

	in      io.Writer
	out     *bufio.Reader
	process *exec.Cmd
	stderr  string // the file that it goes to
	dir     string // for plans and for the metadata that Flink writes again
	calls   int
}

// answerTimeout is how long Flink may take to read a checkpoint, and to start.
const answerTimeout = time.Minute

func run(t testing.TB, classpath, program string) *Flink {
	t.Helper()
	f := &Flink{dir: t.TempDir()}
	f.stderr = filepath.Join(f.dir, "stderr")
	stderr, err := os.Create(f.stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	f.process = exec.Command("java", append(slices.Clone(briefly), "-cp", classpath, program)...)
	f.process.Stderr = stderr
	in, err := f.process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.process.Start(); err != nil {
		t.Fatal(err)
	}
	f.in, f.out = in, bufio.NewReader(out)
	t.Cleanup(func() {
		in.Close() // which ends it
		defer f.killLater().Stop()
		if err := f.process.Wait(); err != nil {
			t.Errorf("java: %v\n%s", err, f.complaints())
		}
	})
	if f.Version, err = f.line(); err != nil {
		t.Fatal(err)
	}
	return f
}

// killLater kills Java after answerTimeout, unless the timer is stopped.
func (f *Flink) killLater() *time.Timer {
	return time.AfterFunc(answerTimeout, func() { f.process.Process.Kill() })
}

// complaints returns what Java has written to its standard error.
func (f *Flink) complaints() string {
	text, err := os.ReadFile(f.stderr)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// line returns the next line of Java's output.
func (f *Flink) line() (string, error) {
	defer f.killLater().Stop()
	line, err := f.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read the output of java: %w\n%s", err, f.complaints())
	}
	return line[:len(line)-1], nil
}

// A Dump is what Flink found in a checkpoint.
type Dump struct {
	Lines []string // one per operator and entry, sorted; see Operator.Entry

	// The files with the metadata as Flink wrote them again: in the version that this release
	// writes, and in version 3.
	Metadata, MetadataV3 string
}

// Dump makes Flink restore the checkpoint in dir with every operator at the given
// parallelism. An error is one of Flink, or of java/Dump.java.
func (f *Flink) Dump(dir string, plan Plan, parallelism int) (*Dump, error) {
	f.calls++
	again := filepath.Join(f.dir, "metadata-"+strconv.Itoa(f.calls))
	file := again + ".plan"
	if err := plan.write(file); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(f.in, "%s\t%s\t%d\t%s\n", dir, file, parallelism, again); err != nil {
		return nil, fmt.Errorf("write to java: %w\n%s", err, f.complaints())
	}
	d := &Dump{Metadata: again, MetadataV3: again + ".v3"}
	for {
		line, err := f.line()
		if err != nil {
			return nil, err
		}
		if line == "ok" {
			return d, nil
		}
		if why, failed := strings.CutPrefix(line, "error\t"); failed {
			return nil, errors.New(strings.ReplaceAll(why, `\n`, "\n"))
		}
		d.Lines = append(d.Lines, line)
	}
}

// Expect fails the test unless Flink restores the checkpoint in dir at each of these
// parallelisms, finds exactly the given entries, and writes metadata with the same meaning
// as the checkpoint's. The entries may be in any order; see Operator.Entry.
func (f *Flink) Expect(t testing.TB, dir string, plan Plan, entries []string, parallelisms ...int) {
	t.Helper()
	if len(parallelisms) == 0 {
		t.Fatal("no parallelism is given to restore at")
	}
	want := slices.Concat(plan.lines(), entries)
	slices.Sort(want)
	for _, p := range parallelisms {
		d, err := f.Dump(dir, plan, p)
		if err != nil {
			t.Errorf("Flink %s, %s at parallelism %d: %v", f.Version, dir, p, err)
			continue
		}
		if diff := compare(want, d.Lines); diff != "" {
			t.Errorf("Flink %s, %s at parallelism %d finds something else (-written +found):\n%s", f.Version, dir, p, diff)
		}
		for _, again := range []string{d.Metadata, d.MetadataV3} {
			if err := sameMetadata(filepath.Join(dir, "_metadata"), again); err != nil {
				t.Errorf("Flink %s, %s: the metadata written again: %v", f.Version, dir, err)
			}
		}
	}
}

// compareMax is how many differences are shown at most.
const compareMax = 10

// compare returns the lines that are in only one of two sorted lists, or "".
func compare(want, got []string) string {
	var diff []string
	for len(want) > 0 || len(got) > 0 {
		switch {
		case len(got) == 0 || len(want) > 0 && want[0] < got[0]:
			diff, want = append(diff, "-"+want[0]), want[1:]
		case len(want) == 0 || got[0] < want[0]:
			diff, got = append(diff, "+"+got[0]), got[1:]
		default:
			want, got = want[1:], got[1:]
		}
	}
	if n := len(diff); n > compareMax {
		diff = append(diff[:compareMax], fmt.Sprintf("and %d more", n-compareMax))
	}
	return strings.Join(diff, "\n")
}
