//go:build !windows

package durable

// The errors of POSIX are all there are.
var noSpaceHere, noQuotaHere, refusalsHere []error
