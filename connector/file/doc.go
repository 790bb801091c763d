// Package file reads records from files and writes them to files, line by line.
//
// # Reading
//
// [Lines] and [JSONLines] read one file, or every file of a folder, each as a split of
// its own: plain or gzip, told apart by the first two bytes. The split's position is
// where the next line begins in the uncompressed content, and is bound to the bytes
// before it: a file that was truncated, replaced or rewritten behind the job's back is
// refused, permanently, with its name. Appending is what files may do: lines, or whole
// gzip members.
//
// Checkpoints refer to files by name. One that is gone from its folder is not missed (a
// start logs it), so let a file stay until it was read to its end. Sub-folders and what
// is neither a file nor a link to one are not read, nor are files in a folder whose names
// begin with '.' or '_': so a file may be written under such a name and renamed when it is
// whole.
//
// A last line without a newline is read as a record when the source is bounded. If the
// file has a newline there the next time, reading goes on behind it; if the line itself
// was continued, half of it has been processed already, and that is an error. With
// [Follow] such a line waits for its newline.
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
// package os where they are read. It imports weir, durable and checkpoint.
package file
