//go:build !linux

package probe

// MountOf finds out which file system dir lies on. On this system it does not know how to:
// the Mount has no type, and its Limits say so.
func MountOf(dir string) Mount { return Mount{Dir: dir} }
