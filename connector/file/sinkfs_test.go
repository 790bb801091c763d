package file

import (
	"context"
	"path"
	"path/filepath"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// rooted puts every name below a folder of the real file system.
type rooted struct {
	durable.FS
	root string
}

func (r rooted) at(name string) string { return path.Join(r.root, name) }

func (r rooted) Create(name string) (durable.File, error)     { return r.FS.Create(r.at(name)) }
func (r rooted) Open(name string) (durable.Reader, error)     { return r.FS.Open(r.at(name)) }
func (r rooted) Mkdir(name string) error                      { return r.FS.Mkdir(r.at(name)) }
func (r rooted) Rename(from, to string) error                 { return r.FS.Rename(r.at(from), r.at(to)) }
func (r rooted) Remove(name string) error                     { return r.FS.Remove(r.at(name)) }
func (r rooted) ReadDir(name string) ([]durable.Entry, error) { return r.FS.ReadDir(r.at(name)) }
func (r rooted) Stat(name string) (durable.Entry, error)      { return r.FS.Stat(r.at(name)) }
func (r rooted) SyncDir(name string) error                    { return r.FS.SyncDir(r.at(name)) }

func fileSystems(t *testing.T) map[string]durable.FS {
	return map[string]durable.FS{
		"os":      rooted{durable.OS(), filepath.ToSlash(t.TempDir())},
		"crashfs": crashfs.New(crashfs.Strict),
	}
}

func openWriter[T any](t testing.TB, s weir.Sink[T], c weir.SinkContext) weir.Writer[T] {
	t.Helper()
	w, err := s.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func prepare[T any](t testing.TB, w weir.Writer[T], id checkpoint.ID) []byte {
	t.Helper()
	p, err := w.Prepare(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var first = weir.SinkContext{SinkID: weir.SinkID{Job: "job", Operator: "out"}, Incarnation: 1, Attempt: 1}
