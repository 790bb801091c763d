package crashfs_test

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// TestGoldenAgainstReference counts the golden sequences with the reference, too, which
// goes through every combination of every register and knows no shortcuts.
func TestGoldenAgainstReference(t *testing.T) {
	for name, cycle := range map[string]func(*script, int){
		"log1": log1, "log2": log2, "in-place": inPlace, "stage": stage, "syncfs": syncFS,
		"in-place-sync-last": inPlaceSyncLast, "in-place-job-dir-first": inPlaceJobDirFirst,
	} {
		for _, model := range everyModel {
			for _, n := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s/%s/N=%d", model, name, n), func(t *testing.T) {
					p := protocol{n, n, cycle}
					r := p.sweep(t, model, 1)
					if r.States > 8000 {
						t.Skipf("%d states are too many for the reference", r.States)
					}
					states, distinct := p.refer(model)
					if r.States != states || r.Distinct != distinct {
						t.Errorf("%v; by the reference %d states, %d distinct", r, states, distinct)
					}
				})
			}
		}
	}
}

// refer counts the states of one cycle by the reference.
func (p protocol) refer(m crashfs.Model) (states uint64, distinct int) {
	r := &referenceFS{reference: newReference(m)}
	s := &script{FS: r, protocol: p}
	s.ack = func(label string) { r.acks += label + " "; r.point() }
	s.syncAll = func() { r.settle(); r.point() }
	s.setup()
	r.settle()
	r.seen, r.total = map[string]bool{}, 0
	r.point()
	p.cycle(s, 1)
	return r.total, len(r.seen)
}

// A referenceFS lets a script have its way with the reference, and counts states after
// every operation.
type referenceFS struct {
	durable.FS // what no script does
	*reference
	acks  string
	seen  map[string]bool
	total uint64
}

func (r *referenceFS) point() {
	if r.seen == nil {
		return
	}
	for tree, weight := range r.states() {
		r.seen[r.acks+tree] = true
		r.total += weight
	}
}

func (r *referenceFS) settle() {
	for _, e := range r.pending {
		refApply(e.dir.durable, e.sets)
	}
	r.pending = nil
	for _, n := range r.nodes {
		n.born, n.synced = true, n.data
	}
}

func (r *referenceFS) Mkdir(name string) error {
	r.make(name, true)
	return nil
}

func (r *referenceFS) Create(name string) (durable.File, error) {
	return &referenceFile{fs: r, node: r.make(name, false)}, nil
}

func (r *referenceFS) make(name string, dir bool) *refNode {
	parent, _ := r.find(path.Dir(name))
	n := r.node(dir)
	r.change(parent, n, true, map[string]*refNode{path.Base(name): n})
	r.point()
	return n
}

func (r *referenceFS) Rename(from, to string) error {
	n, dir := r.find(from)
	if parent, _ := r.find(path.Dir(to)); parent != dir {
		panic("from one directory to another: " + from)
	}
	r.change(dir, n, false, map[string]*refNode{path.Base(from): nil, path.Base(to): n})
	r.point()
	return nil
}

func (r *referenceFS) Remove(name string) error {
	n, dir := r.find(name)
	n.removed = true
	r.change(dir, n, false, map[string]*refNode{path.Base(name): nil})
	r.point()
	return nil
}

func (r *referenceFS) SyncDir(name string) error {
	n, _ := r.find(name)
	r.sync(n)
	r.point()
	return nil
}

type referenceFile struct {
	fs   *referenceFS
	node *refNode
}

func (f *referenceFile) Write(p []byte) (int, error) {
	f.node.data += strings.ToUpper(string(p))
	f.fs.point()
	return len(p), nil
}

func (f *referenceFile) Sync() error {
	f.fs.sync(f.node)
	f.fs.point()
	return nil
}

func (f *referenceFile) Close() error { return nil }
