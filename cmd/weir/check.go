package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// A check is a checkpoint that was read to the end, and what was found.
type check struct {
	name, shown string
	kind        string
	state       state
	id          checkpoint.ID // 0 if it is not known
	job         *checkpoint.JobID
	incarnation checkpoint.Incarnation // of a sealed one
	sealed      *bool                  // nil if it is not known
	files       int
	bytes       int64
	findings    []store.Finding
	strangers   []string
	outside     []string // files elsewhere that were not looked at
	structure   *structure
	failure     error // why it is unreadable
}

// A structure is what can be said of state that nobody has sealed.
type structure struct {
	streams int // with state in them
	parsed  int // understood to the last byte
	unread  unreadList
}

// good tells that nothing is wrong, as far as that can be found out.
func (c *check) good() bool { return c.state == verified || c.state == whole }

// A checker checks one checkpoint after the other.
type checker struct {
	t            *tool
	allowOutside bool
	maxBlock     int64
	// through is what everything is read through; nil is the tool's own file system, with
	// a meter for each checkpoint.
	through durable.FS
}

// reading begins to read a checkpoint.
func (k *checker) reading(what string) (durable.FS, *meter) {
	if k.through != nil {
		return k.through, &meter{stop: func() {}}
	}
	return k.t.measure(what)
}

// check reads the checkpoint at name, which is its directory or its metadata file. j is
// the job's directory that it lies in, nil if there is none.
func (k *checker) check(name, shown string, j *jobDir) *check {
	c := &check{name: name, shown: shown}
	c.identify(path.Base(name), j)
	fsys, m := k.reading("verifying " + path.Base(name))
	defer m.stop()
	e, err := fsys.Stat(name)
	if err != nil {
		c.fail(err)
		c.look(fsys)
		return c
	}
	dir := name
	if !e.Dir {
		dir = path.Dir(name)
	}
	n := c.identify(path.Base(dir), j)
	m.total.Store(sizeOf(fsys, dir))
	if e.Dir && !c.begin(fsys, n, j) {
		return c
	}
	k.run(fsys, c, n, j)
	if !c.good() {
		c.look(fsys)
	}
	return c
}

// identify notes what the name of the directory says.
func (c *check) identify(base string, j *jobDir) checkpoint.Name {
	n := checkpoint.ParseName(base)
	c.kind, c.id = snapshotKind(base), n.ID
	if j != nil {
		c.job = j.job
	}
	return n
}

// sizeOf is how many bytes the files in a directory have.
func sizeOf(fsys durable.FS, dir string) (n int64) {
	listing, _ := fsys.ReadDir(dir)
	for _, e := range listing {
		n += e.Size
	}
	return n
}

