package fsynclint

// Limits of what is kept. Beyond them the trace is still read, and the report says what is
// missing.
const (
	maxLine     = 64 << 10 // bytes of a line, and of a record of wrapped lines
	maxWrapped  = 32       // lines of a record
	maxText     = 400      // bytes of a call as it is shown
	maxArgs     = 16       // arguments of a call that are looked at
	maxThreads  = 1 << 14  // threads, and calls that have not returned
	maxFDs      = 1 << 16  // descriptors that are open, in all processes
	maxMappings = 1 << 12  // shared writable mappings
	maxFiles    = 1 << 17  // files and directories that are alive
	maxSeen     = 1 << 13  // names of which the trace shows whether they exist
	maxName     = 4096     // bytes of a path
	maxUnits    = 1 << 10  // commits on which nothing has been decided
	maxMembers  = 1 << 12  // files of one commit
	maxFindings = 256
	maxListing  = 16 // lines of a directory listing
)
