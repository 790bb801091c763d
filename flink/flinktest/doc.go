// Package flinktest lets Apache Flink itself read checkpoints, so that a test can say:
// what Weir wrote is there, with equal values.
//
// [Start] downloads a release of Flink through Maven and starts java/Dump.java with it.
// That program finds and loads _metadata, restores keyed state with the heap backend and
// operator state with the default one, all of them Flink's own classes, and asks for every
// key one by one as a job would. [Flink.Expect] compares what it finds with what the test
// says was written.
//
// It needs a JDK, Maven and the network, so it runs only when it is asked to: README.md
// says how.
package flinktest
