// Package lab runs the bench: it records what workloads write to disks, cuts the power
// at every moment of the records, and lets recovery and the judge loose on what is left.
//
// All its processes are this program. The one that was started serves the disks and
// decides. What is mounted is mounted in another mount namespace, which a second process
// keeps, and each workload and each recovery has a process of its own in there. So the
// server never waits for a disk that it serves itself, not even when it is killed: the
// kernel then fails whatever waits for it, the others end, and with the last of them go
// the namespace, its mounts and the loop devices.
package lab
