// Package inspect reads checkpoints and savepoints of Weir and of Flink, and says what it
// finds: which there are, what is in one, whether one is good, how two differ. It needs no
// code of the job that wrote them. It changes nothing, takes no lock and prints nothing, so
// a job may be running, and a command line, a server and a test can all be built on it.
//
// One file answers one question:
//
//	reader.go       how far is the reading? When does it stop?
//	place.go        what lies at this path?
//	links.go        which symbolic links on the way to it are followed?
//	job.go          what is in a job's directory?
//	search.go       which jobs and checkpoints lie below a directory?
//	list.go         which checkpoints does each of them have?
//	judge.go        is a checkpoint good? One answer, at three depths
//	verdict.go      what are the possible answers, and what decides?
//	lengths.go      do names and lengths agree with the metadata?
//	structure.go    does the state make sense?
//	open.go         what is in this one checkpoint?
//	labels.go       what is an operator, or a job, called?
//	select.go       which part of it is meant?
//	handle.go       where is the state of a subtask, and which states are in it?
//	entry.go        what is one entry of a state?
//	content.go      how is it read? Keyed state in content_keyed.go, operator state
//	                in content_operator.go
//	unread.go       what could not be read, and why?
//	versions.go     which releases of Flink can read it?
//	diff.go         how do two checkpoints differ? The pieces in diff_….go
//	export.go       what is every entry? As rows of columns in columns.go
//	find.go         where is this key?
//	text.go         how is a value written, so that no two look alike? As JSON in json.go
//
// Everything that is read is taken to be hostile. Files are opened through package durable,
// which follows no link to a file, and through checkpoint/store, which lets no handle lead
// out of the checkpoint's directory. What is held in memory is bounded by Reader.MaxBlock.
package inspect
