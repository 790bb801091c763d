package window

import (
	"strings"
	"testing"
	"time"
)

// What makes no sense is said, in the words of the program.
func TestCheck(t *testing.T) {
	for want, err := range map[string]error{
		"tumbling windows of 0s: size 0s: want more than 0":                     Tumbling(0).Check(),
		"size -1s: want more than 0":                                            Tumbling(-time.Second).Check(),
		"size 1.5ms: want whole milliseconds":                                   Tumbling(1500 * time.Microsecond).Check(),
		"slide 0s: want more than 0":                                            Sliding(time.Second, 0).Check(),
		"the slide 2s is longer than the size 1s":                               Sliding(time.Second, 2*time.Second).Check(),
		"gap 0s: want more than 0":                                              Session(0).Check(),
		"session windows with a gap of 1s have no offset":                       Session(time.Second).Offset(time.Second).Check(),
		"offset 1ns: want whole milliseconds":                                   Tumbling(time.Second).Offset(1).Check(),
		"every 0 records: want more than 0":                                     Count(0).Check(),
		"no windows: make an Assigner":                                          Assigner{}.Check(),
		"every -1 records":                                                      EveryCount(-1).Purge().Check(),
		"firing every 0s: want more than 0":                                     Every(0).Check(),
		"early firing every 1ns: want whole milliseconds":                       AtWatermark().Early(1).Check(),
		"early firing every 1s: only AtWatermark has early firings: call Early": EveryCount(3).Early(time.Second).Check(),
		"call Early on it, and Purge after that":                                AtWatermark().Purge().Early(time.Second).Check(),
		"the trigger has a nil function":                                        By(nil).Check(),
		"no trigger: make one":                                                  Trigger{}.Check(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, a := range []Assigner{Tumbling(time.Second), Sliding(time.Minute, time.Second).Offset(-time.Hour), Session(time.Millisecond).ProcessingTime(), Global(), Count(1)} {
		if err := a.Check(); err != nil {
			t.Errorf("%v: %v", a, err)
		}
	}
	for _, tr := range []Trigger{AtWatermark(), AtWatermark().Early(time.Second).Purge(), EveryCount(1), Every(time.Second)} {
		if err := tr.Check(); err != nil {
			t.Error(err)
		}
	}
	if !AtWatermark().OnlyAtEnd() || AtWatermark().Purge().OnlyAtEnd() || AtWatermark().Early(time.Second).OnlyAtEnd() {
		t.Error("a trigger that does more than AtWatermark is taken for it")
	}
}
