package weir

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/internal/flow"
)

func itself(n int64) Time { return Time(n) }

// lastRecord is a generator whose watermark is that of the last record. It falls with it.
type lastRecord struct{ at Time }

func (l *lastRecord) OnRecord(v int64, at Time) {
	if Time(v) == at {
		l.at = at
	}
}
func (l *lastRecord) Watermark() Time { return l.at }

// A watermark is before the latest timestamp so far, by a millisecond and by as much as
// records may be out of order. It never falls. Without a record there is none.
func TestStamper(t *testing.T) {
	batches := [][]int64{{}, {1000, 900}, {950}, {2000}, {}, {1500}}
	for _, tt := range []struct {
		name string
		w    Watermarks[int64]
		mark Time // at the start
		want string
	}{
		{"monotonous", Monotonous(itself), MinTime, "- 999 999 1999 1999 1999"},
		{"out of order", OutOfOrder(100*time.Millisecond, itself), MinTime, "- 899 899 1899 1899 1899"},
		{"none", NoWatermarks(itself), MinTime, "- - - - - -"},
		{"a generator", WatermarksBy(itself, func() WatermarkGenerator[int64] { return &lastRecord{MinTime} }), MinTime, "- 900 950 2000 2000 2000"},
		{"restored", Monotonous(itself), 1200, "1200 1200 1200 1999 1999 1999"},
	} {
		s := newStamper(&tt.w, tt.mark)
		var got []string
		for _, values := range batches {
			times := make([]Time, len(values))
			if err := s.stamp(values, times); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				if times[i] != Time(v) {
					t.Errorf("%s: the timestamp of %d is %d", tt.name, v, times[i])
				}
			}
			if m := s.now(); m.Time == MinTime {
				got = append(got, "-")
			} else {
				got = append(got, fmt.Sprintf("%d", m.Time))
			}
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s: watermarks %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Each split has a generator of its own.
func TestGeneratorsAreNotShared(t *testing.T) {
	w := WatermarksBy(itself, func() WatermarkGenerator[int64] { return &lastRecord{MinTime} })
	a, b := newStamper(&w, MinTime), newStamper(&w, MinTime)
	if err := a.stamp([]int64{7}, make([]Time, 1)); err != nil {
		t.Fatal(err)
	}
	if a.now().Time != 7 || b.now().Time != MinTime {
		t.Errorf("%v and %v", a.now(), b.now())
	}
}

// AssignWatermarks passes its own watermarks on, after the records that they are about, and of
// those that come only the end of the input and idleness. It leaves the timestamps of the
// batch as they are, which another operator may read.
func TestAssignedWatermarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out noted[int64]
		ctx := testContext()
		ctx.EventTime = true
		job := NewJob("assign")
		AssignWatermarks(ints(job), Monotonous(func(n int64) Time { return Time(2 * n) }).WithIdleness(time.Minute))
		op := open(t, job, ctx, &out)
		push := func(times ...Time) {
			t.Helper()
			in := timedInts(times...)
			if err := op.Push(0, in); err != nil {
				t.Fatal(err)
			}
			for i, n := range in.Values {
				if in.Times[i] != Time(n) {
					t.Errorf("the timestamp of %d in the batch has become %d", n, in.Times[i])
				}
			}
		}
		mark := func(m flow.Mark) {
			t.Helper()
			if err := op.Mark(m); err != nil {
				t.Fatal(err)
			}
		}
		push(1, 5)
		out.wants(t, "at first", "1@2", "5@10", "mark 9")
		push(4)
		out.wants(t, "event time stands", "4@8")
		mark(flow.Mark{Time: 1000})
		out.wants(t, "a mark about other timestamps")
		mark(flow.Mark{Time: 1000, Idle: true})
		out.wants(t, "nothing comes", "mark 9 idle")
		push(10)
		out.wants(t, "something comes", "10@20", "mark 19")
		time.Sleep(time.Minute)
		mark(flow.Mark{Time: 2000})
		out.wants(t, "no record for a minute", "mark 19 idle")
		push(11)
		out.wants(t, "a record", "11@22", "mark 21")
		mark(flow.Mark{Time: MaxTime})
		out.wants(t, "the end", fmt.Sprintf("mark %d", MaxTime))
		mark(flow.Mark{Time: 2000})
		out.wants(t, "after the end")
		job = NewJob("end of time")
		AssignWatermarks(ints(job), Monotonous(func(int64) Time { return MaxTime }))
		var of *OperatorError
		if err := open(t, job, ctx, &out).Push(0, timedInts(4711)); !errors.As(err, &of) || !IsPermanent(err) || !strings.Contains(err.Error(), "record 4711 has the timestamp of the end of time") {
			t.Errorf("got %v", err)
		}
	})
}
