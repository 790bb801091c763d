// Package flink reads and writes the formats of Apache Flink's checkpoints and
// savepoints: the _metadata file, keyed state, operator state, type serializers and
// their snapshots, and the hashes by which Flink assigns keys and names operators.
//
// It is pure: byte slices in, values out, and the other way round. It opens no file.
// Its input may be hostile: a length counts only up to the number of bytes that are there,
// nesting is bounded, and bad input is an error that says where and what, never a panic.
//
// Its files:
//
//   - the primitive encodings in cursor.go (reading) and append.go (writing),
//   - _metadata in metadata.go and the handles in it in handles.go,
//   - the contents of state files in keyed.go and operator.go,
//   - one file per family of type serializers, serializer_*.go,
//   - key groups, max parallelism and operator ids in assign.go.
//
// The layouts are described in docs/format.md.
package flink
