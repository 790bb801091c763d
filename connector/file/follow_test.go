package file

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
)

// follower reads a followed file; the clock is the test's.
type follower struct {
	t      *testing.T
	reader weir.Reader[string]
}

func follow(t *testing.T, src weir.Source[string], id string, from []byte) *follower {
	t.Helper()
	r, err := src.Open(t.Context(), weir.Split{ID: id, Position: from})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return &follower{t, r}
}

// want reads until nothing more is there.
func (f *follower) want(want ...string) {
	f.t.Helper()
	var got []string
	for {
		records := make([]string, 3)
		begin := time.Now()
		n, err := f.reader.Read(f.t.Context(), records)
		if err != nil {
			f.t.Fatal(err)
		}
		if d := time.Since(begin); d > 0 {
			f.t.Errorf("Read waited for %v", d)
		}
		if n == 0 {
			break
		}
		got = append(got, records[:n]...)
	}
	if !same(got, want) {
		f.t.Fatalf("got %.100q, want %.100q", got, want)
	}
}

func TestFollow(t *testing.T) {
	for _, p := range packings {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "in")
				write(t, path, nil)
				src := Lines(path, Follow())
				if src.Bounded() {
					t.Error("it is bounded")
				}
				f := follow(t, src, "in", nil)
				f.want()
				add(t, path, p.pack("1\n2\n"))
				f.want("1", "2")
				f.want()
				add(t, path, p.pack("3\nhal"))
				f.want("3")
				at := f.reader.Position()
				add(t, path, p.pack("f\r"))
				f.want()
				add(t, path, p.pack("\n4\n"))
				f.want("half", "4")
				follow(t, src, "in", at).want("half", "4")
				long := strings.Repeat("x", 3*bufferBytes)
				add(t, path, p.pack(long+"\n5\n"))
				f.want(long, "5")
				follow(t, src, "in", nil).want("1", "2", "3", "half", "4", long, "5")
			})
		})
	}
}

// A gzip file that grows byte by byte gives every line once, wherever it ends for now.
func TestFollowTornGzip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "in.gz")
		write(t, path, nil)
		src := Lines(path, Follow())
		f := follow(t, src, "in.gz", nil)
		member := zip("1\n2\n" + strings.Repeat("3", 100) + "\n")
		whole := append(bytes.Clone(member), zip("4\n")...)
		var got []string
		for i := range whole {
			add(t, path, whole[i:i+1])
			for {
				records := make([]string, 2)
				n, err := f.reader.Read(t.Context(), records)
				if err != nil {
					t.Fatal(i, err)
				}
				if n == 0 {
					break
				}
				got = append(got, records[:n]...)
				at := f.reader.Position()
				follow(t, src, "in.gz", at) // can be gone to
			}
		}
		if want := []string{"1", "2", strings.Repeat("3", 100), "4"}; !same(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		// Of what is torn only the member will be unpacked again.
		write(t, filepath.Join(filepath.Dir(path), "torn.gz"), whole[:len(whole)-3])
		f = follow(t, Lines(filepath.Dir(path), Follow()), "torn.gz", nil)
		f.want("1", "2", strings.Repeat("3", 100), "4")
		if start := f.reader.(*reader[string]).scan.in.unpack.(*gunzip).start; start != int64(len(member)) {
			t.Errorf("unpacked from %d on, want %d", start, len(member))
		}
	})
}

func TestFollowEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "in")
		write(t, path, []byte("1\n"))
		f := follow(t, Lines(path, Follow()), "in", nil)
		f.want("1")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		add(t, path, []byte("2\n"))
		if n, err := f.reader.Read(ctx, make([]string, 1)); n != 0 || err != context.Canceled {
			t.Fatal(n, err)
		}
		f.want("2") // nothing was lost
	})
}

func TestFollowNewFiles(t *testing.T) {
	dir := t.TempDir()
	src := Lines(dir, Follow())
	for _, name := range []string{"b", "a", "_c"} {
		if ids, err := src.Splits(t.Context()); err != nil || len(ids) > 2 {
			t.Fatal(ids, err)
		}
		write(t, filepath.Join(dir, name), nil)
	}
	if ids, err := src.Splits(t.Context()); err != nil || !same(ids, []string{"a", "b"}) {
		t.Fatal(ids, err)
	}
}

func TestBoundedThenFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "in")
		write(t, path, []byte("1\n2"))
		_, end := mustRead(t, Lines(path), "in", nil)
		f := follow(t, Lines(path, Follow()), "in", end)
		f.want()
		add(t, path, []byte("\r"))
		f.want()
		add(t, path, []byte("\n3\n"))
		f.want("3")
		f = follow(t, Lines(path, Follow()), "in", nil)
		f.want("1", "2", "3")
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
