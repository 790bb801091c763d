// Package crashfs is a file system in memory that forgets, at a power cut, what was
// not synced, and can show every state that the cut may leave.
//
// # The model
//
// What is durable is kept in registers: one for each entry of a directory, one for the
// content of each file. A register has a durable value and a list of pending ones, in
// the order in which they were written. [durable.File] Sync makes the content of one
// file durable, [durable.FS] SyncDir the entries of one directory; nothing else does.
// A power cut leaves, by the strict model:
//
//   - of the effects on directory entries that are pending, any subset, applied in
//     their order: the creation of a file without the rename that came before it, the
//     deletion without the creation. A rename within a directory is one effect. A
//     rename from one directory to another is two, the new name and the end of the old
//     one, and a cut may leave both names or neither.
//   - of a file that was written and not synced, one of five contents: what was durable
//     before (nothing, for a new file), the first half, the full length in zeros, the
//     full length in garbage, all of it. Any number of writes between two syncs make one
//     register, so that writing in small pieces makes no more states than writing at
//     once.
//   - of a file that was removed, should the removal not have become durable: its
//     content or garbage, as its blocks may have been given to another file.
//
// Other models ([Model]) are what real file systems do beyond that contract: [Ext4],
// [Ext4NoDelalloc], [XFS], [Btrfs], [Writeback]. What holds by the strict one holds by all of
// them, except by [NoJournal], which promises less. What they leave of little sequences,
// and what real file systems were seen to leave, is in testdata/litmus.txt.
//
// Around any model there may be more: [Torn] lets the disk write blocks of its own size
// one by one, [Thorough] looks at more contents of a file that was not synced, [Lying] lets
// the disk forget syncs.
//
// # Crash points
//
// The power may fail after every operation: each creation, write, sync, rename, removal
// and sync of a directory, and each [FS.Ack], which records that the world was told
// something. Reading and closing are no operations. A write that continues an earlier
// one that is not yet synced is part of that one. [Sweep] runs a scenario and looks at
// every state after every operation; where there are more than [Options] allow, at a
// sample that is the same every time.
//
// The counts in the package's tests (golden_test.go) were made by an independent
// program. They hold the simulator to its definition: a rule that changes changes them.
//
// It may import durable and the standard library only.
package crashfs
