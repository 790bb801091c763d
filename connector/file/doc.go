// Package file reads records from files and writes them to files, line by line.
//
// # Reading
//
// [Lines], [Bytes], [JSONLines] and [CSV] read one file, or the files of a folder, each as a
// split of its own. A file is plain, or packed by gzip, zstd or bzip2, which its first bytes
// say. What its first bytes say is not text (an archive, UTF-16, a program) is refused. A
// byte order mark of UTF-8 is dropped.
//
// Folders in the folder are not read, nor is what is neither a file nor a link to one, nor
// are names that begin with '.' or '_': so a file may be written under such a name and
// renamed when it is whole. [Include] and [Exclude] choose among the others. A file with
// several names, or to which links lead, is read once. A name that cannot be looked at or
// opened is left out with a warning; only a folder that cannot be listed is an error.
//
// A last line without a newline is read as a record when the source is bounded. If the
// file has a newline there the next time, reading goes on after it; if the line itself
// was continued, half of it has been processed already, and that is an error. With
// [Follow] such a line waits for its newline.
//
// # Which file is which
//
// A position is bound to all that was read before it, by a checksum of the unpacked
// content. A file is the split's if it begins with just that; its number (the inode) and
// its name only say where to look first. So a file may be appended to, renamed, packed,
// copied back or written again with more at its end. A restart reads what was read once
// more, unless the file's number, size and time of change prove that nothing has changed.
//
// A split's life, with [Follow]:
//
//	          it grows                          its name is gone, or is another file's
//	            ┌─┐                            ┌────────────────────────────────────────┐
//	            ▼ │                            │                                        ▼
//	new ──▶ being read ──────────────────────▶ searched: by its number, then by its name,
//	  ▲         ▲   what was read is no        │         then among copies of it
//	  │         │   longer in it               │
//	  │         └──────────────────────────────┤ found: it is read on from where it was
//	  │                                        │
//	  │                                        ▼ not found
//	  │                                      gone: the position is kept for a day
//	  │                                        │
//	  └── every file that is no split's        ▼ and forgotten then
//
// A file that is no split's is a new split, read from its beginning: a file that appears,
// that takes the name of a renamed one, or that was truncated or rewritten. Its id is its
// name or, if a split has had that already, the name with a number: "app.log/2".
//
//   - Renamed: the split goes on under the new name, whatever the patterns say, as long as
//     the file is in the folder. One that is moved out of the folder is read to its end if
//     it is open, which it is for a minute after it has said something.
//   - Truncated or rewritten in place, or replaced: the new content is read from its
//     beginning. If it begins with all that was read of the old one, it is the old one,
//     continued.
//   - Copied and truncated, or packed and removed, as rotation does it: a file whose name
//     begins with the split's, without its extension, ("app.log.1", "app-0131.log.gz") and
//     whose content begins with all that was read is the rest of the split. A file that is
//     about to become one is left alone until it has not changed for three seconds; a file
//     that is nothing but a copy of what is read is not read at all. Of two files that are
//     both new it cannot be told that one is a copy.
//   - Removed, or away with its mount: the position is kept for 24 hours, and if the file
//     is back by then it is read on.
//
// A source that ends is asked for its files once, at its start. It reads what its follower
// would read, and refuses to start if that could repeat or lose lines: a file that was read
// in part is gone, or a file begins as it did and was changed after that. What it had read
// to the end may be removed, replaced, renamed or packed. A file that is gone after the
// start, or is changed while it is read, fails the job.
//
// Files are opened when there is something to read. The sources of a process have a quarter
// of its descriptors open at most.
//
// # Writing
//
// [LinesSink] and [JSONSink] write what comes between two checkpoints to a file per
// subtask, hidden until the checkpoint is complete, and then visible, whole, once:
//
//	part-<sink>-<subtask>-<checkpoint>-<run>.txt
//
// No name is ever given twice. <sink> is a hash of the job's and the sink's name, so that
// several sinks may share a folder. Names that begin with a dot are the sink's own: leave
// them alone. What is visible is its consumer's, which may move, compress or delete it at
// once. To change a file in place, move it to another folder first: a start after a crash
// may still look at it.
//
// One run of a job at a time writes to a folder: a second one is refused, as is one that
// would write visible output again, because its checkpoints are gone or older. Both leave
// the folder as it is. What a run has prepared stays until a run with the same checkpoints
// has decided about it.
//
// After a restart what a checkpoint holds prepared is read back from the disk and held
// against the checksum in the checkpoint, before any of it becomes visible. Damage is an
// error that names the file.
//
// The package may touch files through package durable where they are written, and with
// package os where they are read. It imports weir, durable and checkpoint,
// and a library for zstd.
package file
