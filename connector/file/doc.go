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
// subtask, hidden until the checkpoint is complete, and then visible, whole, once. Names
// carry a hash of the job's and the sink's name, so that several sinks may share a folder.
// See names.go for how they look.
//
// After a restart what a checkpoint holds prepared is read back from the disk and held
// against the checksum in the checkpoint, before any of it becomes visible; what is visible
// already is, too. Damage is an error that names the file.
//
// What is in a folder is the job's until a later checkpoint is complete: a start looks
// for the newest output again, and does not know a file that was moved away from one that
// was lost.
//
// The package may touch files through package durable where they are written, and with
// package os where they are read. It imports weir, durable and checkpoint.
package file
