package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func TestFlags(t *testing.T) {
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"--help":           {exitDone, "Exit codes"},
		"-q q99":           {exitUsage, `no query "q99"`},
		"-q q13 -flink":    {exitUsage, `no query "q13"`},
		"-events 0":        {exitUsage, "must be positive"},
		"-cpuprofile file": {exitUsage, "needs -here"},
		"q0":               {exitUsage, `not "q0"`},
	} {
		var errs bytes.Buffer
		if code := command(strings.Fields(args), io.Discard, &errs); code != want.code || !strings.Contains(errs.String(), want.says) {
			t.Errorf("%s: exit code %d, %s", args, code, errs.String())
		}
	}
}

// Every query runs, has rows, and has a latency for some of them.
func TestMeasure(t *testing.T) {
	var out, errs bytes.Buffer
	code := command(strings.Fields("-here -json -events 60000 -repeat 1 -rate 1000000 -for 100ms -dir "+t.TempDir()), &out, &errs)
	if code != exitDone {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	d := json.NewDecoder(&out)
	for _, q := range queries {
		var f figures
		if err := d.Decode(&f); err != nil || f.Query != q.name || f.Rows == 0 || f.PerSecond == 0 || f.Rate != 1e6 {
			t.Errorf("%s: %v, %+v", q.name, err, f)
		}
	}
}
