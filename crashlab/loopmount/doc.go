// Package loopmount puts a real file system on a file. It has the configurations of the
// bench, makes loop devices and file systems, mounts and unmounts them, and finds out what
// this machine lacks for that.
package loopmount
