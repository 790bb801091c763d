package weirtest

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// A process is one call of run.Local, which can crash: from then on nothing that it does
// reaches its disk, its sources or its sinks.
type process struct {
	run     *Run
	monitor *run.Monitor
	cancel  context.CancelFunc
	dead    chan struct{} // closed by the crash
	once    sync.Once
	killed  bool          // the test has killed it, and it has ended
	asked   bool          // the script has asked how it ended
	done    chan struct{} // closed at the end
	err     error         // of run.Local
}

// A crashError is what a process gets that has crashed.
type crashError struct{}

func (*crashError) Error() string { return "the process has crashed, as the test wants it" }

// Permanent keeps the engine from another attempt.
func (*crashError) Permanent() bool { return true }

// never is a time that does not come.
const never = 100 * 365 * 24 * time.Hour

// processKey is the key of the process in the context of its job.
type processKey struct{}

// processOf returns the process that uses a source or sink, nil if it is not that of a Run.
func processOf(ctx context.Context) *process {
	p, _ := ctx.Value(processKey{}).(*process)
	return p
}

func startProcess(r *Run, job *weir.Job, opts run.Options) *process {
	p := &process{run: r, dead: make(chan struct{}), done: make(chan struct{})}
	below := opts.FS
	if below == nil {
		below = r.disk.fs
	}
	opts.FS = &fence{below: below, disk: r.disk, process: p}
	if opts.CheckpointDir == "" {
		opts.CheckpointDir = "/checkpoints"
	}
	if opts.CheckpointInterval == 0 {
		opts.CheckpointInterval = never
	}
	if opts.Parallelism == 0 {
		opts.Parallelism = 1
	}
	if opts.Restart.Max == 0 {
		opts.Restart.Max = -1
	}
	if opts.Monitor == nil {
		opts.Monitor = &run.Monitor{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.NewTextHandler(logWriter{p}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	p.monitor = opts.Monitor
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), processKey{}, p))
	p.cancel = cancel
	go func() {
		defer close(p.done)
		p.err = run.Local(ctx, job, opts)
	}()
	return p
}

// over reports whether the process has ended. A process that is nil has not.
func (p *process) over() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// failure returns the error that the job has failed with, nil if it has not failed.
func (p *process) failure() error { return failureOf(p.err) }

// crashed reports whether the process has crashed. A process that is nil has not.
func (p *process) crashed() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// crash is the moment from which on nothing reaches the world.
func (p *process) crash() { p.once.Do(func() { close(p.dead) }) }

// check returns an error if the process has crashed.
func (p *process) check() error {
	if p.crashed() {
		return &crashError{}
	}
	return nil
}

// kill crashes the process and waits until none of its goroutines is left.
func (p *process) kill() {
	p.crash()
	p.cancel()
	<-p.done
	p.killed = true
}

// logWriter writes the log of a process to that of the test.
type logWriter struct{ p *process }

func (w logWriter) Write(line []byte) (int, error) {
	if !w.p.crashed() {
		w.p.run.t.Log(strings.TrimSpace(string(line)))
	}
	return len(line), nil
}
