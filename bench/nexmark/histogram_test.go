package main

import (
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h, other histogram
	if h.quantile(0.5) != 0 {
		t.Error("a quantile of nothing")
	}
	for i := 1; i <= 1000; i++ {
		if i%2 == 0 {
			h.add(time.Duration(i) * time.Millisecond)
		} else {
			other.add(time.Duration(i) * time.Millisecond)
		}
	}
	h.join(&other)
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 500, 0.99: 990, 0.999: 999, 1: 1000} {
		if got := h.quantile(q); got < want*time.Millisecond || got > want*time.Millisecond*104/100 {
			t.Errorf("quantile %v is %v, want %v ms", q, got, int(want))
		}
	}
	for d := time.Duration(0); d < 1<<57; d += d/20 + 1 {
		if b := bucket(d); top(b) < d || b > 0 && top(b-1) >= d {
			t.Fatalf("%d is in the bucket up to %d", d, top(b))
		}
	}
}
