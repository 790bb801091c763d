package inspect

import (
	"context"
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

// A Report is what was found about a checkpoint, or about what is left of one.
type Report struct {
	Path, Shown string // as in the Target
	Kind        Kind
	Verdict     Verdict
	ID          checkpoint.ID          // from the metadata or the name; 0 if it is not known
	Job         *checkpoint.JobID      // from the seal or the directory above; nil if it is not known
	JobName     string                 // from the seal; "" if it is not known
	Incarnation checkpoint.Incarnation // of the seal
	Sealed      *bool                  // nil if the metadata was not read
	Restart     bool                   // a restart of the Weir job begins with it

	// What lies in the directory.
	Unix     int64 // when the metadata file changed last, or else the directory; 0 if not known
	DirFiles int
	DirBytes int64

	// What was looked at.
	Files   int      // state files
	Bytes   int64    // in them
	Outside []string // files in other directories that belong to it, and that were not looked at

	Findings  []Finding  // what is wrong
	Strangers []string   // names in the directory of a sealed checkpoint that are not its own
	AsWritten bool       // by its seal, every byte is as it was written
	Structure *Structure // nil if the state was not decoded
	Failure   error      // why it is Unreadable

	base checkpoint.Name
}

// A Finding is one thing that is wrong.
type Finding struct {
	store.Finding
	Place *Broken // where in the state, if that was decoded at the depth Entries
}

func (f Finding) String() string {
	if p := f.Place; p != nil && p.Group >= 0 {
		if within := fmt.Sprintf("key group %d", p.Group); !strings.Contains(f.Problem, within) {
			f.Problem = within + ": " + f.Problem
		}
	}
	return f.Finding.String()
}

// IsSealed reports whether the checkpoint is known to have a seal.
func (rep *Report) IsSealed() bool { return rep.Sealed != nil && *rep.Sealed }

// Reason says in one line why the checkpoint is not good; "" if it is.
func (rep *Report) Reason() string {
	switch {
	case rep.Verdict == InProgress:
		return "being written, or left by a crash"
	case rep.Verdict == Trash:
		return "being deleted, or left by a crash"
	case rep.Verdict == SetAside:
		return "damaged; the job went back to an older one"
	case rep.Failure != nil:
		return rep.Failure.Error()
	case len(rep.Findings) == 0:
		return ""
	}
	s := rep.Findings[0].String()
	if n := len(rep.Findings) - 1; n > 0 {
		s += fmt.Sprintf("; and %d more", n)
	}
	return s
}

// Judge finds out whether a checkpoint is good, at a depth. What is wrong with it, and why
// it could not be read, is in the report; the error is that of ctx.
func (r *Reader) Judge(ctx context.Context, t Target, depth Depth) (*Report, error) {
	j := &judging{r: r, ctx: ctx, job: t.Job, facts: facts{depth: depth}, Report: &Report{Path: t.Path, Shown: t.Shown}}
	j.run()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if rep := j.Report; !decide(j.facts).Good() {
		_, err := r.FS.Stat(rep.Path)
		if j.facts.gone = errors.Is(err, fs.ErrNotExist); j.facts.gone {
			rep.Findings, rep.Failure = nil, nil
		}
	}
	j.Verdict = decide(j.facts)
	j.Restart = j.restarts(t.Job)
	return j.Report, nil
}

// A judging is a checkpoint that is being looked at.
type judging struct {
	*Report
	r     *Reader
	ctx   context.Context
	job   *Job
	facts facts
}

func (j *judging) run() {
	doing := "verifying "
	if j.facts.depth == Lengths {
		doing = "looking at "
	}
	j.identify(path.Base(j.Path))
	fsys, a := j.r.begin(j.ctx, doing+path.Base(j.Path))
	e, err := fsys.Stat(j.Path)
	if err != nil {
		j.fail(err)
		return
	}
	dir := j.Path
	if !e.Dir {
		dir = path.Dir(j.Path)
		j.identify(path.Base(dir))
	}
	if err := j.measure(fsys, dir); err != nil && j.facts.depth == Lengths {
		j.fail(err)
		return
	}
	a.expect(j.DirBytes)
	if e.Dir && !j.lookForMetadata(fsys) {
		return
	}
	if err := metadataFits(fsys, j.Path, j.r.maxBlock()); err != nil {
		j.fail(fmt.Errorf("%s: %w", j.Shown, err))
		return
	}
	if j.facts.depth == Lengths {
		j.lengths(fsys)
		return
	}
	j.bytes(fsys)
	if j.facts.depth == Entries && j.Sealed != nil && j.Failure == nil {
		j.decode()
	}
}

// identify notes what the name of the directory says.
func (j *judging) identify(base string) {
	j.base = checkpoint.ParseName(base)
	j.facts.name, j.facts.place = j.base, j.job.rank(j.base)
	j.facts.setAside = j.base.Kind == checkpoint.Damaged || j.job != nil && j.job.Scan.IsSetAside(j.base)
	j.Kind, j.ID = KindOf(base), j.base.ID
	if j.job != nil {
		j.Job = j.job.ID
	} else if id, err := checkpoint.ParseJobID(path.Base(path.Dir(j.Path))); err == nil {
		j.Job = &id
	}
}

// measure counts what lies in the directory.
func (j *judging) measure(fsys durable.FS, dir string) error {
	listing, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range listing {
		if e.Regular {
			j.DirFiles++
			j.DirBytes += e.Size
		}
		if e.Name == checkpoint.MetadataName {
			j.Unix = e.ModTimeUnix
		}
	}
	if j.Unix == 0 {
		if e, err := fsys.Stat(dir); err == nil {
			j.Unix = e.ModTimeUnix
		}
	}
	return nil
}

// lookForMetadata looks for the metadata file. It returns false if that, or the name of the
// directory, decides everything.
func (j *judging) lookForMetadata(fsys durable.FS) bool {
	switch {
	case j.base.Kind == checkpoint.Staging:
		if j.facts.depth != Lengths {
			j.find(checkpoint.MetadataName, "it was never completed: it is being written, or was left by a crash")
		}
		return false
	case j.facts.depth == Lengths && (j.base.Kind == checkpoint.Trash || j.facts.setAside):
		return false
	}
	e, err := fsys.Stat(checkpoint.MetadataIn(j.Path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		j.facts.metadata = missing
		j.find(checkpoint.MetadataName, j.whyMissing())
		return false
	case err == nil && !e.Regular:
		j.facts.metadata = notRegular
		j.find(checkpoint.MetadataName, "it is not a regular file; links are not followed")
		return false
	}
	return true
}

// whyMissing says what it means that there is no metadata file; see decide.
func (j *judging) whyMissing() string {
	switch {
	case j.base.Kind != checkpoint.Complete:
		return "does not exist"
	case j.facts.place == anywhere:
		return "does not exist: the checkpoint is being written, or was never finished"
	case j.facts.place == newest:
		return "is missing"
	default:
		return "does not exist: the checkpoint is half deleted"
	}
}

// find notes something that is wrong with a file.
func (j *judging) find(file, problem string) {
	j.note(Finding{Finding: store.Finding{File: file, Block: -1, Problem: problem}})
}

func (j *judging) note(f Finding) {
	j.Findings = append(j.Findings, f)
	j.facts.findings++
}

func (j *judging) fail(err error) { j.Failure, j.facts.failed = err, true }

func (j *judging) seal(sealed bool) { j.Sealed, j.facts.sealed = &sealed, sealed }

// bytes reads every byte, and holds it against what the metadata says of it.
func (j *judging) bytes(fsys durable.FS) {
	opts := store.VerifyOptions{ReadOptions: store.ReadOptions{AllowOutside: j.r.AllowOutside}}
	if j.job != nil {
		opts.Job = j.job.ID
		opts.MustBeSealed = j.job.Weirs && j.base.Kind == checkpoint.Complete
	}
	rep, err := store.Verify(fsys, j.Path, opts)
	if err != nil {
		j.fail(err)
		return
	}
	j.Files, j.Bytes = rep.Files, rep.Bytes
	for _, f := range rep.Findings {
		j.note(Finding{Finding: f})
	}
	j.Strangers, j.Outside, j.AsWritten = rep.Strangers, rep.Outside, rep.Verified()
	if rep.ID > 0 { // the metadata could be read
		j.ID = rep.ID
		j.seal(rep.Sealed)
	}
	switch {
	case rep.Sealed:
		j.Job, j.Incarnation = &rep.Identity.Job, rep.Identity.Incarnation
		if c, err := store.ReadCheckpoint(j.r.FS, j.Path, store.ReadOptions{}); err == nil {
			j.JobName = namesOf(c, nil).Job
		}
	case j.Sealed != nil && j.facts.depth == Bytes:
		j.structure(fsys, nil)
	}
}

// decode reads all state for its entries. Of a sealed checkpoint it is the second reading,
// of what the first has left in the page cache: the checksums of whole files want their
// bytes in order, and cost a twentieth of what decoding does.
func (j *judging) decode() {
	fsys, a := j.r.begin(j.ctx, "decoding "+path.Base(j.Path))
	j.structure(fsys, a)
}

// OlderIntact finds the newest complete checkpoint of a job that is older than id and good
// at a depth. It is nil if there is none. The error is that of ctx.
func (r *Reader) OlderIntact(ctx context.Context, j *Job, id checkpoint.ID, depth Depth) (*Report, error) {
	if j == nil {
		return nil, nil
	}
	for _, older := range slices.Backward(j.Scan.Complete) {
		if older >= id {
			continue
		}
		rep, err := r.Judge(ctx, j.Target(older), depth)
		if err != nil || rep.Verdict.Good() {
			return rep, err
		}
	}
	return nil, nil
}
