package workload

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/run"
)

// JobName is the name of the workload that is a whole job.
const JobName = "job"

var job = Workload{
	Name: JobName, Kind: Weirs, What: "Weir's flights example, a checkpoint every 100 ms",
	Prepare: func(string) error { return nil },
	Run:     runJob,
	Find: func(dir string, s Setup, restart int) judge.Finding {
		if restart == 0 {
			return findOfJob(dir)
		}
		return restartJob(dir, s, restart)
	},
}

// flights returns a command that runs the program in dir.
func flights(dir string, s Setup, args ...string) *exec.Cmd {
	cmd := exec.Command(s.Binary, append(args, "--in", s.Input, "--log-level", "info")...)
	cmd.Dir = dir
	dieWithParent(cmd)
	return cmd
}

var (
	completeLine = regexp.MustCompile(`msg="checkpoint complete" .*\bcheckpoint=(\d+)`)
	restoredLine = regexp.MustCompile(`msg=restored .*\bcheckpoint=(\d+)`)
)

// runJob runs the job to its end. It tells the world what the job logs, a moment later than
// the job does. A power cut in that moment is judged by what the world was told before.
func runJob(dir string, s Setup, w World) error {
	cmd := flights(dir, s,
		"--rate", strconv.FormatFloat(s.Rate, 'f', -1, 64), "--checkpoint-interval", "100ms",
		"--parallelism", "2", "--inline-threshold", "0B")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var said bytes.Buffer
	lines := bufio.NewScanner(io.TeeReader(stderr, &said))
	for lines.Scan() {
		if id, ok := idIn(completeLine, lines.Text()); ok {
			if err := w.Ack(id); err != nil {
				cmd.Process.Kill()
				_ = cmd.Wait() // it says that the process was killed
				return err
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the job: %w\n%s", err, said.Bytes())
	}
	return nil
}

func idIn(line *regexp.Regexp, text string) (checkpoint.ID, bool) {
	m := line.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return checkpoint.ID(n), err == nil
}

// findOfJob recovers the job's checkpoints, and does not run the job.
func findOfJob(dir string) judge.Finding {
	s, err := store.Open(durable.OS(), filepath.Join(dir, "weir-data"), flink.JobIDOf("flights"), store.Options{Owner: "crashlab"})
	if err != nil {
		return judge.Finding{Refused: err.Error()}
	}
	defer s.Close()
	c, err := s.Recover(store.From{})
	if err != nil {
		return refusal(err)
	}
	if c == nil {
		return judge.Finding{}
	}
	return judge.Finding{Recovered: c.ID}
}

// restartJob runs the job again, at some parallelism, on what the power cut has left, to
// the end of its input. Then the output must have every record once.
func restartJob(dir string, s Setup, restart int) (f judge.Finding) {
	parallelism := []string{"1", "2", "4"}[restart%3]
	said, err := flights(dir, s, "--parallelism", parallelism).CombinedOutput()
	for line := range strings.Lines(string(said)) {
		if id, ok := idIn(restoredLine, line); ok {
			f.Recovered = id
			break
		}
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == run.ExitDamaged:
		f.Torn = strings.TrimSpace(string(said))
	case err != nil:
		f.Refused = fmt.Sprintf("the job: %v: %s", err, bytes.TrimSpace(said))
	default:
		f.Wrong = compareOutput(dir, s.Expected)
	}
	return f
}

// Undisturbed runs the job in dir, on a disk without power cuts. It writes the sorted output
// to the file s.Expected, and returns the name of the input that the job has unpacked.
func Undisturbed(dir string, s Setup) (input string, err error) {
	cmd := exec.Command(s.Binary, "--parallelism", "1")
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the undisturbed run of the job: %w\n%s", err, said)
	}
	lines, err := output(dir)
	if err != nil {
		return "", err
	}
	if len(lines) == 0 {
		return "", errors.New("the undisturbed run of the job has no output")
	}
	if err := os.WriteFile(s.Expected, []byte(strings.Join(lines, "")), 0o644); err != nil {
		return "", err
	}
	return filepath.Join(dir, "weir-data/flights/flights-20k.jsonl.gz"), nil
}

// output returns the lines of the job's output, sorted.
func output(dir string) (lines []string, err error) {
	parts, err := filepath.Glob(filepath.Join(dir, "weir-data/flights/out/part-*"))
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		lines = slices.AppendSeq(lines, strings.Lines(string(b)))
	}
	slices.Sort(lines)
	return lines, nil
}

// compareOutput says how the output differs from the expected one, or "" if it does not.
func compareOutput(dir, expected string) string {
	want, err := os.ReadFile(expected)
	if err != nil {
		return err.Error()
	}
	have, err := output(dir)
	if err != nil {
		return err.Error()
	}
	if strings.Join(have, "") == string(want) {
		return ""
	}
	n := strings.Count(string(want), "\n")
	for i, line := range have {
		if i > 0 && line == have[i-1] {
			return fmt.Sprintf("the output has %d lines instead of %d; one that is there twice: %s", len(have), n, line)
		}
	}
	return fmt.Sprintf("the output has %d lines instead of %d, none of them twice, and is not that of an undisturbed run", len(have), n)
}
