package store

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// maxMetadataBytes bounds a _metadata file, which is written and read in one piece.
const maxMetadataBytes = 512 << 20

// Publish makes the checkpoint complete: it writes meta and the seal, syncs what is
// not durable yet, and gives the checkpoint its name. The metadata must refer to the
// files of blobs and to no other. Names go into the seal, for people; they may be empty.
//
// On nil the checkpoint is complete: whenever the power fails, a restart finds every byte
// of it. Side effects may become visible now, and not before.
//
// After an *AbortedError it will never be there; what was written is removed as far as
// possible. After an *UnknownOutcomeError it may or may not be there after a restart: its
// effects must be neither committed nor aborted, and the store is poisoned until Recover.
// All other errors are misuse and change nothing.
func (p *Pending) Publish(meta *flink.Metadata, blobs []Blob, names checkpoint.Names) error {
	s := p.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return err
	}
	if p.epoch != s.epoch {
		return fmt.Errorf("checkpoint %v: %w", p.of.ID, errForgotten)
	}
	if err := p.end(errPublished); err != nil {
		return err
	}
	id := p.of.ID
	if err := p.stage(meta, blobs, names); err != nil {
		p.discard()
		return s.aborted(id, err)
	}
	if err := s.fsys.Rename(p.dir, s.dir.Complete(id)); err != nil {
		undone := nothingRenamed(s.fsys, p.dir, err)
		err = fmt.Errorf("rename the staging directory: %w", err)
		if undone {
			p.discard()
			return s.aborted(id, err)
		}
		return s.poison(id, err)
	}
	if err := s.fsys.SyncDir(string(s.dir)); err != nil {
		return s.poison(id, fmt.Errorf("sync the job's directory: %w", err))
	}
	s.have = append(s.have, checkpoint.Known{ID: id, Health: checkpoint.Intact})
	s.newest = id
	return nil
}

// nothingRenamed reports whether a rename of the directory dir that has failed has done
// nothing for certain: it was refused, and the directory is where it was.
func nothingRenamed(fsys durable.FS, dir string, err error) bool {
	if !durable.Refused(err) {
		return false
	}
	_, err = fsys.Stat(dir)
	return err == nil
}

// stage makes everything in the staging directory durable, names and bytes.
func (p *Pending) stage(meta *flink.Metadata, blobs []Blob, names checkpoint.Names) error {
	if newest := p.store.newest; p.of.ID < newest {
		return fmt.Errorf("it was overtaken: checkpoint %v is complete already", newest)
	}
	files, err := p.claim(blobs)
	if err != nil {
		return err
	}
	data, err := p.encode(meta, files, blobs, names)
	if err != nil {
		return err
	}
	return sealStaging(p.store.fsys, p.dir, data, p.store.opts.serial)
}

// sealStaging writes the metadata into a staging directory whose state files are all
// durable, and makes it and all names durable. What is left is to give the directory its
// name, and to sync that.
func sealStaging(fsys durable.FS, dir string, metadata []byte, serial bool) error {
	f, err := fsys.Create(checkpoint.MetadataIn(dir))
	if err != nil {
		return fmt.Errorf("create %s: %w", checkpoint.MetadataName, err)
	}
	if _, err := bytes.NewReader(metadata).WriteTo(f); err != nil { // it reports a short write as well
		_ = f.Close() // the checkpoint fails, and the file with it
		return fmt.Errorf("write %s: %w", checkpoint.MetadataName, err)
	}
	return both(serial,
		func() error { return syncAndClose(f) },
		func() error {
			if err := fsys.SyncDir(dir); err != nil {
				return fmt.Errorf("sync the staging directory: %w", err)
			}
			return nil
		})
}

func syncAndClose(f durable.File) error {
	err := f.Sync()
	if err != nil {
		err = fmt.Errorf("sync %s: %w", checkpoint.MetadataName, err)
	}
	if cerr := f.Close(); cerr != nil && err == nil {
		err = fmt.Errorf("close %s: %w", checkpoint.MetadataName, cerr)
	}
	return err
}

// both runs two functions at the same time, or the second after the first.
func both(serial bool, first, second func() error) error {
	var err1, err2 error
	if serial {
		err1, err2 = first(), second()
	} else {
		var wg sync.WaitGroup
		wg.Go(func() { err2 = second() })
		err1 = first()
		wg.Wait()
	}
	if err1 != nil && err2 != nil {
		return fmt.Errorf("%w; and %w", err1, err2)
	}
	return cmp.Or(err1, err2)
}

