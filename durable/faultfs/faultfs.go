// Package faultfs makes a file system fail when and where a rule says, the same way
// every time.
//
// A rule that only counts tells how many operations a scenario has. To fail every one
// of them in turn, run the scenario with K = 1, 2, 3, … until the rule no longer
// fires:
//
//	for k := 1; ; k++ {
//		fsys := faultfs.New(below(), faultfs.Rule{Ops: faultfs.Mutations, K: k, Err: syscall.EIO})
//		scenario(fsys)
//		if fsys.Fired(0) == 0 {
//			break
//		}
//	}
//
// It may import durable and the standard library only.
package faultfs

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/weirstream/weir/durable"
)

// An FS passes operations on to the file system below it, unless a rule picks them.
// If several rules pick one operation the first applies; all of them count the match.
//
// A file whose Write or Sync was made to fail is dead, as the contract of
// [durable.File] wants it: what is done to it afterwards returns the first error,
// reaches nothing and is not counted.
type FS struct {
	below durable.FS
	rules []Rule

	mu      sync.Mutex
	matched []int
	fired   []int
	open    map[any]string // files that are open, and their names
}

// New wraps below. It panics if a rule makes no sense, as that is an error in a test.
func New(below durable.FS, rules ...Rule) *FS {
	for i, r := range rules {
		if r.K > 0 && !r.Do.silent() && r.Err == nil {
			panic(fmt.Sprintf("faultfs: rule %d fails without an error", i))
		}
		if _, err := path.Match(r.Name, ""); err != nil {
			panic(fmt.Sprintf("faultfs: rule %d: pattern %q: %v", i, r.Name, err))
		}
	}
	return &FS{
		below: below, rules: rules, matched: make([]int, len(rules)), fired: make([]int, len(rules)),
		open: make(map[any]string),
	}
}

// Unwrap returns the file system below.
func (f *FS) Unwrap() durable.FS { return f.below }

// Matched is the number of operations so far that matched the rule with this index.
func (f *FS) Matched(rule int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.matched[rule]
}

// Fired is the number of operations so far that the rule with this index picked.
func (f *FS) Fired(rule int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fired[rule]
}

// StillOpen lists the files, sorted by name, that were opened through f and not closed: code
// that stops because of a fault must not keep a descriptor.
func (f *FS) StillOpen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Values(f.open))
}

// opened notes an open file; handle is what the caller gets.
func (f *FS) opened(handle any, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[handle] = name
}

func (f *FS) closed(handle any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, handle)
}

// pick counts one operation and returns the rule that picks it, if any.
func (f *FS) pick(op Op, names ...string) (Rule, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rule Rule
	picked := false
	for i, r := range f.rules {
		if !r.matches(op, names...) {
			continue
		}
		f.matched[i]++
		if !picked && r.picks(f.matched[i]) && r.Do.applies(op) {
			rule, picked = r, true
			f.fired[i]++
		}
	}
	return rule, picked
}

// do carries out an operation that has an effect and no result but an error.
func (f *FS) do(op Op, verb string, effect func() error, names ...string) error {
	r, picked := f.pick(op, names...)
	if !picked {
		return effect()
	}
	switch r.Do {
	case Drop:
		return nil
	case FailAfter:
		if err := effect(); err != nil {
			return err
		}
	}
	return &fs.PathError{Op: verb, Path: names[0], Err: r.Err}
}

func (f *FS) Create(name string) (durable.File, error) {
	var file durable.File
	err := f.do(Create, "create", func() (err error) {
		file, err = f.below.Create(name)
		return err
	}, name)
	if err != nil {
		if file != nil { // it was made, and the caller does not get it
			_ = file.Close() // the error of the rule is what Create returns
		}
		return nil, err
	}
	w := &faultyFile{fs: f, name: name, below: file}
	f.opened(w, name)
	return w, nil
}

func (f *FS) Open(name string) (durable.Reader, error) {
	var r durable.Reader
	err := f.do(Open, "open", func() (err error) {
		r, err = f.below.Open(name)
		return err
	}, name)
	if err != nil {
		if r != nil {
			r.Close()
		}
		return nil, err
	}
	reader := &faultyReader{Reader: r, fs: f, name: name}
	f.opened(reader, name)
	return reader, nil
}

func (f *FS) Mkdir(name string) error {
	return f.do(Mkdir, "mkdir", func() error { return f.below.Mkdir(name) }, name)
}

func (f *FS) Rename(oldname, newname string) error {
	return f.do(Rename, "rename", func() error { return f.below.Rename(oldname, newname) }, oldname, newname)
}

func (f *FS) Remove(name string) error {
	return f.do(Remove, "remove", func() error { return f.below.Remove(name) }, name)
}

func (f *FS) ReadDir(name string) (entries []durable.Entry, err error) {
	err = f.do(ReadDir, "readdir", func() (err error) {
		entries, err = f.below.ReadDir(name)
		return err
	}, name)
	if err != nil {
		return nil, err
	}
	return entries, nil
}

func (f *FS) Stat(name string) (e durable.Entry, err error) {
	err = f.do(Stat, "stat", func() (err error) {
		e, err = f.below.Stat(name)
		return err
	}, name)
	if err != nil {
		return durable.Entry{}, err
	}
	return e, nil
}

func (f *FS) SyncDir(name string) error {
	return f.do(SyncDir, "syncdir", func() error { return f.below.SyncDir(name) }, name)
}

func (f *FS) Lock(name string) (durable.LockFile, error) {
	var l durable.LockFile
	var held error // of a lock that is taken: a file comes with it
	err := f.do(Lock, "lock", func() error {
		l, held = f.below.Lock(name)
		if l != nil {
			return nil
		}
		return held
	}, name)
	if err != nil {
		if l != nil {
			_ = l.Close() // the error of the rule is what Lock returns
		}
		return nil, err
	}
	w := &faultyLock{LockFile: l, fs: f, name: name}
	f.opened(w, name)
	return w, held
}
