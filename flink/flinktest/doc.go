// Package flinktest lets Apache Flink itself read checkpoints, so that a test can check that
// Flink finds everything that Weir wrote, with equal values.
//
// [Start] downloads a release of Flink through Maven and starts java/Dump.java with it.
// That program finds and loads _metadata, restores keyed state with the heap backend and
// operator state with the default one, all of them Flink's own classes, and reads every key
// one by one, as a job would. [Flink.Expect] compares what it finds with the entries that
// the test has written.
//
// It needs a JDK, Maven and the network, so it runs only if it is turned on: README.md says
// how.
package flinktest
