package durable

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"
)

// What an error of the system means for what comes next is decided here and nowhere
// else. The functions are pure: they look at the error and at nothing else. Each finds an
// error that is wrapped or joined.

// Refused reports whether err proves that a Create, Mkdir, Rename or Remove has done
// nothing: the system looked at the request and turned it down. So the outcome is known,
// and another way may be tried.
//
// After any other error the outcome is unknown, as after EIO: the disk may have it. A
// missing name (fs.ErrNotExist) proves nothing either: a server that has lost its answer
// gives it to a rename that it has carried out.
func Refused(err error) bool {
	return err != nil && !errors.Is(err, errHalfRenamed) &&
		(unsupported(err) || errors.Is(err, fs.ErrExist) || NoSpace(err) || isAny(err, refusals))
}

var refusals = append([]error{
	fs.ErrPermission, syscall.EROFS, syscall.EXDEV,
	syscall.ENOTDIR, syscall.EISDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EMLINK,
	syscall.EBUSY, syscall.EMFILE, syscall.ENFILE,
}, refusalsHere...)

// Heals reports whether what err says may be over when the same is tried again later,
// without anyone having changed a name, a permission or a mount. A full disk and a lack of
// descriptors may be; a read-only file system and a name that is too long are not. An
// error that is not known is taken to heal. Nil heals.
func Heals(err error) bool {
	return !isAny(err, permanents) && !errors.Is(err, errors.ErrUnsupported)
}

var permanents = []error{
	fs.ErrPermission, syscall.EROFS, syscall.EXDEV, syscall.EINVAL,
	syscall.ENOTDIR, syscall.EISDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EMLINK,
	errNotRegular, errNotDirectory,
}

// NoSpace reports whether err says that a file system takes no more: it has no bytes or no
// inodes left, which of them the error does not say, or a quota is used up.
func NoSpace(err error) bool { return isAny(err, noSpace) || QuotaUsedUp(err) }

// QuotaUsedUp reports whether err says that a quota is used up, of bytes or of inodes.
func QuotaUsedUp(err error) bool { return isAny(err, noQuota) }

var (
	noSpace = append([]error{syscall.ENOSPC}, noSpaceHere...)
	noQuota = append([]error{syscall.EDQUOT}, noQuotaHere...)
)

// unsupported reports whether err says that system, file system or sandbox do not have a
// call, or not with these flags. Some say EINVAL or EPERM for that, which may have other
// reasons: where there is another way it is tried, and has the last word.
func unsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EPERM)
}

// unsyncable reports whether err says that a directory cannot be synced by this process,
// rather than that a sync has failed.
func unsyncable(err error) bool {
	return unsupported(err) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

func isAny(err error, targets []error) bool {
	return slices.ContainsFunc(targets, func(t error) bool { return errors.Is(err, t) })
}
