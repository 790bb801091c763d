// Package generator makes records instead of reading them: for tests, examples and
// benchmarks, with or without an end.
//
// A record is a function of its index, so the source replays as a file does. Package
// ratelimit makes the records come at a certain rate.
//
// It imports weir only.
package generator
