// Command nexmark measures Weir with the queries of Nexmark: events per second, latency,
// memory, and what checkpoints cost; and beside it Flink, over the same events.
//
//   - site has the events, query has the queries;
//   - queries.go lists the queries, probe.go is the sink that looks at their rows,
//     histogram.go keeps how long they took;
//   - measure.go runs a query, child.go has a process of its own do so;
//   - flink.go builds and runs the program in flink/java;
//   - report.go prints tables and JSON.
package main
