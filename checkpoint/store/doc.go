// Package store keeps the checkpoints of one job in one directory, so that what it
// calls complete survives a power cut.
//
// A checkpoint is staged and then renamed. Everything is written and synced in a
// directory .inprogress-<n>.<incarnation>; then that directory is renamed to chk-<n>,
// and the job's directory is synced. So the name chk-<n> proves that the checkpoint
// is complete, and damage that is found in it is a fault, never the trace of a crash.
// The order of every operation is pinned in testdata/cycle.txt, and each sync in it is
// needed: the tests drop one after the other and see a checkpoint lost.
//
// What holds at every instant, wherever the process or the power may fail:
//
//   - A checkpoint is published, never changed, and then deleted. Nothing in chk-<n> is
//     written to.
//   - The highest chk-<n> is whole. The ones below it may be half deleted.
//   - Nothing is deleted before Options.Retain newer checkpoints are known to be intact.
//   - An id is given out once. Only if the power fails before any trace of an attempt
//     reached the disk may its number come again, and then under another incarnation.
//   - After an error nothing is tried again on the same file. If it is not known whether
//     a checkpoint is complete, the store refuses to go on until Recover has looked.
//
// Where things are:
//
//   - opening and the lock in store.go, lock.go and slot.go,
//   - how a checkpoint is made in pending.go, writer.go and publish.go,
//   - how it is deleted in subsume.go,
//   - that its effects are visible in committed.go,
//   - recovery in recover.go, setaside.go, open.go and stream.go,
//   - what is done to checkpoints while no job runs in copy.go and prune.go,
//   - the seal in seal.go, its checksums in checksum.go, and how a checkpoint is compared
//     with it in verify.go.
//
// What a name means, which checkpoint a job starts from and which may go is decided in
// package checkpoint; what survives is decided in package durable.
package store
