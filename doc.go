// Package weir is Apache Flink's stateful stream processing in Go: a library to write
// jobs with keyed state, an engine that runs them in one process (package run), and
// checkpoints that survive a power cut, in Flink's own on-disk format.
//
// A job is built with the functions of this package and does nothing by itself:
//
//	job := weir.NewJob("word count")
//	lines := weir.From(job, "lines", file.Lines("input.txt"))
//	words := weir.FlatMap(lines, fields)
//	counts := weir.Reduce(weir.KeyBy(words, word), "count", add)
//	weir.To(counts, "out", file.JSONSink[Count]("out"))
//	err := run.Local(ctx, job, run.Options{})
//
// Operators that keep state, sources and sinks have a name. It is their identity: a
// restarted job finds their state by it.
//
// # What is promised
//
// A checkpoint is called complete when, if the power fails at that instant, a restart
// finds every byte of it, and not before. Output of a two-phase sink becomes visible
// after the checkpoint it belongs to is complete, and exactly once. docs/durability.md
// has the whole contract, and how each point of it is tested.
//
// # Three walks through the code
//
// Each walk follows the imports downwards.
//
//   - A record: a connector's Reader → from.go (batches without their type) →
//     internal/task/fetch.go (splits) and task.go (the loop) → sourceop.go → an operator's
//     file here → its Out → keyby.go or send.go → internal/exchange → the next task → to.go →
//     a connector's Writer. Marks of event time go the same way; internal/clock joins them.
//   - A checkpoint: internal/coordinator decides to trigger → a barrier goes into the
//     sources → internal/align → internal/task/snapshot.go → internal/keyed →
//     checkpoint/store → durable → an acknowledgement → the coordinator decides to publish
//     → the store writes and seals _metadata, renames, syncs: complete → sinks commit →
//     checkpoints that are no longer retained are deleted.
//   - A recovery: checkpoint/store finds and verifies the checkpoint → flink decodes its
//     metadata → sinks claim their places → internal/task/restore.go → internal/keyed, by
//     key group → sinks commit the prepared output.
//
// # The rooms
//
//	weir                    the language: what a job means. No I/O
//	eventtime               a moment in event time
//	window                  which windows a record belongs to, and when they are emitted; pure
//	connector/file          files as sources and sinks
//	connector/generator     records made from their number
//	connector/ratelimit     a source at a given rate
//	connector/connectortest the contracts of sources and sinks, as a suite of tests
//	internal/flow           the words that language and engine share
//	internal/plan           a job as nodes, edges and chains
//	internal/clock          how far event time has come where channels meet; pure
//	internal/metrics        counters, gauges and histograms of a running job
//	internal/codec          Go values as Flink's bytes
//	internal/codec/avrogo   Go values as Avro, for types that Flink does not have
//	internal/codec/entries  the order of the entries of maps
//	internal/keyed          keyed state: tables, snapshots, restore
//	internal/twophase       which prepared output is committed when; pure
//	run                     runs jobs: Local, Main
//	weirtest                tests of jobs: time, crashes and input by hand
//	internal/coordinator    when a checkpoint is triggered, published, aborted; pure
//	internal/align          barriers of several inputs; pure
//	internal/job            one running job
//	internal/task           one subtask of a chain
//	internal/exchange       bounded channels between tasks
//	checkpoint              what a checkpoint is; pure
//	checkpoint/store        keeps checkpoints
//	durable                 bytes that survive; the only callers of fsync
//	durable/probe           what a file system can keep, before anything is kept on it
//	durable/crashfs         a file system that forgets what was not synced
//	durable/faultfs         a file system that fails where a rule says
//	durable/logfs           a file system that logs its operations
//	flink                   Flink's formats
//	flink/flinktest         Flink itself reads what Weir has written
//	internal/bytesize       numbers of bytes, as people write them
//	internal/inspect        reads checkpoints and says whether they are good
//	internal/fsynclint      reads a trace of strace and finds what a power cut can destroy
//	cmd/weir                the tool for checkpoints
//	cmd/weirsoak            kills a job at random moments and compares its output
//	examples/flights        the main example, on real data
//	bench                   benchmarks, as ratios
//	bench/nexmark           the queries of Nexmark, measured, also beside Flink
//	bench/nexmark/site      the events of Nexmark
//	bench/nexmark/query     the queries of Nexmark
//	crashlab                power cuts of real file systems; a module of its own
package weir
