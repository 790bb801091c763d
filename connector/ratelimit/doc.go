// Package ratelimit slows a source down: for demonstrations, to replay at the speed of
// life, and to spare what comes after it.
//
// The limit is for all readers of the source in this process together. It begins anew with
// the process and is not kept in checkpoints.
//
// It imports weir only.
package ratelimit
