package faultfs

import (
	"errors"
	"io/fs"
)

// Sync is the one that durable.SettleDir makes; rules on Sync pick it.
func (r *faultyReader) Sync() error {
	return r.fs.do(Sync, "sync", func() error {
		s, ok := r.Reader.(interface{ Sync() error })
		if !ok {
			return &fs.PathError{Op: "sync", Path: r.name, Err: errors.ErrUnsupported}
		}
		return s.Sync()
	}, r.name)
}
