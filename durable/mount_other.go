//go:build !linux

package durable

// ProbeMount finds out what file system dir lies on. On this system it does not know
// how to: the answer is a Mount without a type, whose [Mount.Warnings] say so.
func ProbeMount(dir string) (Mount, error) { return Mount{Dir: dir}, nil }
