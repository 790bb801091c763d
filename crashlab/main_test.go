package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/crashlab/lab"
	"github.com/weirstream/weir/crashlab/loopmount"
	"github.com/weirstream/weir/crashlab/workload"
)

func TestFlags(t *testing.T) {
	s, err := parse([]string{"-fs", "ext4,btrfs", "-workload", "log1,job", "-images", "60", "-quick"})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Configs) != 2 || s.Configs[1].Name != "btrfs" || len(s.Workloads) != 2 || s.Images != 60 ||
		s.Every != time.Second || s.Settle != 7*time.Second || s.Restarts != 4 {
		t.Errorf("%+v", s)
	}
	s, err = parse([]string{"-quick", "-settle", "0s", "-restarts", "9"})
	if err != nil || s.Settle != 0 || s.Restarts != 9 {
		t.Errorf("-quick has replaced flags that were given: %+v %v", s, err)
	}
	s, err = parse([]string{"-fs", "all"})
	if err != nil || len(s.Configs) != len(loopmount.Configs) || len(s.Workloads) != len(workload.Workloads) || s.Settle != 75*time.Second {
		t.Errorf("%+v %v", s, err)
	}
	for _, wrong := range []struct{ args, want string }{
		{"-fs ext5", `no file system "ext5"`},
		{"-workload log3", `no workload "log3"`},
		{"-images 2", "-images 2"},
		{"-settle 2h", "-settle 2h"},
		{"-restarts -1", "-restarts -1"},
		{"more", `"more"`},
	} {
		if _, err := parse(strings.Fields(wrong.args)); err == nil || !strings.Contains(err.Error(), wrong.want) {
			t.Errorf("%s: %v, want %q", wrong.args, err, wrong.want)
		}
	}
}

// results returns three results: a known bug that was caught, a clean one, and a broken
// promise.
func results() []*lab.Result {
	named := func(name string) workload.Workload {
		w, _ := workload.Named(name)
		return w
	}
	return []*lab.Result{{
		Config: loopmount.Configs[0], Workload: named("log1"), Expect: judge.CaughtLosing, Writes: 15, Took: time.Second,
		Tally: judge.Tally{Prefixes: judge.Counts{judge.OK: 4, judge.Lost: 12}, Window: 40300 * time.Millisecond},
	}, {
		Config: loopmount.Configs[0], Workload: named("job"), Expect: judge.Clean, Writes: 600, Took: time.Second,
		Tally: judge.Tally{Prefixes: judge.Counts{judge.OK: 20}, Reordered: judge.Counts{judge.OK: 10}, Restarts: 3},
	}, {
		Config: loopmount.Configs[0], Workload: named("store-1"), Expect: judge.Clean, Writes: 60, Took: time.Second,
		Tally:      judge.Tally{Prefixes: judge.Counts{judge.OK: 19, judge.Regressed: 1}, Window: 5 * time.Second, WindowOpen: true},
		Bad:        []lab.BadImage{{Cut: "before event 7", State: judge.Regressed, Why: "checkpoint 2 was acknowledged, and the newest is 1"}},
		Complaints: []string{"the promise is broken on 1 of 20 images"},
	}}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	p := &printer{settings: settings{Options: lab.Options{Seed: 7}}, out: &out}
	for _, r := range results() {
		p.result(r)
	}
	p.end(3 * time.Second)
	const file = "testdata/table.txt"
	if os.Getenv("UPDATE") != "" {
		os.WriteFile(file, out.Bytes(), 0o644)
	}
	want, err := os.ReadFile(file)
	if err != nil || out.String() != string(want) {
		t.Errorf("%v\n%s\nwant (UPDATE=1 rewrites it)\n%s", err, &out, want)
	}
	if p.complaints != 1 {
		t.Errorf("%d complaints, want 1", p.complaints)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	p := &printer{settings: settings{json: true}, out: &out}
	for _, r := range results() {
		p.result(r)
	}
	p.end(time.Second)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3:\n%s", len(lines), &out)
	}
	var last map[string]any
	if err := json.Unmarshal([]byte(lines[2]), &last); err != nil {
		t.Fatal(err)
	}
	if last["workload"] != "store-1" || last["prefixes"].(map[string]any)["regressed"] != 1.0 ||
		last["window_open"] != true || len(last["bad"].([]any)) != 1 || len(last["complaints"].([]any)) != 1 {
		t.Errorf("%s", lines[2])
	}
}

// Results that cannot be written are no good end, whatever they say.
func TestLostResults(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		_, out, err := os.Pipe()
		if err == nil {
			err = out.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		p := &printer{settings: settings{json: asJSON}, out: out}
		p.result(results()[0])
		p.end(time.Second)
		if !errors.Is(p.err, os.ErrClosed) {
			t.Errorf("json %v: the printer keeps %v, want %v", asJSON, p.err, os.ErrClosed)
		}
	}
}
