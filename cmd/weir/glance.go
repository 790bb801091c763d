package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// A state is what is known of a checkpoint. The words are a contract: docs/cli-json.md.
type state string

const (
	whole      state = "whole"       // names, lengths and the seal itself are in order
	verified   state = "verified"    // and every byte is as it was written
	damaged    state = "damaged"     // something is not as it was written
	incomplete state = "incomplete"  // never finished, or half deleted
	inProgress state = "in progress" // being written, or left by a crash
	trash      state = "trash"       // being deleted, or left by a crash
	setAside   state = "set aside"   // found damaged by a job that went back behind it
	unreadable state = "unreadable"  // could not be looked at
	gone       state = "gone"        // deleted while it was looked at
)

// word is the state for programs.
func (s state) word() string { return strings.ReplaceAll(string(s), " ", "_") }

func (s state) tint() tint {
	switch s {
	case whole, verified:
		return green
	case damaged, unreadable:
		return red
	case incomplete, setAside:
		return yellow
	}
	return plain
}

// A glance is what names and lengths tell of a checkpoint, and its metadata with the
// checksums that cover it. State files are not opened.
type glance struct {
	name, shown string // of the directory
	kind        string // see snapshotKind
	job         *checkpoint.JobID
	id          checkpoint.ID // 0 if it is not known
	sealed      *bool         // nil if it is not known
	unix        int64
	files       int
	bytes       int64
	state       state
	reason      string // why it is not whole
	outside     int    // files elsewhere that belong to it
	restart     bool   // the one that a restart takes
	failure     error  // why it is unreadable
}

// glanceAt looks at the checkpoint in a directory. j is the job's directory that it
// lies in, nil if there is none.
func glanceAt(fsys durable.FS, name, shown string, j *jobDir) *glance {
	g := &glance{name: name, shown: shown, kind: snapshotKind(path.Base(name))}
	n := checkpoint.ParseName(path.Base(name))
	g.id = n.ID
	if j != nil {
		g.job = j.job
	}
	g.look(fsys, n, j)
	if _, err := fsys.Stat(name); errors.Is(err, fs.ErrNotExist) {
		g.state = gone
	}
	return g
}

func (g *glance) look(fsys durable.FS, n checkpoint.Name, j *jobDir) {
	listing, err := g.measure(fsys)
	if err != nil {
		g.fail(err)
		return
	}
	if j != nil && j.scan.IsSetAside(n) {
		g.state, g.reason = setAside, "damaged; the job went back behind it"
		return
	}
	switch n.Kind {
	case checkpoint.Staging:
		g.state, g.reason = inProgress, "being written, or left by a crash"
		return
	case checkpoint.Trash:
		g.state, g.reason = trash, "being deleted, or left by a crash"
		return
	case checkpoint.Damaged:
		g.state, g.reason = setAside, "damaged; the job went back behind it"
		return
	}
	meta, ok := listing[checkpoint.MetadataName]
	switch {
	case !ok:
		g.state, g.reason = missingMetadata(n, j)
		return
	case !meta.Regular:
		g.damage("%s is not a regular file", checkpoint.MetadataName)
		return
	}
	if meta.Size > defaultMaxBlock {
		g.fail(fmt.Errorf("%s: %s has %s, more than ls reads; \"weir verify --max-block\" can", g.shown, checkpoint.MetadataName, byteCount(meta.Size)))
		return
	}
	c, err := store.ReadCheckpoint(fsys, g.name, store.ReadOptions{})
	var bad *store.MetadataError
	switch {
	case errors.As(err, &bad):
		g.damage("%s: %v", checkpoint.MetadataName, bad.Err)
	case err != nil:
		g.fail(err)
	default:
		g.compare(c, listing, n, j)
	}
}

func (g *glance) damage(format string, args ...any) {
	g.state, g.reason = damaged, fmt.Sprintf(format, args...)
}

func (g *glance) fail(err error) { g.state, g.reason, g.failure = unreadable, err.Error(), err }

// measure lists the directory.
func (g *glance) measure(fsys durable.FS) (map[string]durable.Entry, error) {
	listing, err := fsys.ReadDir(g.name)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]durable.Entry, len(listing))
	for _, e := range listing {
		byName[e.Name] = e
		if e.Regular {
			g.files++
			g.bytes += e.Size
		}
		if e.Name == checkpoint.MetadataName {
			g.unix = e.ModTimeUnix
		}
	}
	if g.unix == 0 {
		if e, err := fsys.Stat(g.name); err == nil {
			g.unix = e.ModTimeUnix
		}
	}
	return byName, nil
}

// missingMetadata says what it means that there is no metadata file. Weir gives the
// newest checkpoint its name when all of it is there; an older one may be half deleted.
// Flink gives the name before it begins to write.
func missingMetadata(n checkpoint.Name, j *jobDir) (state, string) {
	switch newest, ok := j.newest(); {
	case n.Kind != checkpoint.Complete:
		return incomplete, "there is no " + checkpoint.MetadataName
	case j == nil || !j.weirs:
		return incomplete, "there is no " + checkpoint.MetadataName + ": being written, or it came to nothing"
	case ok && n.ID == newest:
		return damaged, checkpoint.MetadataName + " is missing"
	default:
		return incomplete, "there is no " + checkpoint.MetadataName + ": half deleted"
	}
}

// newest is the job's newest complete checkpoint, by the names.
func (j *jobDir) newest() (checkpoint.ID, bool) {
	if j == nil {
		return 0, false
	}
	return j.scan.Newest()
}

// compare holds what the metadata says against the listing.
func (g *glance) compare(c *store.Checkpoint, listing map[string]durable.Entry, n checkpoint.Name, j *jobDir) {
	isSealed := c.Seal != nil
	g.sealed, g.id = &isSealed, c.ID
	g.state = whole
	switch {
	case isSealed:
		if j != nil && j.job != nil && *j.job != c.Seal.Job {
			g.damage("it is of job %v", c.Seal.Job)
			return
		}
		g.job = &c.Seal.Job
		if n.Kind == checkpoint.Complete && n.ID != c.ID {
			g.damage("it is of checkpoint %v", c.ID)
			return
		}
	case n.Kind == checkpoint.Complete && j != nil && j.weirs:
		g.damage("it has no seal: it was cut off, or it was not written by Weir")
		return
	}
	g.compareFiles(c, listing)
}

func (g *glance) compareFiles(c *store.Checkpoint, listing map[string]durable.Entry) {
	wrong := 0
	check := func(file string, length int64) {
		problem := ""
		switch e, ok := listing[file]; {
		case !ok:
			problem = "is missing"
		case !e.Regular:
			problem = "is not a regular file"
		case e.Size != length:
			problem = fmt.Sprintf("has %d bytes and should have %d", e.Size, length)
		default:
			return
		}
		if wrong++; wrong == 1 {
			g.damage("%s %s", file, problem)
		}
	}
	if c.Seal != nil {
		for i := range c.Seal.Files {
			check(c.Seal.Files[i].Name, c.Seal.Files[i].Length)
		}
	} else {
		outside := map[string]bool{}
		for ref := range c.Meta.Streams() {
			switch h := ref.Handle.(type) {
			case *flink.RelativeHandle:
				check(h.Path, h.Length)
			case *flink.FileHandle:
				outside[h.Path] = true
			case *flink.SegmentHandle:
				outside[h.Path] = true
			}
		}
		g.outside = len(outside)
	}
	if wrong > 1 {
		g.reason += "; and " + counted(wrong-1, "more file")
	}
}
