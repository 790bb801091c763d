//go:build !linux

package durable

import "runtime"

// dirsCanBeSynced: see syncDir.
const dirsCanBeSynced = runtime.GOOS != "windows"

// RefusesToReplace tells whether the system can rename without replacing, in one step.
// Windows can; of the others Weir does not know how to ask it of them.
func RefusesToReplace(dir string) Answer {
	if runtime.GOOS == "windows" {
		return Yes
	}
	return No
}

// Cached tells whether any part of a file is in the page cache. On this system it does
// not know how to find out.
func Cached(name string) Answer { return Unseen }
