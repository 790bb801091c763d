package main

import (
	"io"
	"time"

	"github.com/weirstream/weir/durable"
)

// A timedFS notes how long its last sync took.
type timedFS struct {
	durable.FS
	clock clockwork
	took  *time.Duration
}

func (f timedFS) Create(name string) (durable.File, error) {
	file, err := f.FS.Create(name)
	return timedFile{file, f}, err
}

func (f timedFS) SyncDir(name string) error {
	return f.timed(func() error { return f.FS.SyncDir(name) })
}

func (f timedFS) timed(sync func() error) error {
	began := f.clock.now()
	err := sync()
	*f.took = f.clock.now().Sub(began)
	return err
}

type timedFile struct {
	durable.File
	f timedFS
}

func (w timedFile) Sync() error { return w.f.timed(w.File.Sync) }

func writeZeros(n int) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(make([]byte, n))
		return err
	}
}
