package crashfs

// NoJournal is [Strict] on a file system without a journal, as ext2 is and ext4 can be
// made: a new file or directory that was never synced itself may be missing even though
// its name is durable, because the name points to an inode that was never written.
var NoJournal Model = nojournal{}

type nojournal struct{ strict }

func (nojournal) String() string { return "nojournal" }

func (nojournal) absent(n *inode) bool { return !n.born }
