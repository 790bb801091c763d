// Package fsynclint reads what strace wrote of any program and says what a power cut would
// leave of the files that the program took to be durable.
//
// # From lines to findings
//
// Each file takes values and gives values; the only effect is reading the trace.
//
//   - line.go, assemble.go, scan.go, join.go, call.go: lines become system calls. Lines that
//     a mail program has wrapped are put together again, calls that strace showed in two
//     halves are joined.
//   - process.go, fd.go, replay.go and calls_….go: system calls become changes of files.
//     Threads share a table of descriptors, forks copy it, and where the trace does not show
//     which thread made another, threads are put together by what they use.
//   - tree.go, file.go: the files and directories, by inode and by name, and which of them a
//     sync has reached. The unit of durability is the register: the bytes of one file, or one
//     entry of one directory.
//   - unit.go, family.go, shape.go, destroy.go: where the program commits (gives something
//     its final name), what belongs to it, and what it destroys because of it.
//   - rules_….go: one family of rules each; rule.go lists all rules.
//
// A change counts from the line on which its call begins, because it may have reached the disk
// from then on. A sync counts from the line on which it has returned, and covers only what had
// returned when it began.
//
// What is read is taken to be hostile: memory is bounded by what is open and alive in the trace
// and by the limits in limits.go. The report says what was beyond them.
package fsynclint
