package crashfs

// What a failed sync does on Linux, known as fsyncgate. On ext4, XFS and Btrfs the kernel
// drops the bytes that it could not write and takes their pages for clean. So
//
//   - the disk has any mixture of the old bytes, the new ones, zeros and garbage;
//   - later syncs, on this descriptor or another, succeed and do nothing;
//   - reading shows the new bytes, as long as they are in the cache;
//   - once they are evicted ([durable.Reader.Evict]) reading shows what the disk has.
//
// A sync is made to fail by FailSync, which faultfs calls when one of its rules picks a
// Sync. What Evict then shows is a [Loss].
//
// The model is harsher than the kernel in one point: until all the lost bytes are written
// anew, or the file was evicted, syncs do nothing for any byte of the file. The kernel
// writes pages that have become dirty since.

// A Loss is what the disk holds in place of the bytes that a failed sync did not write.
type Loss int

// The losses. Those of ext4, Btrfs and XFS were seen on Linux 6.18.
const (
	LossZeros   Loss = iota // the length and no bytes: ext4, Btrfs
	LossOld                 // what was durable before, nothing for a new file: XFS
	LossHalf                // the first half was written before the disk failed
	LossGarbage             // what the blocks held before
)

// Losses are all of them.
var Losses = []Loss{LossZeros, LossOld, LossHalf, LossGarbage}

func (l Loss) String() string { return string(l.class()) }

func (l Loss) class() class { return [...]class{zero, old, partial, garbage}[l] }

// SetLoss sets what evicting shows after a failed sync; the default is LossZeros. A power
// cut may leave anything of bytes that were not evicted, whatever the loss.
func (f *FS) SetLoss(l Loss) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loss = l
}

// FailSync tells the file system that a sync of this file failed.
func (w *file) FailSync() { w.fs.failSync(w.node) }

// FailSync tells the file system that a sync of the lock file failed.
func (l *lockFile) FailSync() { l.fs.failSync(l.node) }

func (f *FS) failSync(n *inode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n.dirty {
		n.spoiled = true
	}
}

// evictNode empties the cache of a file. What is then read comes from the disk, and a
// power cut leaves it there.
func (f *FS) evictNode(n *inode) {
	if !n.spoiled {
		return
	}
	n.data, _ = bytesOf(f.loss.class(), n) // a file of any length has these
	n.spoiled = false
	n.settle()
}
