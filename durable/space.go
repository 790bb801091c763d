package durable

// A Space is how much room a file system has.
type Space struct {
	FreeBytes, TotalBytes int64 // free for who is not root
	// FreeInodes and TotalInodes are how many files and directories there can be; both
	// are 0 where the file system makes them as needed.
	FreeInodes, TotalInodes int64
}
