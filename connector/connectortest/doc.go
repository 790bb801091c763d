// Package connectortest tests a connector against the contracts of package weir: sources
// that replay, and sinks whose output is visible exactly once whatever happens. It is for
// the authors of connectors, and every connector of Weir passes it.
//
// # A source
//
// [SourceConfig] says how to make the source and which records it holds. [Source] runs
// each check as a subtest:
//
//	func TestSource(t *testing.T) {
//		connectortest.Source(t, connectortest.SourceConfig[string]{
//			New:  func() weir.Source[string] { return mine.Source(path) },
//			Want: map[string][]string{"a.txt": {"one", "two"}, "b.txt": nil},
//		})
//	}
//
// A source that is a SplitPlanner is asked for plans with different sets of known positions;
// readers that are TimedReaders or Committers are read with timestamps, and commit.
//
// Give it small contents and a large one, empty splits, and whatever is special about the
// format: the suite does not know where the connector's buffers end.
//
// # A sink
//
// [SinkConfig] says how to make the sink, how to make records, and how to see what other
// programs can see of the output. A sink that writes files does so through package durable, and is
// made over a file system of the suite's:
//
//	func TestSink(t *testing.T) {
//		connectortest.Sink(t, connectortest.SinkConfig[string]{
//			On: func(fsys durable.FS) connectortest.Output[string] {
//				return connectortest.Output[string]{
//					Sink:    mine.Sink(fsys, "/out"),
//					Visible: func() ([]string, error) { return mine.ReadAll(fsys, "/out") },
//				}
//			},
//			Record: func(i int) string { return fmt.Sprintf("record %d", i) },
//		})
//	}
//
// It is driven as the engine drives it, through periods between checkpoints, some of which
// fail, at several parallelisms. The power is cut after every operation on the file system,
// every state that this may leave is looked at (package crashfs), every operation fails in
// turn (package faultfs), and after each restart
//
//	what is visible = the records up to the restored checkpoint, each once.
//
// A sink that is a Claimer is claimed by each process, and its locks end with the process.
// What a consumer may do to visible output is tried if Output.Take says how.
//
// With go test -short a sample of each sweep is tried, drawn from a seed.
//
// A sink that keeps its output anywhere else (a database, a broker, memory) is made by
// SinkConfig.Elsewhere: it is killed at every step and never loses power, since the suite
// cannot cut that of a server.
//
// # What is checked
//
// Each check has a name, which is that of the subtest, and quotes the sentence of the
// contract that it is about when it fails. The lists are at the top of source.go and
// sink.go. That each of them can fail is a test, too: broken_source_test.go and
// broken_sink_test.go are tables of connectors that are wrong in one way, each with the
// check that catches it.
//
// What no check can see: whether a source replays for as long as a checkpoint may refer to
// it, and whether a sync that a file system of the real world reports was one.
//
// The package drives and looks; it writes through durable and its test file systems only.
// It imports weir, checkpoint and durable, and internal/twophase, which
// decides in the engine, too, what is committed when.
package connectortest
