// Package weir is Apache Flink's stateful stream processing in Go: a library to write
// jobs with keyed state, an engine that runs them in one process (package run), and
// checkpoints that survive a power cut, in Flink's own on-disk format.
//
// A job is written down with the functions of this package and does nothing by itself:
//
//	job := weir.NewJob("word count")
//	lines := weir.From(job, "lines", file.Lines("input.txt"))
//	words := weir.FlatMap(lines, fields)
//	counts := weir.Reduce(weir.KeyBy(words, word), "count", add)
//	weir.To(counts, "out", file.JSONSink[Count]("out"))
//	err := run.Local(ctx, job, run.Options{})
//
// Operators that keep state, sources and sinks have a name. It is their identity: the
// name under which a restarted job finds its state again.
//
// # What is promised
//
// A checkpoint is called complete when, if the power fails at that instant, a restart
// finds every byte of it, and not before. Output of a two-phase sink becomes visible
// after the checkpoint it belongs to is complete, and exactly once. docs/durability.md
// has the whole contract and how each point of it is tested.
//
// # Three walks through the code
//
// Each goes downhill in imports.
//
//   - A record: a connector's Reader → source.go (typed poll, erased batch) →
//     internal/task (the loop) → an operator's file here → internal/exchange → the next
//     task → a connector's Writer.
//   - A checkpoint: internal/coordinator decides to trigger → a barrier goes into the
//     sources → internal/align → internal/task/snapshot.go → internal/keyed →
//     checkpoint/store → durable → an acknowledgement → the coordinator decides to publish
//     → the store writes and seals _metadata, renames, syncs: complete → sinks commit →
//     what is no longer retained goes.
//   - A recovery: checkpoint/store finds and verifies the checkpoint → flink decodes its
//     metadata → internal/task/restore.go → internal/keyed, by key group → sinks commit
//     what was prepared.
//
// # The rooms
//
//	weir                    the language: what a job means. No goroutine, no I/O, no clock
//	connector/…             where records come from and go to
//	connector/connectortest the contracts of sources and sinks, as a suite
//	internal/flow           the words that language and engine share
//	internal/plan           a job as nodes, edges and chains
//	internal/codec          Go values as Flink's bytes
//	internal/codec/avrogo   Go values as Avro, for what Flink has no type for
//	internal/keyed          keyed state: tables, snapshots, restore
//	internal/twophase       what of a sink's output is committed when; pure
//	run                     the engine's door: Local, Main
//	internal/coordinator    when a checkpoint is taken, published, given up; pure
//	internal/align          barriers of several inputs; pure
//	internal/job            one running job
//	internal/task           one subtask of a chain
//	internal/exchange       bounded channels between tasks
//	checkpoint              what a checkpoint is; pure
//	checkpoint/store        keeping checkpoints
//	durable                 bytes that survive; the only callers of fsync
//	flink                   Flink's formats
//	durable/probe           what a file system is worth, before anything is kept on it
//	durable/crashfs         a file system that forgets what was not synced
//	internal/bytesize       numbers of bytes, as people write them
//	internal/inspect        what is in a checkpoint, and whether it is good
//	internal/fsynclint      what strace saw of a program, and what a power cut would leave
//	cmd/weir                the tool that looks after checkpoints
//	cmd/weirsoak            kills a job at random and compares its output
//	crashlab                power cuts of real file systems; a module of its own
package weir
