package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// tooLong is how long a process may take that is to end by itself or by SIGTERM. After that
// it counts as hanging.
const tooLong = 2 * time.Minute

// A process is one run of the program.
type process struct {
	cmd  *exec.Cmd
	said tail
	done chan struct{} // closed when it has ended
}

// start starts the program in dir. Signals for weirsoak do not reach it.
func start(program, dir string, args []string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	apart(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the program: %w", err)
	}
	go func() {
		_ = p.cmd.Wait() // the exit code is in ProcessState, and the output goes to memory
		close(p.done)
	}()
	return p, nil
}

func (p *process) kill() { p.cmd.Process.Kill() }

// stop asks the process to end with a final checkpoint. On a system without such a signal it
// kills the process.
func (p *process) stop() {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.kill()
	}
}

// within waits for the end of the process, for d at most, and reports whether it has ended.
func (p *process) within(d time.Duration) bool {
	select { // a process that has ended counts as such, even if d is negative
	case <-p.done:
		return true
	default:
	}
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// wait waits for the end of a process that is to end by itself. It ends one that hangs:
// SIGQUIT makes a Go program print its stacks, where there is that signal.
func (p *process) wait() error {
	if p.within(tooLong) {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGQUIT) // a process that does not get it is killed
	if !p.within(10 * time.Second) {
		p.kill()
		<-p.done
	}
	return fmt.Errorf("it has not ended within %v", tooLong)
}

// exitCode returns the exit code of a process that has ended, -1 if it was killed.
func (p *process) exitCode() int { return p.cmd.ProcessState.ExitCode() }

// A tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 64 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if len(t.text) > 2*tailBytes {
		t.text = append(t.text[:0], t.text[len(t.text)-tailBytes:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
