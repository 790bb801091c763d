package store

import "syscall"

// EUCLEAN is what ext4, XFS and Btrfs say of their own structures when they are
// damaged, and EBADMSG of a checksum of theirs that is wrong.
var lostErrnos = []error{syscall.EUCLEAN, syscall.EBADMSG}
