package run

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/job"
	"github.com/weirstream/weir/internal/task"
)

// The line of progress says what there is to say.
func TestProgress(t *testing.T) {
	for want, st := range map[string]Status{
		"0 records  5/s  checkpoints: 0, none complete yet":                                {Attempt: 1},
		"1,000 records  5/s  checkpoints: 0, going on from 7":                              {Records: 1000, LastComplete: 7},
		"1,000 records  5/s  checkpoints: 2, last complete 9 in 1.2s, 1 failed, attempt 3": {Records: 1000, LastComplete: 9, Completed: 2, Failed: 1, Attempt: 3, Last: CheckpointStatus{Took: 1200 * time.Millisecond}},
	} {
		if got := progress(st, 5.9); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// On a terminal log lines go above the line of progress, which is drawn again below them, and
// stays at the end. Elsewhere there are log lines only.
func TestScreen(t *testing.T) {
	for _, live := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			s := &screen{out: &out, live: live}
			s.Write([]byte("first\n"))
			done := s.follow(&Monitor{})
			time.Sleep(300 * time.Millisecond)
			synctest.Wait()
			if n, err := s.Write([]byte("log\n")); n != 4 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			done()
			s.Write([]byte("last\n"))
			s.say("said %d", 1)
			line := "0 records  0/s  checkpoints: 0, none complete yet"
			want := "first\n" + clearLine + line + clearLine + "log\n" + line + clearLine + line + "\nlast\nsaid 1\n"
			if !live {
				want = "first\nlog\nlast\n"
			}
			if got := out.String(); got != want {
				t.Errorf("live %t: %q, want %q", live, got, want)
			}
		})
	}
}

// A status has each figure under its own name.
func TestStatus(t *testing.T) {
	v := job.View{
		Attempt: 1, Restored: 2, Records: 3, Completed: 4, Failed: 5, LastComplete: 6, LastTook: 7,
		LastPhases:  job.Phases{Phases: task.Phases{Alignment: 8, Synchronous: 9, Write: 10, Sync: 11, Bytes: 12}, Publish: 13},
		LastFailure: "boom", Tasks: []job.TaskView{{Name: "a", Subtask: 14, Parallelism: 15, Source: true, Records: 16, Batches: 17, Idle: 18, Blocked: 19, Watermark: 20}},
	}
	v.Causes[coordinator.Declined], v.Failures[job.Sink] = 21, 22
	s := statusOf(v)
	if s.Attempt != 1 || s.Restored != 2 || s.Records != 3 || s.Completed != 4 || s.Failed != 5 || s.LastComplete != 6 || s.LastFailure != "boom" ||
		s.Last != (CheckpointStatus{Took: 7, Alignment: 8, Synchronous: 9, Write: 10, Sync: 11, Bytes: 12, Publish: 13}) {
		t.Errorf("%+v", s)
	}
	if len(s.Tasks) != 1 || s.Tasks[0] != (TaskStatus{Name: "a", Subtask: 14, Parallelism: 15, Source: true, Records: 16, Batches: 17, Idle: 18, Blocked: 19, Watermark: 20}) {
		t.Errorf("%+v", s.Tasks)
	}
	if len(s.Causes) != 1 || len(s.Failures) != 1 || s.Failures["sink"] != 22 {
		t.Errorf("%v, %v", s.Causes, s.Failures)
	}
	for cause, n := range s.Causes {
		if n != 21 || !strings.Contains(cause, "declined") {
			t.Errorf("%v", s.Causes)
		}
	}
	if s := statusOf(job.View{}); s.Causes != nil || s.Failures != nil || s.Tasks != nil {
		t.Errorf("%+v", s)
	}
}
