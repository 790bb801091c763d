// Package keyed is where the engine keeps keyed state: generic states that are split by
// key group, take snapshots without stopping, and are restored at another parallelism.
//
// A [Backend] holds the states of one subtask and the key that is being processed. It
// writes and reads Flink's heap native layout: a flink.KeyedHeader and a block for each key
// group. What the entries of a state are, its kind says; see kind.go. There are two:
//
//   - cells hold a value for each key and namespace in a [Table]: a value as it is, or a
//     list, or a map;
//   - [Timers] hold times at which keys are to be woken.
//
// Both keep their entries in small pages. A snapshot takes the lists of pages as they are,
// and what a snapshot sees is copied before it is changed; freezer.go knows what that is.
// So the synchronous part of a snapshot costs one small struct for each key group, however
// large the state is. A value that refers to memory cannot be copied so. It is in a box,
// whose encoding is kept for the snapshot before the value is handed out; see box.go.
//
// A key is hashed once, where its record is sent: tables find keys by Flink's hash code,
// mixed with a secret of this process. Where too many keys have the same code they hash
// the whole key.
//
// The package has no goroutine and does no I/O of its own. One goroutine uses a backend; a
// snapshot may be written and released by another.
package keyed
