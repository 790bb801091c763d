// Package keyed is where the engine keeps keyed state: generic tables, one per declared
// state, that are split by key group, snapshot without stopping and restore at another
// parallelism.
//
// A [Table] keeps its entries densely in small pages, one list of pages per key group,
// and finds them by an index beside the pages. A snapshot takes the lists of pages as
// they are; from then on whoever writes to a page that a snapshot can see copies it
// first (pages are stamped with an epoch). So the synchronous part of a snapshot costs
// one small struct per key group, whatever the size of the state, and the snapshot
// needs no index.
//
// A [Backend] holds the tables of one subtask and the key that is being processed, and
// writes and reads Flink's heap native layout (flink.KeyedHeader and the blocks behind
// it).
//
// The key is hashed once, where its record is sent: tables find keys by Flink's hash code,
// mixed with a secret of this process, and fall back to a hash of the whole key where too
// many keys have the same code (see index.go).
//
// The package has no goroutine and does no I/O of its own. One goroutine uses a
// backend; a frozen snapshot may be written and released by another.
package keyed
