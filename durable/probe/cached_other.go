//go:build !linux

package probe

// Cached finds out whether any part of a regular file is in the page cache. On this system
// it does not know how to.
func Cached(name string) Answer { return Unseen }
