package weirtest

import (
	"fmt"
	"testing"
	"testing/synctest"
)

// Attempt runs a script as Test does and returns how it has failed, "" if it has not.
func Attempt(t *testing.T, script func(r *Run)) (failure string) {
	synctest.Test(t, func(t *testing.T) {
		a := &attempt{name: t.Name()}
		r := newRun(a, plan{})
		func() {
			defer func() {
				if p := recover(); p != nil && p != a {
					panic(p)
				}
			}()
			defer r.end()
			script(r)
		}()
		failure = a.failure
	})
	return failure
}

// CrashAt has the process crash before the n-th operation from now on that changes the disk,
// or has the power fail.
func (r *Run) CrashAt(n int, power bool) {
	r.plan.power = power
	r.disk.mu.Lock()
	defer r.disk.mu.Unlock()
	r.disk.fatal = r.disk.operations + n
}

// Lines returns what is visible at each sink as sorted text.
func (r *Run) Lines() map[string][]string {
	lines := make(map[string][]string)
	for name, s := range r.sinks {
		lines[name] = s.lines(name)
	}
	return lines
}

// Differ says how two outputs differ, "" if they do not.
var Differ = differ

// An attempt is a test that may fail. Its failure ends the script by a panic.
type attempt struct{ name, failure string }

func (a *attempt) Helper()      {}
func (a *attempt) Name() string { return a.name }
func (a *attempt) Log(...any)   {}
func (a *attempt) Failed() bool { return a.failure != "" }

func (a *attempt) Errorf(format string, args ...any) {
	a.failure += fmt.Sprintf(format, args...) + "\n"
}

func (a *attempt) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	panic(a)
}

func (a *attempt) Fatal(args ...any) { a.Fatalf("%s", fmt.Sprint(args...)) }

// Telling returns the crashes of EveryCrash with which the script fails, or shows something
// else than without a crash.
func Telling(t *testing.T, script func(r *Run), parallelism ...int) (telling []string) {
	whole, _ := attemptLife(t, plan{parallelism: parallelism}, script)
	for _, p := range crashes(whole.steps, whole.operations, parallelism) {
		if l, failure := attemptLife(t, p, script); failure != "" || differ(whole.visible, l.visible) != "" {
			telling = append(telling, p.String())
		}
	}
	return telling
}

func attemptLife(t *testing.T, p plan, script func(r *Run)) (l life, failure string) {
	failure = Attempt(t, func(r *Run) {
		r.plan = p
		r.disk.fatal = p.operation
		l = r.live(script)
	})
	return l, failure
}
