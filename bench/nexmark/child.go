package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// apart measures a query in a process of its own, so that its memory is its own, and no query
// pays for the garbage of the one before it.
func apart(ctx context.Context, q entry, s settings) (f figures, err error) {
	program, err := os.Executable()
	if err != nil {
		return f, err
	}
	cmd := exec.CommandContext(ctx, program, "-here", "-json", "-q", q.name,
		"-events", strconv.FormatInt(s.Events, 10), "-p", strconv.Itoa(s.Parallelism), "-repeat", strconv.Itoa(s.Repeat),
		"-rate", strconv.FormatFloat(s.Rate, 'g', -1, 64), "-for", s.For.String(), "-dir", s.Dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return f, fmt.Errorf("%s: the process that measures it: %w", q.name, err)
	}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&f); err != nil {
		return f, fmt.Errorf("%s: the process that measures it: %w", q.name, err)
	}
	return f, nil
}
