// Package lab runs the bench: it records what workloads write to disks, cuts the power
// at every moment of the records, runs recovery on what is left, and has it judged.
//
// All its processes run this program. The first one serves the disks and decides. A second
// one keeps a mount namespace, in which everything is mounted. Each workload and each
// recovery has a process of its own in that namespace. So the server never waits for a disk
// that it serves itself, not even when it is killed: then the kernel fails all requests to
// it, the other processes end, and with the last of them the namespace, its mounts and the
// loop devices are gone.
package lab
