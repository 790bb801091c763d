package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
)

// A check is a checkpoint that was read to the end, and what was found.
type check struct {
	name, shown string
	base        checkpoint.Name // of its directory
	kind        string
	state       state
	id          checkpoint.ID // 0 if it is not known
	job         *checkpoint.JobID
	incarnation checkpoint.Incarnation // of a sealed one
	sealed      *bool                  // nil if it is not known
	asWritten   bool                   // by the seal, every byte is
	files       int
	bytes       int64
	findings    []finding
	strangers   []string
	outside     []string // files elsewhere that were not looked at
	structure   *structure
	failure     error // why it is unreadable
}

// A finding is one thing that is wrong.
type finding struct {
	store.Finding
	place *broken // where in the state, if that was decoded deeply
}

func (f finding) String() string {
	if p := f.place; p != nil && p.group >= 0 {
		if within := fmt.Sprintf("key group %d", p.group); !strings.Contains(f.Problem, within) {
			f.Problem = within + ": " + f.Problem
		}
	}
	return f.Finding.String()
}

// A structure is what can be said of state whether it is sealed or not: if it makes sense.
type structure struct {
	streams int   // with state in them
	parsed  int   // understood to the last byte
	entries int64 // decoded
	unread  unreadList
}

// good tells that nothing is wrong, as far as that can be found out.
func (c *check) good() bool { return c.state == verified || c.state == whole }

// A checker checks one checkpoint after the other.
type checker struct {
	t            *tool
	allowOutside bool
	maxBlock     int64
	deep         bool // decode what is sealed, too, and tell of each place that is broken
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
	if k.read(c, j) && k.deep && c.sealed != nil && c.failure == nil {
		k.decode(c)
	}
	c.settle()
	if !c.good() {
		c.look(k.t.fsys)
	}
	return c
}

// read holds the files against what the metadata says of them. It returns false if there
// is nothing to decode.
func (k *checker) read(c *check, j *jobDir) bool {
	fsys, m := k.reading("verifying " + path.Base(c.name))
	defer m.stop()
	e, err := fsys.Stat(c.name)
	if err != nil {
		c.fail(err)
		return false
	}
	dir := c.name
	if !e.Dir {
		dir = path.Dir(c.name)
	}
	c.identify(path.Base(dir), j)
	m.total.Store(sizeOf(fsys, dir))
	if e.Dir && !c.begin(fsys, j) {
		return false
	}
	k.run(fsys, c, j)
	return true
}

// decode reads all state for its entries. Of a sealed checkpoint it is the second reading,
// of what the first has left in the page cache: the checksums of whole files want their
// bytes in order, and cost a twentieth of what decoding does.
func (k *checker) decode(c *check) {
	fsys, m := k.reading("decoding " + path.Base(c.name))
	defer m.stop()
	k.readThrough(fsys, c, m)
}

// identify notes what the name of the directory says.
func (c *check) identify(base string, j *jobDir) {
	c.base = checkpoint.ParseName(base)
	c.kind, c.id = snapshotKind(base), c.base.ID
	if j != nil {
		c.job = j.job
	}
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
func (c *check) begin(fsys durable.FS, j *jobDir) bool {
	if c.base.Kind == checkpoint.Staging {
		c.find(incomplete, "it was never completed: it is being written, or was left by a crash")
		return false
	}
	e, err := fsys.Stat(checkpoint.MetadataIn(c.name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s, why := missingMetadata(c.base, j)
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
	c.findings = append(c.findings, finding{Finding: store.Finding{File: checkpoint.MetadataName, Block: -1, Problem: problem}})
}

func (c *check) fail(err error) { c.state, c.failure = unreadable, err }

// look finds out whether the checkpoint has been deleted meanwhile: a job that runs
// deletes what a newer one has made needless.
func (c *check) look(fsys durable.FS) {
	if _, err := fsys.Stat(c.name); errors.Is(err, fs.ErrNotExist) {
		c.state, c.findings, c.failure = gone, nil, nil
	}
}

func (k *checker) run(fsys durable.FS, c *check, j *jobDir) {
	opts := store.VerifyOptions{ReadOptions: store.ReadOptions{AllowOutside: k.allowOutside}}
	if j != nil {
		opts.Job = j.job
		opts.MustBeSealed = j.weirs && c.base.Kind == checkpoint.Complete
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
	c.files, c.bytes = rep.Files, rep.Bytes
	for _, f := range rep.Findings {
		c.findings = append(c.findings, finding{Finding: f})
	}
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
		if c.sealed != nil && !k.deep {
			k.readThrough(fsys, c, nil)
		}
	}
	c.asWritten = rep.Verified()
}

// settle decides what the checkpoint is, now that all findings are there.
func (c *check) settle() {
	switch {
	case !c.good() || len(c.findings) == 0:
	case c.base.Kind == checkpoint.Trash:
		c.state = incomplete
	default:
		c.state = damaged
	}
}

// readThrough reads the state: whether it makes sense is all that can be asked of what
// has no seal. m may be nil.
func (k *checker) readThrough(fsys durable.FS, c *check, m *meter) {
	ck, err := store.ReadCheckpoint(fsys, c.name, store.ReadOptions{AllowOutside: k.allowOutside})
	if err != nil {
		c.fail(err)
		return
	}
	if m != nil {
		m.total.Store(stateBytes(ck))
	}
	known := map[string]bool{} // files that something is wrong with anyway
	for _, f := range c.findings {
		known[f.File] = true
	}
	c.structure = &structure{}
	r := &reader{c: ck, allowOutside: k.allowOutside, maxBlock: k.maxBlock}
	count := func(_ *handle, e entry) bool {
		if !e.opaque {
			c.structure.entries++
		}
		return true
	}
	labels, _ := labelsOf(ck, nil)
	for i := range ck.Meta.Operators {
		op := &ck.Meta.Operators[i]
		name := labels[op.ID].short(op.ID)
		r.each(op, count, func(h *handle) { c.add(name, h, known, k.deep) })
	}
}

// add counts a handle and notes what is wrong with it.
func (c *check) add(operator string, h *handle, known map[string]bool, deep bool) {
	if h.Where == isNowhere && len(h.Unread) == 0 {
		return
	}
	c.structure.streams++
	c.structure.unread.add(h)
	switch {
	case h.Failure != nil:
		c.fail(h.Failure)
	case h.Problem != nil:
		c.addBroken(operator, h, known, deep)
	case len(h.Unread) == 0:
		c.structure.parsed++
	}
}

// addBroken notes what is wrong with a handle: the first thing, or, deeply, each.
func (c *check) addBroken(operator string, h *handle, known map[string]bool, deep bool) {
	at := store.Finding{File: h.File, What: fmt.Sprintf("%v state of %s", h.Kind, operator), Subtask: h.Subtask, Block: -1}
	if h.Where == isInline {
		at.File = checkpoint.MetadataName
	}
	isKnown := known[at.File] && h.Where != isInline
	note := func(problem string, place *broken) {
		at.Problem = problem
		c.findings = append(c.findings, finding{at, place})
	}
	if !deep && !isKnown {
		note(h.Problem.Error(), nil)
	}
	if !deep {
		return
	}
	for i := range h.Broken {
		if b := &h.Broken[i]; !isKnown || b.group >= 0 { // where it is tells more than is known
			note(b.err.Error(), b)
		}
	}
	if h.Further > 0 {
		note(fmt.Sprintf("and in %s more", counted(h.Further, "place")), nil)
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
