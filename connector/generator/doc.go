// Package generator makes records instead of reading them: for tests, examples and
// benchmarks, with or without an end.
//
// A record is a function of its index, so the source replays as a file would. To have the
// records at a certain rate wrap the source with package ratelimit.
//
// It imports weir only.
package generator
