// Package query has the queries of Nexmark, each as a function from the stream of events to
// the stream of its results, written as a user of Weir would write it: with the public API
// only. There is a file per query. Beside it, in a test, stands the same query as a loop
// over all events, which the tests compare it with.
//
// The queries are those that are published as SQL. Where a query there has no time in its
// rows, the rows here have one more column At, so that it can be measured how long they took:
// it is the latest event time that the row is made of.
//
// A query whose rows replace earlier ones (an aggregate without a window, a top ten)
// emits the new row and no retraction of the old one: the last row of a key is the valid one.
package query
