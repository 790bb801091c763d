package run_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/window"
)

// keptState returns the keyed state in the newest checkpoint of a job, a line for each state and
// each entry, in order.
func keptState(t *testing.T, dir, operator string) (lines []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "chk-*", "_metadata"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no checkpoint in %s: %v", dir, err)
	}
	newest := slices.MaxFunc(files, func(a, b string) int { return checkpointNumber(a) - checkpointNumber(b) })
	data, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	meta, _, err := flink.DecodeMetadata(data)
	if err != nil {
		t.Fatal(err)
	}
	states := make(map[string]bool)
	for _, op := range meta.Operators {
		if op.ID != flink.OperatorIDOf(operator) {
			continue
		}
		for _, sub := range op.Subtasks {
			h, ok := sub.ManagedKeyed.(*flink.KeyGroupsHandle)
			if !ok {
				continue
			}
			var data []byte
			switch in := h.Data.(type) {
			case *flink.InlineHandle:
				data = in.Data
			case *flink.RelativeHandle:
				if data, err = os.ReadFile(filepath.Join(filepath.Dir(newest), in.Path)); err != nil {
					t.Fatal(err)
				}
			}
			r, err := flink.NewKeyedReader(h, bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range r.Header().States {
				states[strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", s.Name, s.Type(), nameOf(s.Namespace()), nameOf(s.Value())))] = true
			}
			for e, err := range r.Entries() {
				if err != nil {
					t.Fatal(err)
				}
				if e.State.Kind == flink.KindPriorityQueue {
					lines = append(lines, fmt.Sprintf("%s %v", e.State.Name, e.Value))
					continue
				}
				lines = append(lines, fmt.Sprintf("%s %v %v = %v", e.State.Name, e.Key, e.Namespace, e.Value))
			}
		}
	}
	for s := range states {
		lines = append(lines, s)
	}
	slices.Sort(lines)
	return lines
}

func nameOf(s flink.Serializer) string {
	if s == nil {
		return ""
	}
	return s.TypeName()
}

func checkpointNumber(file string) (n int) {
	fmt.Sscanf(filepath.Base(filepath.Dir(file)), "chk-%d", &n)
	return n
}

// What windows keep is on disk what Flink's WindowOperator keeps: names, kinds, serializers and
// namespaces, and a timer for each window.
func TestStateOfWindows(t *testing.T) {
	queues := func(window string) []string {
		return []string{"_timer_state/event_window-timers:   Timer<String," + window + ">", "_timer_state/processing_window-timers:   Timer<String," + window + ">"}
	}
	count := func(set func(weir.Windowed[string, string]) weir.Windowed[string, string], w window.Assigner) func(weir.Keyed[string, string]) weir.Stream[string] {
		return counted(set, w)
	}
	apart := weir.Count[string]()
	apart.Merge = nil
	for name, c := range map[string]struct {
		make  func(weir.Keyed[string, string]) weir.Stream[string]
		lines string
		time  string // of the namespaces of timers
		want  []string
	}{
		"aggregate": {count(asItIs, window.Tumbling(10*ms)), "a 1, a 2", "TimeWindow", []string{
			"window-contents: AGGREGATING TimeWindow Long",
			"window-contents a {0 10} = 2",
			"_timer_state/event_window-timers {9 a {0 10}}",
		}},
		"lateness": {count(func(w weir.Windowed[string, string]) weir.Windowed[string, string] { return w.AllowedLateness(5 * ms) }, window.Tumbling(10*ms)), "a 1", "TimeWindow", []string{
			"window-contents: AGGREGATING TimeWindow Long",
			"window-contents a {0 10} = 1",
			"_timer_state/event_window-timers {9 a {0 10}}",
			"_timer_state/event_window-timers {14 a {0 10}}",
		}},
		"reduce": {func(lines weir.Keyed[string, string]) weir.Stream[string] {
			return shown(weir.ReduceWindow(weir.Window(lines, window.Tumbling(10*ms)).LateTo(late), "count", func(a, b string) (string, error) { return a + "+" + b, nil }))
		}, "a 1, a 2", "TimeWindow", []string{
			"window-contents: REDUCING TimeWindow String",
			"window-contents a {0 10} = a 1+a 2",
			"_timer_state/event_window-timers {9 a {0 10}}",
		}},
		"process": {func(lines weir.Keyed[string, string]) weir.Stream[string] {
			return shown(weir.ProcessWindow(weir.Window(lines, window.Sliding(10*ms, 5*ms)).LateTo(late), "count", countLines))
		}, "a 6", "TimeWindow", []string{
			"window-contents: LIST TimeWindow List<String>",
			"window-contents a {0 10} = [a 6]", "window-contents a {5 15} = [a 6]",
			"_timer_state/event_window-timers {9 a {0 10}}", "_timer_state/event_window-timers {14 a {5 15}}",
		}},
		"sessions": {count(asItIs, window.Session(10*ms)), "a 1, a 5, a 30", "TimeWindow", []string{
			"merging-window-set: LIST VoidNamespace List<Tuple2<TimeWindow,TimeWindow>>",
			"window-contents: AGGREGATING TimeWindow Long",
			"merging-window-set a <nil> = [[{1 15} {1 11}] [{30 40} {30 40}]]",
			"window-contents a {1 11} = 2", "window-contents a {30 40} = 1",
			"_timer_state/event_window-timers {14 a {1 15}}", "_timer_state/event_window-timers {39 a {30 40}}",
		}},
		"count": {count(asItIs, window.Count(3)), "a 1, a 2", "GlobalWindow", []string{
			"window-contents: AGGREGATING GlobalWindow Long", "count: REDUCING GlobalWindow Long",
			"window-contents a <nil> = 2", "count a <nil> = 2",
		}},
		"continuous": {count(triggered(window.Every(5*ms)), window.Tumbling(20*ms)), "a 1", "TimeWindow", []string{
			"window-contents: AGGREGATING TimeWindow Long", "fire-time: REDUCING TimeWindow Long",
			"window-contents a {0 20} = 1", "fire-time a {0 20} = 5",
			"_timer_state/event_window-timers {5 a {0 20}}", "_timer_state/event_window-timers {19 a {0 20}}",
		}},
		"clock": {count(asItIs, window.Tumbling(time.Hour).ProcessingTime()), "a 1", "TimeWindow", []string{
			"window-contents: AGGREGATING TimeWindow Long",
			"window-contents a {946684800000 946688400000} = 1",
			"_timer_state/processing_window-timers {946688399999 a {946684800000 946688400000}}",
		}},
		"sliding": {func(lines weir.Keyed[string, string]) weir.Stream[string] {
			return shown(weir.AggregateWindow(weir.Window(lines, window.Sliding(10*ms, 5*ms)).LateTo(late), "count", apart))
		}, "a 6", "TimeWindow", []string{
			"window-contents: AGGREGATING TimeWindow Long",
			"window-contents a {0 10} = 1", "window-contents a {5 15} = 1",
			"_timer_state/event_window-timers {9 a {0 10}}", "_timer_state/event_window-timers {14 a {5 15}}",
		}},
		"slices": {count(asItIs, window.Sliding(10*ms, 5*ms)), "a 6, a 7, a 11", "TimeWindow", []string{
			"window-slices: LIST VoidNamespace List<Tuple2<TimeWindow,Long>>",
			"window-slices a <nil> = [[{5 10} 2] [{10 15} 1]]",
			"_timer_state/event_window-timers {9 a {0 10}}",
			"_timer_state/event_window-timers {14 a {5 15}}",
		}},
		"slices with lateness": {count(func(w weir.Windowed[string, string]) weir.Windowed[string, string] { return w.AllowedLateness(5 * ms) }, window.Sliding(10*ms, 5*ms)), "a 6", "TimeWindow", []string{
			"window-slices: LIST VoidNamespace List<Tuple2<TimeWindow,Long>>",
			"window-slices a <nil> = [[{5 10} 1]]",
			"_timer_state/event_window-timers {9 a {0 10}}",
			"_timer_state/event_window-timers {19 a {5 15}}",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			withLines(t, c.make, func(j *lineJob) {
				j.write(c.lines)
				time.Sleep(11 * time.Second)
				got, want := keptState(t, j.opts.CheckpointDir, "count"), append(c.want, queues(c.time)...)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
				}
			})
		})
	}
}

