package connectortest

import (
	"errors"
	"fmt"
	"runtime/debug"
	"testing"
	"time"
)

// A check is one part of a contract, and how to hold a connector S against it.
type check[S any] struct {
	name string
	says string // the sentence of package weir that it is about
	run  func(S) error
}

// A passedOver says why a check does not apply to this connector.
type passedOver string

func (p passedOver) Error() string { return string(p) }

// do runs the check. If the connector panics that is an error.
func (c check[S]) do(s S) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
		var skip passedOver
		if err != nil && !errors.As(err, &skip) {
			err = fmt.Errorf("%w\n(the contract says: %q)", err, c.says)
		}
	}()
	return c.run(s)
}

// runAll runs each check as a subtest.
func runAll[S any](t *testing.T, s S, checks []check[S]) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			err := c.do(s)
			var skip passedOver
			switch {
			case errors.As(err, &skip):
				t.Skip(skip)
			case err != nil:
				t.Error(err)
			}
		})
	}
}

// joinAll runs all checks and returns what they found.
func joinAll[S any](s S, checks []check[S]) error {
	var errs []error
	for _, c := range checks {
		err := c.do(s)
		var skip passedOver
		if err != nil && !errors.As(err, &skip) {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(errs...)
}

// A verdict is an error of the suite: the connector is wrong. Other errors are the
// connector's own, which may be right.
type verdict struct{ error }

func (v verdict) Unwrap() error { return v.error }

func isVerdict(err error) bool {
	var v verdict
	return errors.As(err, &v)
}

// patience is how long a call may take that is to take a moment. After that the connector
// is said to hang.
const patience = 30 * time.Second

// soon calls f and waits for it no longer than limit. A call that hangs is left running.
func soon(what string, limit time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- verdict{fmt.Errorf("%s panics: %v\n%s", what, v, debug.Stack())}
			}
		}()
		done <- f()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return verdict{fmt.Errorf("%s has not returned after %v", what, limit)}
	}
}