// begin looks for the metadata file. It returns false if that decides everything.
func (c *check) begin(fsys durable.FS, n checkpoint.Name, j *jobDir) bool {
	if n.Kind == checkpoint.Staging {
		c.find(incomplete, "it was never completed: it is being written, or was left by a crash")
		return false
	}
	e, err := fsys.Stat(checkpoint.MetadataIn(c.name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s, why := missingMetadata(n, j)
		c.find(s, why)
		c.look(fsys)
		return false
	case err == nil && !e.Regular:
		c.find(damaged, "it is not a regular file; links are not followed")
		return false
	}
	return true
}

// find notes something about the metadata.
func (c *check) find(s state, problem string) {
	c.state = s
	c.findings = append(c.findings, store.Finding{File: checkpoint.MetadataName, Block: -1, Problem: problem})
}

func (c *check) fail(err error) { c.state, c.failure = unreadable, err }

// look finds out whether the checkpoint has been deleted meanwhile: a job that runs
// deletes what a newer one has made needless.
func (c *check) look(fsys durable.FS) {
	if _, err := fsys.Stat(c.name); errors.Is(err, fs.ErrNotExist) {
		c.state, c.findings, c.failure = gone, nil, nil
	}
}

func (k *checker) run(fsys durable.FS, c *check, n checkpoint.Name, j *jobDir) {
	opts := store.VerifyOptions{ReadOptions: store.ReadOptions{AllowOutside: k.allowOutside}}
	if j != nil {
		opts.Job = j.job
		opts.MustBeSealed = j.weirs && n.Kind == checkpoint.Complete
	}
	if err := metadataFits(fsys, c.name, k.maxBlock); err != nil {
		c.fail(fmt.Errorf("%s: %w", c.shown, err))
		return
	}
	rep, err := store.Verify(fsys, c.name, opts)
	if err != nil {
		c.fail(err)
		return
	}
	c.files, c.bytes, c.findings = rep.Files, rep.Bytes, rep.Findings
	c.strangers, c.outside = rep.Strangers, rep.Outside
	if rep.ID > 0 { // the metadata could be read
		c.id, c.sealed = rep.ID, &rep.Sealed
	}
	switch {
	case rep.Sealed:
		c.job, c.incarnation = &rep.Identity.Job, rep.Identity.Incarnation
		c.state = verified
	default:
		c.state = whole
		if c.sealed != nil {
			k.readThrough(fsys, c)
		}
	}
	switch {
	case c.state == unreadable || len(c.findings) == 0:
	case n.Kind == checkpoint.Trash:
		c.state = incomplete
	default:
		c.state = damaged
	}
}

// readThrough reads the state of a checkpoint without a seal: whether it makes sense is
// all that can be asked.
func (k *checker) readThrough(fsys durable.FS, c *check) {
	ck, err := store.ReadCheckpoint(fsys, c.name, store.ReadOptions{AllowOutside: k.allowOutside})
	if err != nil {
		c.fail(err)
		return
	}
	known := map[string]bool{} // files that something is wrong with anyway
	for _, f := range c.findings {
		known[f.File] = true
	}
	c.structure = &structure{}
	r := &reader{c: ck, allowOutside: k.allowOutside, maxBlock: k.maxBlock}
	for i := range ck.Meta.Operators {
		op := &ck.Meta.Operators[i]
		r.each(op, nil, func(h *handle) { c.add(op, h, known) })
	}
}

// add counts a handle and notes what is wrong with it.
func (c *check) add(op *flink.OperatorState, h *handle, known map[string]bool) {
	if h.Where == isNowhere && len(h.Unread) == 0 {
		return
	}
	c.structure.streams++
	c.structure.unread.add(h)
	switch {
	case h.Failure != nil:
		c.fail(h.Failure)
	case h.Problem != nil:
		f := store.Finding{
			File: h.File, What: fmt.Sprintf("%v state of %s", h.Kind, shortName(op)), Subtask: h.Subtask,
			Block: -1, Problem: h.Problem.Error(),
		}
		if h.Where == isInline {
			f.File = checkpoint.MetadataName
		}
		if !known[f.File] || h.Where == isInline {
			c.findings = append(c.findings, f)
		}
	case len(h.Unread) == 0:
		c.structure.parsed++
	}
}

// shortName names an operator.
func shortName(op *flink.OperatorState) string {
	switch {
	case op.UID != "":
		return fmt.Sprintf("operator %q", op.UID)
	case op.Name != "":
		return fmt.Sprintf("operator %q", op.Name)
	default:
		return "operator " + op.ID.String()
	}
}

// olderIntact looks for the newest checkpoint before id that is good.
func (k *checker) olderIntact(j *jobDir, id checkpoint.ID) *check {
	if j == nil {
		return nil
	}
	for _, older := range slices.Backward(j.scan.Complete) {
		if older >= id {
			continue
		}
		name := checkpoint.Name{Kind: checkpoint.Complete, ID: older}.String()
		if c := k.check(path.Join(j.name, name), path.Join(j.shown, name), j); c.good() {
			return c
		}
	}
	return nil
}
