// Package fsynclint reads what strace wrote of any program and says what a power cut
// would leave of the files that the program took for durable.
//
// # From lines to findings
//
// Each room takes values and gives values; the only effect is reading the trace.
//
//   - line.go, assemble.go, scan.go, join.go, call.go: lines become system calls. Lines
//     that a mail program has wrapped are put together again, calls that strace showed in
//     two halves are joined.
//   - process.go, fd.go, replay.go and calls_….go: system calls become operations on
//     files. Threads share a table of descriptors, forks copy it, and where the trace does
//     not show who made whom, threads are put together by what they use.
//   - tree.go, file.go, op.go: what there is, by inode and by name, and which of it a sync
//     has reached. The unit of durability is the register: the bytes of one file, one
//     entry of one directory.
//   - unit.go, family.go, destroy.go: where the program commits (gives something its final
//     name), what belongs to it, and what it destroys because of it.
//   - rules_….go: one family of rules each; rule.go lists them all.
//   - window.go, enumerate.go: every commit with what comes before and after it, played
//     into [crashfs], cut after each operation, in each state.
//
// A change counts from the line on which its call begins, as it may have reached the
// disk from then on; a sync counts from the line on which it has returned, and covers
// only what had returned when it began.
//
// What is read is taken to be hostile: memory is bounded by what is open and alive in the
// trace and by the limits in limits.go, and what goes beyond them is said to be missing.
//
// It may import durable, durable/crashfs and the standard library only.
package fsynclint
