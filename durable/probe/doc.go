// Package probe finds out what a file system is worth before anything is kept on it: how
// it is mounted ([MountOf]) and what that takes away ([Mount.Limits]), whether it does
// what durable.FS asks for ([Litmus]), and how much room it has ([SpaceOf]).
//
// What it finds is for people and for warnings; package durable does not depend on it.
// Facts are gathered at the edge (mount_linux.go, space_unix.go), and judged by pure
// functions (mount.go, mountinfo.go). It may import durable and what durable may import.
package probe
