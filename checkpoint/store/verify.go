package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// VerifyOptions are what a checkpoint must be.
type VerifyOptions struct {
	// Job is the job that it must be of, if it is sealed; nil accepts any.
	Job *checkpoint.JobID
	// MustBeSealed makes a missing seal a finding. A checkpoint of Weir's without one was
	// cut off exactly where Flink's payload ends.
	MustBeSealed bool

	ReadOptions

	serial bool
}

// Verify reads a checkpoint or savepoint from the disk, all of it, past the page cache. A
// sealed one is compared with its seal, byte for byte. Of one without a seal only presence,
// lengths and structure can be checked.
//
// The error says that the check could not be made. What is wrong with the checkpoint is in
// the report.
func Verify(fsys durable.FS, path string, opts VerifyOptions) (*Report, error) {
	file, dir, err := locate(fsys, path)
	if err != nil {
		return nil, err
	}
	rep, _, err := verify(fsys, file, dir, opts)
	return rep, err
}

// verify is Verify of a metadata file and the directory its state is in. The
// checkpoint is nil if the metadata cannot be read.
func verify(fsys durable.FS, file, dir string, opts VerifyOptions) (*Report, *Checkpoint, error) {
	rep := &Report{Dir: dir}
	meta, seal, err := openMetadata(fsys, file)
	if err != nil {
		f, err := metadataFinding(path.Base(file), err)
		rep.Findings = append(rep.Findings, f)
		return rep, nil, err
	}
	c := newCheckpoint(fsys, dir, meta, seal, opts.ReadOptions)
	rep.ID, rep.Sealed = c.ID, seal != nil
	if seal == nil {
		return rep, c, rep.presence(c, opts)
	}
	rep.heldAgainstSeal(c, path.Base(file), opts.Job)
	return rep, c, rep.files(c, opts.serial)
}

// heldAgainstSeal notes what can be found in the metadata alone, before a state file is
// read: that its handles and the seal do not agree, or that it is not where it belongs.
func (rep *Report) heldAgainstSeal(c *Checkpoint, file string, job *checkpoint.JobID) {
	rep.Identity = c.Seal.Identity
	rep.Findings = append(rep.Findings, checkReferences(c.Meta, c.Seal)...)
	if n := checkpoint.ParseName(path.Base(c.Dir)); n.Kind == checkpoint.Complete && n.ID != c.Seal.ID {
		rep.Findings = append(rep.Findings, wholeFile(file,
			fmt.Sprintf("it is of checkpoint %v and lies where checkpoint %v should be", c.Seal.ID, n.ID)))
	}
	if job != nil && *job != c.Seal.Job {
		rep.Findings = append(rep.Findings, wholeFile(file,
			fmt.Sprintf("it is of job %v, not of job %v", c.Seal.Job, *job)))
	}
}

// metadataFinding turns an error of openMetadata into a finding, unless it only says that
// the file could not be looked at.
func metadataFinding(name string, err error) (Finding, error) {
	var damaged *MetadataError
	switch {
	case errors.As(err, &damaged):
		return wholeFile(name, damaged.Err.Error()), nil
	case errors.Is(err, fs.ErrNotExist):
		return wholeFile(name, "is missing"), nil
	case lost(err):
		return unreadable(name, err), nil
	default:
		return Finding{}, err
	}
}

// checkReferences compares the metadata's handles with the files in the seal: each handle
// must refer to one of them, with its length, and each of them must be referred to.
func checkReferences(meta *flink.Metadata, seal *Seal) []Finding {
	var findings []Finding
	referred := make(map[string]bool, len(seal.Files))
	for ref := range meta.Streams() {
		switch h := ref.Handle.(type) {
		case *flink.InlineHandle, *flink.EmptySegmentHandle:
		case *flink.RelativeHandle:
			f := seal.file(h.Path)
			if f == nil {
				findings = append(findings, wholeFile(h.Path, fmt.Sprintf("%s refers to it and the seal does not know it", whose(ref))))
				continue
			}
			if f.Length != h.Length {
				findings = append(findings, wholeFile(h.Path,
					fmt.Sprintf("for %s it has %d bytes and for the seal %d", whose(ref), h.Length, f.Length)))
			}
			referred[h.Path] = true
		default:
			findings = append(findings, wholeFile(checkpoint.MetadataName,
				fmt.Sprintf("%s is a %T, which leads out of the directory and cannot be sealed", whose(ref), h)))
		}
	}
	for i := range seal.Files {
		if name := seal.Files[i].Name; !referred[name] {
			findings = append(findings, wholeFile(name, "it is sealed and nothing in the metadata refers to it"))
		}
	}
	return findings
}

func whose(ref flink.StreamRef) string {
	return fmt.Sprintf("the %v state of operator %v, subtask %v", ref.Kind, ref.Operator, ref.Subtask)
}
