package crashfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
)

// what says how a bad state is bad: whether everything was lost or an older checkpoint is
// left, and what is wrong with the one that was acknowledged.
func (p protocol) what(s *crashfs.State) string {
	err := p.oracle(s)
	if err == nil {
		return ""
	}
	kind := "regress"
	if errors.Is(err, errLost) {
		kind = "loss"
	}
	acked := len(s.Acked()) // the ids are 1, 2, 3, …
	fsys := s.FS()
	dir := checkpointDir(acked)
	if _, err := fsys.Stat(dir); err != nil {
		return kind + ": no directory"
	}
	if acked == 0 {
		return kind + ": nothing was acknowledged"
	}
	var wrong []string
	for i := -1; i < p.stateFiles; i++ {
		name, short := "_metadata", "metadata"
		if i >= 0 {
			name, short = stateName(i), "state"
		}
		data, err := readFile(fsys, path.Join(dir, name))
		want := contentOf(acked, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			wrong = append(wrong, short+" missing")
		case err != nil:
			panic(err)
		case bytes.Equal(data, want):
		case len(data) == 0:
			wrong = append(wrong, short+" empty")
		case len(data) < len(want):
			wrong = append(wrong, short+" partial")
		case bytes.Equal(data, make([]byte, len(want))):
			wrong = append(wrong, short+" zeros")
		default:
			wrong = append(wrong, short+" garbage")
		}
	}
	return kind + ": " + strings.Join(wrong, ", ")
}

// TestClasses: what is lost by the two sequences of Flink on each file system is what
// durability.md, sections 3.3 and 3.4, found there with real ones: before the fix the
// state is lost, with an empty file; after it the newest checkpoint, as its metadata
// still has its temporary name, and on a file system without one ordered journal, or with
// blocks that are given away too early, everything.
func TestClasses(t *testing.T) {
	const (
		noMetadata = "metadata missing"
		empty      = "state empty"
		half       = "state partial"
		gone       = "state missing"
	)
	regress := func(what ...string) string { return "regress: " + strings.Join(what, ", ") }
	loss := func(what ...string) string { return "loss: " + strings.Join(what, ", ") }

	ordered := []string{loss(empty), loss(half), regress(empty), regress(half),
		regress(noMetadata), regress(noMetadata, empty), regress(noMetadata, half)}
	btrfs := slices.Concat(ordered, []string{regress(noMetadata, gone)})
	for _, c := range []struct {
		model crashfs.Model
		name  string
		cycle func(*script, int)
		all   []string // exactly these
		some  []string // these and others
	}{
		{crashfs.Ext4, "log1", log1, ordered, nil},
		{crashfs.XFS, "log1", log1, ordered, nil},
		{crashfs.Btrfs, "log1", log1, btrfs, nil},
		{crashfs.Ext4NoDelalloc, "log1", log1, []string{regress(noMetadata)}, nil},
		{crashfs.Writeback, "log1", log1, nil, slices.Concat(ordered, []string{loss("state zeros"), loss("state garbage"), loss(noMetadata)})},
		{crashfs.NoJournal, "log1", log1, nil, slices.Concat(btrfs, []string{loss("state zeros"), loss("state garbage"), loss(noMetadata), loss("no directory")})},
		{crashfs.Strict, "log1", log1, nil, slices.Concat(btrfs, []string{loss("state zeros"), loss("state garbage"), loss(noMetadata), loss("no directory"), loss(gone), regress("no directory")})},

		{crashfs.Ext4, "log2", log2, []string{regress(noMetadata)}, nil},
		{crashfs.XFS, "log2", log2, []string{regress(noMetadata)}, nil},
		{crashfs.Btrfs, "log2", log2, []string{regress(noMetadata)}, nil},
		{crashfs.Ext4NoDelalloc, "log2", log2, []string{regress(noMetadata)}, nil},
		// The removed checkpoint comes back with a valid _metadata and garbage for a state.
		{crashfs.Writeback, "log2", log2, []string{loss(noMetadata), regress(noMetadata)}, nil},
		{crashfs.NoJournal, "log2", log2, nil, []string{loss(noMetadata), loss("no directory"), loss(gone), regress(noMetadata), regress("no directory")}},
		{crashfs.Strict, "log2", log2, nil, []string{loss(noMetadata), loss("no directory"), loss(gone), regress(noMetadata), regress("no directory")}},

		{crashfs.Strict, "in-place", inPlace, []string{}, nil},
		{crashfs.Strict, "stage", stage, []string{}, nil},
		{crashfs.NoJournal, "stage", stage, []string{}, nil},
		{crashfs.Btrfs, "stage", stage, []string{}, nil},
		{crashfs.Writeback, "stage", stage, []string{}, nil},
		{crashfs.XFS, "stage", stage, []string{}, nil},
	} {
		t.Run(fmt.Sprintf("%s/%s", c.model, c.name), func(t *testing.T) {
			found := map[string]bool{}
			p := protocol{1, 1, c.cycle}
			fsys := crashfs.New(c.model)
			s := &script{FS: fsys, ack: fsys.Ack, syncAll: fsys.SyncAll, protocol: p}
			s.setup()
			fsys.Settle()
			_, err := crashfs.Sweep(fsys, crashfs.Options{}, func() error { p.cycle(s, 1); return nil },
				func(s *crashfs.State) error {
					if what := p.what(s); what != "" {
						found[what] = true
					}
					return nil
				})
			must(err)
			got := slices.Sorted(maps.Keys(found))
			if c.all != nil && !slices.Equal(got, slices.Sorted(slices.Values(c.all))) {
				t.Errorf("found %q\nwant  %q", got, slices.Sorted(slices.Values(c.all)))
			}
			for _, what := range c.some {
				if !found[what] {
					t.Errorf("%q was not found, but %q", what, got)
				}
			}
		})
	}
}