// When all windows are gone nothing is left of them.
func TestWindowsLeaveNothing(t *testing.T) {
	for name, make := range map[string]func(weir.Keyed[string, string]) weir.Stream[string]{
		"tumbling":   counted(asItIs, window.Tumbling(10*ms)),
		"lateness":   counted(func(w weir.Windowed[string, string]) weir.Windowed[string, string] { return w.AllowedLateness(5 * ms) }, window.Sliding(10*ms, 3*ms)),
		"sessions":   counted(func(w weir.Windowed[string, string]) weir.Windowed[string, string] { return w.AllowedLateness(5 * ms) }, window.Session(10*ms)),
		"slices":     counted(asItIs, window.Sliding(10*ms, 2*ms)),
		"count":      counted(triggered(window.EveryCount(3)), window.Session(10*ms)),
		"continuous": counted(triggered(window.Every(4*ms)), window.Sliding(10*ms, 5*ms)),
		"early":      counted(triggered(window.AtWatermark().Early(time.Minute).Purge()), window.Session(10*ms)),
		"lists": func(lines weir.Keyed[string, string]) weir.Stream[string] {
			return shown(weir.ProcessWindow(weir.Window(lines, window.Session(10*ms)).LateTo(late), "count", countLines))
		},
	} {
		t.Run(name, func(t *testing.T) {
			withLines(t, make, func(j *lineJob) {
				j.write("a 1, a 20, a 12, b 3, b 40, c 5, c 17, - 13")
				j.write("a 9, b 11, b 31, c 6, c 27, - 25")
				j.write("a 16, - 200")
				time.Sleep(11 * time.Second)
				for _, line := range keptState(t, j.opts.CheckpointDir, "count") {
					if !strings.Contains(line, ": ") { // an entry
						t.Errorf("left: %s", line)
					}
				}
			})
		})
	}
}
