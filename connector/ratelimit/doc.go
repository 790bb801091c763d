// Package ratelimit slows a source down: for demonstrations, for replaying at the speed
// of life, and for sparing what comes behind.
//
// The limit is for all readers of the source in this process together, and begins anew
// with it; it is no part of any checkpoint.
//
// It imports weir only.
package ratelimit
