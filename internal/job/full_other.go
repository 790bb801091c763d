//go:build !windows

package job

// noSpaceHere is empty: the errors of POSIX are all there are.
var noSpaceHere []error
