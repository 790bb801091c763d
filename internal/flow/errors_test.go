package flow

import (
	"errors"
	"fmt"
	"testing"
)

// own is an error that says by itself whether it is permanent.
type own bool

func (own) Error() string     { return "own" }
func (o own) Permanent() bool { return bool(o) }

func TestPermanent(t *testing.T) {
	err := errors.New("reason")
	if Permanent(nil) != nil {
		t.Error("no error has become one")
	}
	for _, e := range []error{Permanent(err), fmt.Errorf("wrapped: %w", Permanent(err)), errors.Join(err, Permanent(err)), own(true)} {
		if !IsPermanent(e) {
			t.Errorf("%v is not permanent", e)
		}
	}
	for _, e := range []error{nil, err, fmt.Errorf("wrapped: %w", err), own(false)} {
		if IsPermanent(e) {
			t.Errorf("%v is permanent", e)
		}
	}
	if p := Permanent(err); !errors.Is(p, err) || p.Error() != err.Error() {
		t.Errorf("%v hides %v", p, err)
	}
}
