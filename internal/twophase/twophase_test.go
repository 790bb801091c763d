package twophase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
)

// counter is a writer whose n-th output is n, or nothing where empty says so.
type counter struct {
	n     int
	empty bool
	err   error
}

func (c *counter) Prepare(context.Context, checkpoint.ID) ([]byte, error) {
	if c.empty || c.err != nil {
		return nil, c.err
	}
	c.n++
	return fmt.Append(nil, c.n), nil
}

// A script is a line of steps: p3 prepares for checkpoint 3, e3 does so when nothing was
// written, f3 fails to, c3 says that it is complete, and x3 says so to a commit that fails.
// After the line is what each commit was given.
func TestSubtask(t *testing.T) {
	for _, test := range []struct{ steps, commits string }{
		{"p1 c1", "[1]"},
		{"p1 c1 c1 c2", "[1]"},
		{"p1 p2 c1 c2", "[1] [2]"},
		{"p1 p2 p3 c2 c3", "[1 2] [3]"},
		{"p1 p2 c2 c1", "[1 2]"},
		{"c1 p1 c0", ""},
		{"p5 c4 c9", "[1]"},
		{"p1 e2 c2", "[1]"},
		{"e1 c1", ""},
		{"p1 x1 c1", "[1] [1]"},
		{"p1 x1 p2 c2", "[1] [1 2]"},
		{"p1 f2 c1", "[1]"},
	} {
		var s Subtask
		var w counter
		var commits []string
		waiting := 0
		for _, step := range strings.Fields(test.steps) {
			id := checkpoint.ID(step[1] - '0')
			switch step[0] {
			case 'p', 'e', 'f':
				w.empty, w.err = step[0] == 'e', nil
				if step[0] == 'f' {
					w.err = errors.New("full")
				}
				elements, err := s.Prepare(t.Context(), &w, id)
				if !errors.Is(err, w.err) {
					t.Fatalf("%s: %s: %v", test.steps, step, err)
				}
				restored, rerr := Restored(elements)
				if rerr != nil || err == nil && len(restored) != len(s.waiting) {
					t.Errorf("%s: %s: the checkpoint keeps %q of %d, %v", test.steps, step, restored, len(s.waiting), rerr)
				}
				if step[0] != 'p' && len(s.waiting) != waiting {
					t.Errorf("%s: %s: %d wait, want %d", test.steps, step, len(s.waiting), waiting)
				}
			case 'c', 'x':
				err := s.Complete(id, func(prepared [][]byte) error {
					commits = append(commits, fmt.Sprintf("%s", prepared))
					if step[0] == 'x' {
						return errors.New("locked")
					}
					return nil
				})
				if (err != nil) != (step[0] == 'x') {
					t.Errorf("%s: %s: %v", test.steps, step, err)
				}
			}
			waiting = len(s.waiting)
		}
		if got := strings.Join(commits, " "); got != test.commits {
			t.Errorf("%s: committed %s, want %s", test.steps, got, test.commits)
		}
	}
}

// What a checkpoint keeps comes back as it was, and is not the writer's memory.
func TestRestored(t *testing.T) {
	var s Subtask
	prepared := []byte("one")
	elements, err := s.Prepare(t.Context(), fixed(prepared), 7)
	if err != nil {
		t.Fatal(err)
	}
	clear(prepared)
	if want := "\x00\x00\x00\x00\x00\x00\x00\x07one"; string(elements[0]) != want {
		t.Errorf("the checkpoint keeps %q, want %q", elements[0], want)
	}
	got, err := Restored(elements)
	if err != nil || len(got) != 1 || string(got[0]) != "one" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := Restored(nil); err != nil || got != nil {
		t.Errorf("of nothing: %q, %v", got, err)
	}
	if _, err := Restored(slices.Concat(elements, [][]byte{elements[0][:7]})); err == nil {
		t.Error("an element of 7 bytes is restored")
	}
}

type fixed []byte

func (f fixed) Prepare(context.Context, checkpoint.ID) ([]byte, error) { return f, nil }
