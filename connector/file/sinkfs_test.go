package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// outDir is the folder of the sinks under test; its parent is to be made too.
const outDir = "/data/out"

// visible lists the records in visible files, sorted, and the names of hidden files.
func visible(fsys durable.FS, dir string) (records, hidden []string, err error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name, ".lock-") {
			continue
		}
		if strings.HasPrefix(e.Name, ".") {
			hidden = append(hidden, e.Name)
			continue
		}
		content, err := readFile(fsys, path.Join(dir, e.Name))
		if err != nil {
			return nil, nil, err
		}
		if !strings.HasSuffix(content, "\n") {
			return nil, nil, fmt.Errorf("%s is torn: %q", e.Name, content)
		}
		records = append(records, strings.Split(strings.TrimSuffix(content, "\n"), "\n")...)
	}
	slices.Sort(records)
	return records, hidden, nil
}

func readFile(fsys durable.FS, name string) (string, error) {
	r, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b := make([]byte, r.Size())
	if _, err := r.ReadAt(b, 0); err != nil && !(errors.Is(err, io.EOF)) {
		return "", err
	}
	return string(b), nil
}

// claim claims the folder for a run, until the end of the test at the latest.
func claim[T any](t testing.TB, s weir.Sink[T], c weir.Claim) (release func()) {
	t.Helper()
	r, err := s.(weir.Claimer).Claim(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if err := r(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	return release
}

// openWriter opens a writer, and claims the folder before if that was not done.
func openWriter[T any](t testing.TB, s weir.Sink[T], c weir.SinkContext) weir.Writer[T] {
	t.Helper()
	if _, ok := s.(sink[T]).running.of(ownerOf(c.SinkID)); !ok {
		claim(t, s, weir.Claim{SinkID: c.SinkID, Owner: "a test", Lineage: "a"})
	}
	w, err := s.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func prepare[T any](t testing.TB, w weir.Writer[T], id checkpoint.ID) []byte {
	t.Helper()
	p, err := w.Prepare(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var first = weir.SinkContext{SinkID: weir.SinkID{Job: "job", Operator: "out"}, Incarnation: 1, Attempt: 1}
