package file

import "errors"

var errNoLocks = errors.ErrUnsupported
