package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// slow is a context that takes its time to say whether it has ended.
type slow struct{ context.Context }

func (s slow) Err() error {
	time.Sleep(verifyTime - time.Millisecond)
	return s.Context.Err()
}

// A reader whose way to its position takes more than one Read gives out nothing on the
// way, and keeps its position.
func TestALongWayToThePosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "in")
		var lines []string
		for i := range 40_000 {
			lines = append(lines, fmt.Sprint("line ", i))
		}
		const before = 30_000
		write(t, path, []byte(strings.Join(lines, "\n")+"\n"))
		at := positionAfter(strings.Join(lines[:before], "\n") + "\n")
		r, err := Lines(path).Open(t.Context(), weir.Split{ID: "in", Position: at.encode()})
		must(t, err)
		defer r.Close()
		ways := 0
		var got []string
		for {
			records := make([]string, 1000)
			n, err := r.Read(slow{t.Context()}, records)
			got = append(got, records[:n]...)
			if err == io.EOF {
				break
			}
			must(t, err)
			if len(got) == 0 {
				ways++
				if p, err := decodePosition(r.Position()); err != nil || !p.digest.of(&at.digest) || p.lines != at.lines {
					t.Fatalf("on its way the position is %+v, %v; want %+v", p, err, at)
				}
			}
		}
		if ways < 2 || !slices.Equal(got, lines[before:]) {
			t.Errorf("after %d Reads on the way %d records came, want %d", ways, len(got), len(lines)-before)
		}
	})
}

// A file that was closed for a while, with its buffer, is known by the same checksum.
func TestSleepKeepsTheDigest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	text := strings.Repeat("a line\n", 30)
	for _, part := range []string{text, text + "and a half"} {
		write(t, path, []byte(part))
		tape := &tape{path: path, d: descriptor{of: newDescriptors(1)}}
		must(t, tape.open(t.Context()))
		s := newScanner(&content{tape: tape}, nil, DefaultMaxLine)
		must(t, s.fill())
		for {
			l, ok, err := s.peek()
			must(t, err)
			if !ok {
				break
			}
			s.take(l)
		}
		s.sleep()
		if got, want := s.position(), positionAfter(text); got.digest != want.digest || got.lines != want.lines {
			t.Errorf("after a sleep the position is %+v, want %+v", got, want)
		}
	}
}

// A line as long as may be is a record, wherever the buffer ends.
func TestLineAsLongAsMayBe(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", ""} {
		for _, before := range []int{0, 1, 2, 3} {
			path := filepath.Join(t.TempDir(), "in")
			first := strings.Repeat("x", before) + "\n"
			for n := minBuffer - len(first) - 3; n <= minBuffer-len(first)+1; n++ {
				long := strings.Repeat("y", n)
				write(t, path, []byte(first+long+end))
				got, _ := mustRead(t, Lines(path, MaxLine(n)), "in", nil)
				if !slices.Equal(got, []string{first[:before], long}) {
					t.Fatalf("%d bytes after %d, with the end %q: %d records", n, before, end, len(got))
				}
				if _, err := read(Lines(path, MaxLine(n-1)), "in", nil, 10); err == nil {
					t.Fatalf("%d bytes after %d, with the end %q, are no more than %d", n, before, end, n-1)
				}
			}
		}
	}
}

// Prepared output that another program has added to is refused, also by the process that
// has written it and does not read it back.
func TestPreparedOutputThatHasGrown(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	sink := LinesSinkOn(fsys, outDir)
	_, elements, parts := preparedParts(t, sink, "one")
	overwrite(t, fsys, parts[0].hidden, "one\nmore\n")
	wantPermanent(t, sink.Commit(t.Context(), elements), parts[0].hidden, "damaged", "9 bytes", "4 were written")
}

// What cannot be removed at a start is an error: it would stay for good.
func TestAbortThatFails(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	run := weir.Claim{SinkID: first.SinkID, Owner: "a test", Lineage: "a"}
	before := LinesSinkOn(fsys, outDir)
	release := claim(t, before, run)
	preparedParts(t, before, "one")
	release()
	errBad := errors.New("a bad disk")
	sink := LinesSinkOn(faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Remove, K: 1, Err: errBad}), outDir)
	claim(t, sink, run)
	if err := sink.Abort(t.Context(), first.SinkID); !errors.Is(err, errBad) {
		t.Errorf("Abort: %v", err)
	}
	if _, hidden, _ := visible(fsys, outDir); len(hidden) != 1 {
		t.Errorf("hidden %q", hidden)
	}
}

// What could not be asked because the job ends is not known, and nothing follows from it.
func TestPlanOfAJobThatEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte("a\n"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, err := Lines(path).(weir.SplitPlanner).PlanSplits(ctx, nil)
	if !errors.Is(err, context.Canceled) || len(p.Read) > 0 {
		t.Errorf("planned %+v, %v", p, err)
	}
}
