package store

import "syscall"

// EUCLEAN is what ext4, XFS and Btrfs return when their own structures are damaged, and
// EBADMSG when a checksum of theirs is wrong.
var lostErrnos = []error{syscall.EUCLEAN, syscall.EBADMSG}
