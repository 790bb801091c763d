package probe

// A Space is how much room a file system has.
type Space struct {
	FreeBytes, TotalBytes int64 // free for users other than root
	// FreeInodes and TotalInodes are how many files and directories there can be. Both
	// are 0 where the file system makes inodes as needed.
	FreeInodes, TotalInodes int64
}
