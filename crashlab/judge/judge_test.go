package judge

import (
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/crashlab/blocklog"
)

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		told Told
		f    Finding
		want State
	}{
		{Told{}, Finding{}, OK},
		{Told{Begun: 1}, Finding{}, OK},
		{Told{Begun: 1}, Finding{Recovered: 1}, OK}, // durable before the world was told
		{Told{Begun: 3, Acked: 2}, Finding{Recovered: 2}, OK},
		{Told{Begun: 3, Acked: 2}, Finding{Recovered: 3}, OK},
		{Told{Begun: 3, Acked: 2}, Finding{Recovered: 4}, Torn},
		{Told{Acked: 2}, Finding{Recovered: 4}, OK}, // the log does not say what was begun
		{Told{Begun: 3, Acked: 2}, Finding{Recovered: 1}, Regressed},
		{Told{Begun: 3, Acked: 2}, Finding{}, Lost},
		{Told{Begun: 3, Acked: 2}, Finding{Refused: "the store does not open"}, Lost},
		{Told{Begun: 3}, Finding{Refused: "the store does not open"}, Lost},
		{Told{Begun: 3, Acked: 2}, Finding{Torn: "zeros", Recovered: 2}, Torn},
		{Told{Begun: 3, Acked: 2}, Finding{Wrong: "the next checkpoint fails", Recovered: 2}, Wrong},
		{Told{Begun: 3, Acked: 2}, Finding{Wrong: "the output differs", Recovered: 1}, Regressed},
		{Told{Begun: 3, Acked: 2}, Finding{Unmountable: "structure needs cleaning"}, Unmountable},
	} {
		got, why := Verdict(c.told, c.f)
		if got != c.want || (why == "") != (got == OK) {
			t.Errorf("told %+v, found %+v: %v %q, want %v", c.told, c.f, got, why, c.want)
		}
	}
}

// A disk stays in one state until the next write. The marks before that write count.
func TestWindow(t *testing.T) {
	s := time.Second
	l := blocklog.Log{
		{Kind: blocklog.Mark, Text: "BEGIN 1", At: 0},
		{Kind: blocklog.Write, At: 1 * s},
		{Kind: blocklog.Mark, Text: "ACK 1", At: 2 * s},
		{Kind: blocklog.Write, At: 7 * s},
		{Kind: blocklog.Mark, Text: "END", At: 9 * s},
	}
	var tally Tally
	add := func(before int, seed uint64, state State) {
		tally.Add(l, blocklog.Cut{Before: before, Seed: seed}, ToldBefore(l, before), state)
	}
	if told := ToldBefore(l, 1); told != (Told{Begun: 1}) {
		t.Errorf("told %+v before the first write", told)
	}
	if told := ToldBefore(l, 3); told != (Told{Begun: 1, Acked: 1, AckedAt: 2 * s}) {
		t.Errorf("told %+v before the second write", told)
	}
	add(1, 0, OK)
	add(3, 0, OK)
	if tally.Window != 0 {
		t.Errorf("a window of %v without anything bad", tally.Window)
	}
	add(3, 5, Lost)
	if tally.Window != 0 {
		t.Errorf("a window of %v from a reordering", tally.Window)
	}
	add(3, 0, Lost)
	if tally.Window != 5*s || tally.WindowOpen {
		t.Errorf("window %v, open %v, want 5s, closed by the second write", tally.Window, tally.WindowOpen)
	}
	add(5, 0, Regressed)
	if tally.Window != 7*s || !tally.WindowOpen {
		t.Errorf("window %v, open %v, want 7s and open", tally.Window, tally.WindowOpen)
	}
	if got := tally.Both(); got != (Counts{OK: 2, Lost: 2, Regressed: 1}) || got.Bad() != 3 || got.All() != 5 {
		t.Errorf("counts %v", got)
	}
}

func TestComplaints(t *testing.T) {
	counts := func(c Counts) *Tally { return &Tally{Prefixes: c} }
	for _, c := range []struct {
		expect Expectation
		counts Counts
		want   string
	}{
		{Clean, Counts{OK: 9}, ""},
		{Clean, Counts{OK: 9, Regressed: 1}, "1 of 10"},
		{Clean, Counts{OK: 9, Unmountable: 1}, "1 of 10"},
		{Clean, Counts{}, "no images"},
		{Caught, Counts{OK: 9, Regressed: 1}, ""},
		{Caught, Counts{OK: 9}, "blind"},
		{CaughtLosing, Counts{OK: 9, Lost: 1}, ""},
		{CaughtLosing, Counts{OK: 9, Torn: 1}, ""},
		{CaughtLosing, Counts{OK: 9, Regressed: 1}, "blind"},
		{Watch, Counts{Lost: 9}, ""},
	} {
		got := c.expect.Complaint(counts(c.counts))
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v of %v: %q, want %q", c.expect, c.counts, got, c.want)
		}
	}
}
