// Package lab runs the bench: it records what workloads write to disks, cuts the power
// at every moment of the records, and lets recovery and the judge loose on what is left.
//
// There are four kinds of processes, all of them this program. The one that was started
// only waits. In a mount namespace of its own runs the one that serves the disks and
// decides; it never reads or writes a file system on top of them. Workloads and
// recoveries, which do, have a process each. So whatever happens to any of them, the
// kernel takes mounts and loop devices away with the namespace.
package lab
