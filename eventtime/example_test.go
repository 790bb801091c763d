package eventtime_test

import (
	"fmt"
	"time"

	"github.com/weirstream/weir/eventtime"
)

func ExampleAt() {
	moment := time.Date(2026, 11, 28, 12, 30, 0, 999_999, time.FixedZone("CET", 3600))
	t := eventtime.At(moment)
	fmt.Println(int64(t), t)
	// Output:
	// 1795865400000 2026-11-28T11:30:00.000Z
}

func ExampleTime_Add() {
	t := eventtime.At(time.Date(2026, 11, 28, 23, 59, 59, 0, time.UTC))
	fmt.Println(t.Add(time.Second))
	fmt.Println(eventtime.Max.Add(time.Second))
	// Output:
	// 2026-11-29T00:00:00.000Z
	// max
}

func ExampleTime_Sub() {
	start := eventtime.At(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC))
	fmt.Println(start.Add(90 * time.Minute).Sub(start))
	// Output:
	// 1h30m0s
}
