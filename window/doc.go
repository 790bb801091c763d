// Package window has the words of windows: which windows a record belongs to, and when
// what is in a window is emitted. weir.Window puts them to use.
//
//	perMinute := weir.Window(byPage, window.Tumbling(time.Minute))
//	smooth := weir.Window(byPage, window.Sliding(time.Hour, time.Minute))
//	visits := weir.Window(byUser, window.Session(30*time.Minute)).
//		Trigger(window.AtWatermark().Early(10 * time.Second))
//
// An [Assigner] and a [Trigger] know nothing of the records: they are values without type
// parameters, and can be made once and used in several places. Words and meaning are
// Flink's.
//
// The package is pure: it has no clock, no goroutine and no state of its own. The
// arithmetic of windows is in bounds.go, shape.go, slices.go and sessions.go.
package window
