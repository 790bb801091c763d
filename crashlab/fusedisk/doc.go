// Package fusedisk serves disks from memory: a FUSE file system in which each file is
// one, made to have a loop device put on top of it. A disk either records every write
// and every flush that reaches it, or shows the image of a power cut and forgets what
// is written to it.
//
// Whoever serves must not wait for the file systems on top: do what reads or writes
// there in another process.
package fusedisk
