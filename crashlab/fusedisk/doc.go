// Package fusedisk serves disks from memory. It is a FUSE file system in which each file is
// a disk; a loop device is put on top of it. A disk either records every write and every
// flush that reaches it, or shows the image of a power cut, and what is written to it is
// dropped afterwards.
//
// The process that serves the disks must not wait for the file systems on them: read and
// write there in another process.
package fusedisk
