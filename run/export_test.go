package run

// ExitCode returns the exit code of a program for an error of Local.
var ExitCode = exitCode
