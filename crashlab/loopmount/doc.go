// Package loopmount puts a real file system on a file: the configurations that are
// looked at, loop devices, making, mounting and unmounting; and it tells what this
// machine lacks for that.
package loopmount
