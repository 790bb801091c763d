package run

// ExitCode is what a program exits with, given the error of Local.
var ExitCode = exitCode
