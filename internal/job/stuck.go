package job

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A StuckError says that user code has not returned after it was told to stop. The
// goroutines that run it are still there. What they hold (the lock of the job's checkpoints,
// the places of its sinks) stays held until they return or the process ends.
type StuckError struct {
	Waited time.Duration
	Where  []Stuck
	Err    error // why the job was to end, nil if it was stopped
	done   *watch
}

// Stuck is a place at which user code has not returned.
type Stuck struct {
	What  string // the operator and its subtask, or the step of the start
	Stack string // of the goroutines that run it
}

func (e *StuckError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "user code has not returned %v after it was told to stop:", e.Waited)
	for _, s := range e.Where {
		fmt.Fprintf(&b, "\n%s\n%s", s.What, s.Stack)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, "\nThe job was to end because: %v", e.Err)
	}
	return b.String()
}

func (e *StuckError) Unwrap() error { return e.Err }

// Permanent reports that the job is not restarted: two attempts must not run at once.
func (e *StuckError) Permanent() bool { return true }

// WhenDone calls f, in a goroutine of its own, once the code has returned. If the code
// never returns, f is never called.
func (e *StuckError) WhenDone(f func()) { e.whenDone(f) }

func (e *StuckError) whenDone(f func()) {
	go func() {
		e.done.running.Wait()
		f()
	}()
}

// A watch knows which goroutines of an attempt are running, and what each does.
type watch struct {
	running sync.WaitGroup
	mu      sync.Mutex
	names   map[string]string // label of the goroutines → what they do
}

// labels counts the calls of watch.run in this process, so that each has a label of its own.
var labels atomic.Int64

// labelKey is the key of the label by which a goroutine of watch.run is found in a profile.
// The goroutines that it starts have the same label.
const labelKey = "weir"

// run runs f in a goroutine of its own. what says what it does, for messages.
func (w *watch) run(ctx context.Context, what string, f func()) {
	label := strconv.FormatInt(labels.Add(1), 10)
	w.mu.Lock()
	if w.names == nil {
		w.names = make(map[string]string)
	}
	w.names[label] = what
	w.mu.Unlock()
	w.running.Go(func() {
		defer func() {
			w.mu.Lock()
			delete(w.names, label)
			w.mu.Unlock()
		}()
		pprof.Do(ctx, pprof.Labels(labelKey, label, "weir.task", what), func(context.Context) { f() })
	})
}

// slow is how long something may take before the log says so.
const slow = 30 * time.Second

// wait waits until all goroutines have ended, and returns true. It returns false if they
// have not after patience. Each time that slow has passed it calls warn with what is still
// running.
func (w *watch) wait(patience time.Duration, warn func(waited time.Duration, what []string)) bool {
	done := make(chan struct{})
	go func() {
		w.running.Wait()
		close(done)
	}()
	began := time.Now()
	for {
		left := patience - time.Since(began)
		if left <= 0 {
			select {
			case <-done:
				return true
			default:
				return false
			}
		}
		timer := time.NewTimer(min(left, slow))
		select {
		case <-done:
			timer.Stop()
			return true
		case <-timer.C:
			if waited := time.Since(began); waited < patience {
				warn(waited, w.what())
			}
		}
	}
}

// what returns what is still running.
func (w *watch) what() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var what []string
	for _, name := range w.names {
		what = append(what, name)
	}
	slices.Sort(what)
	return what
}

// stuck returns what is still running, with the stacks.
func (w *watch) stuck() []Stuck {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		profile.Reset()
	}
	stacks := stacksByLabel(profile.String())
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []Stuck
	for label, what := range w.names {
		stack := strings.Join(stacks[label], "\n")
		if stack == "" {
			stack = "(its stack could not be taken)"
		}
		found = append(found, Stuck{What: what, Stack: stack})
	}
	slices.SortFunc(found, func(a, b Stuck) int { return strings.Compare(a.What, b.What) })
	return found
}

// stacksByLabel splits a goroutine profile, in the text form that package pprof writes, by
// labels. A group of goroutines is a line with their number and addresses, a line with
// their labels, and a line per frame.
func stacksByLabel(profile string) map[string][]string {
	stacks := make(map[string][]string)
	for group := range strings.SplitSeq(profile, "\n\n") {
		_, rest, ok := strings.Cut(group, "# labels: {")
		if !ok {
			continue
		}
		set, frames, ok := strings.Cut(rest, "}\n")
		if !ok {
			continue
		}
		_, label, ok := strings.Cut(set, strconv.Quote(labelKey)+":\"")
		if !ok {
			continue
		}
		label, _, _ = strings.Cut(label, `"`)
		var b strings.Builder
		for line := range strings.Lines(frames) {
			fields := strings.Fields(strings.TrimPrefix(line, "#"))
			if len(fields) >= 3 && strings.HasPrefix(fields[0], "0x") {
				fmt.Fprintf(&b, "    %s\n        %s\n", fields[1], fields[2])
			}
		}
		stacks[label] = append(stacks[label], b.String())
	}
	return stacks
}