// claim checks that the blobs are this checkpoint's, all of them and no others, and
// returns their files, sorted. The staging directory must hold exactly these: one more
// file belongs to a writer that was forgotten.
func (p *Pending) claim(blobs []Blob) ([]checkpoint.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.writers > 0 {
		return nil, fmt.Errorf("%d state writers are still open", p.writers)
	}
	claimed := make(map[string]bool, len(blobs))
	var files []checkpoint.File
	for _, b := range blobs {
		if b.File.Name == "" {
			continue
		}
		f, ok := p.files[b.File.Name]
		if !ok || f.Hash != b.File.Hash {
			return nil, fmt.Errorf("state file %s is not one of this checkpoint's", b.File.Name)
		}
		if claimed[f.Name] {
			return nil, fmt.Errorf("state file %s is acknowledged twice", f.Name)
		}
		claimed[f.Name] = true
		files = append(files, f)
	}
	if len(files) < len(p.files) {
		return nil, fmt.Errorf("%d state files were written and %d acknowledged", len(p.files), len(files))
	}
	slices.SortFunc(files, func(a, b checkpoint.File) int { return strings.Compare(a.Name, b.Name) })

	listing, err := p.store.fsys.ReadDir(p.dir)
	if err != nil {
		return nil, fmt.Errorf("list the staging directory: %w", err)
	}
	for _, e := range listing {
		if f, ok := p.files[e.Name]; !ok || !e.Regular || e.Size != f.Length {
			return nil, fmt.Errorf("%s in the staging directory, of %d bytes, is not what was written there", e.Name, e.Size)
		}
	}
	if len(listing) < len(files) {
		return nil, fmt.Errorf("%d state files were written, and %d are in the staging directory", len(files), len(listing))
	}
	return files, nil
}

// encode makes the contents of _metadata and reads them back: what cannot be read must not
// become a checkpoint.
func (p *Pending) encode(meta *flink.Metadata, files []checkpoint.File, blobs []Blob, names checkpoint.Names) ([]byte, error) {
	payload, err := meta.AppendTo(nil)
	if err != nil {
		return nil, fmt.Errorf("encode the metadata: %w", err)
	}
	data := appendSeal(payload, &Seal{
		Identity:      p.of,
		PayloadLength: int64(len(payload)),
		PayloadHash:   payloadHash(p.of, payload),
		Files:         files,
		Names:         checkpoint.NewNames(names.Job, names.Operators),
	})
	if len(data) > maxMetadataBytes {
		return nil, fmt.Errorf("%s would have %d bytes, more than the %d there may be: "+
			"lower the inline threshold (now %d bytes), so that fewer states are inside of it",
			checkpoint.MetadataName, len(data), maxMetadataBytes, p.store.opts.InlineThreshold)
	}
	again, seal, err := decodeMetadata(data)
	if err != nil {
		return nil, fmt.Errorf("the metadata cannot be read back: %w", err)
	}
	if findings := checkReferences(again, seal); len(findings) > 0 {
		return nil, fmt.Errorf("the metadata does not fit the state: %v", findings[0])
	}
	return data, checkInline(again, blobs)
}

// checkInline checks that the inline states are in the metadata: their bytes are nowhere
// else, and the payload's checksum is what covers them.
func checkInline(meta *flink.Metadata, blobs []Blob) error {
	inline := make(map[string][]byte)
	for ref := range meta.Streams() {
		if h, ok := ref.Handle.(*flink.InlineHandle); ok {
			inline[h.Name] = h.Data
		}
	}
	for _, b := range blobs {
		h, ok := b.Handle.(*flink.InlineHandle)
		if !ok {
			continue
		}
		if data, ok := inline[h.Name]; !ok || !bytes.Equal(data, h.Data) {
			return fmt.Errorf("the inline state %s of %d bytes is not in the metadata", h.Name, len(h.Data))
		}
	}
	return nil
}

// An UnknownOutcomeError says that it is not known whether a checkpoint is complete: the
// rename that makes it so, or the sync after it, has failed in a way that proves nothing.
type UnknownOutcomeError struct {
	ID     checkpoint.ID
	Newest checkpoint.ID // the newest that is known to be complete, 0 if there is none
	Err    error
}

func (e *UnknownOutcomeError) Error() string {
	before := fmt.Sprintf("checkpoint %v before it is complete", e.Newest)
	if e.Newest == 0 {
		before = "there is no complete one before it"
	}
	return fmt.Sprintf("it is not known whether checkpoint %v is complete (%s): %v: "+
		"nothing of it may be committed or aborted; the next start decides by what is on the disk",
		e.ID, before, e.Err)
}

func (e *UnknownOutcomeError) Unwrap() error { return e.Err }

// Permanent reports whether no retry heals it.
func (e *UnknownOutcomeError) Permanent() bool { return !durable.Heals(e.Err) }

// poison stops the store. The caller holds mu.
func (s *Store) poison(id checkpoint.ID, err error) error {
	s.unusable = &UnknownOutcomeError{ID: id, Newest: s.newest, Err: err}
	return s.unusable
}
