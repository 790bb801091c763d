package crashfs_test

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// TestLosses: what is seen after a failed sync, before and after the cache is evicted,
// and after a power cut then.
func TestLosses(t *testing.T) {
	for loss, want := range map[crashfs.Loss]string{
		crashfs.LossZeros: "first00000000", crashfs.LossOld: "first", crashfs.LossHalf: "first0123", crashfs.LossGarbage: "first????????",
	} {
		t.Run(loss.String(), func(t *testing.T) {
			f := crashfs.New(crashfs.Strict)
			f.SetLoss(loss)
			faulty := faultfs.New(f, faultfs.Rule{Ops: faultfs.Sync, K: 2, Err: syscall.EIO})
			w, err := faulty.Create("/f")
			must(err)
			write(t, w, "first")
			must(w.Sync())
			must(f.SyncDir("/"))
			write(t, w, "01234567")
			if err := w.Sync(); !errors.Is(err, syscall.EIO) {
				t.Fatal(err)
			}
			r, err := f.Open("/f")
			must(err)
			read := func() string {
				b := make([]byte, 20)
				n, _ := r.ReadAt(b, 0)
				if loss == crashfs.LossGarbage && n == 13 && string(b[5:n]) != "01234567" {
					return string(b[:5]) + "????????"
				}
				return legible(b[:n])
			}
			if got := read(); got != "first01234567" {
				t.Errorf("through the cache: %q", got)
			}
			if n := len(treesAt(t, f)); n != 5 {
				t.Errorf("a power cut leaves one of %d states, want 5", n)
			}
			must(r.Evict())
			if got := read(); got != want {
				t.Errorf("from the disk: %q, want %q", got, want)
			}
			if trees := treesAt(t, f); len(trees) != 1 {
				t.Errorf("what was read from the disk is not what is there: %q", trees)
			}
		})
	}
}

// TestWhoRetriesLoses lets writers write one value each, whose sync fails once. All of
// them say in the end that the value is safe; for those that believe the second sync, or
// the cache, it is not. A bench on which they lose nothing would prove nothing.
func TestWhoRetriesLoses(t *testing.T) {
	const value = "the value"
	type writer func(f *crashfs.FS, failing durable.FS) (name string, err error)
	begin := func(fsys durable.FS, name string) durable.File {
		w, err := fsys.Create(name)
		must(err)
		write(t, w, value)
		return w
	}
	// below is the same file without the wrapper, which would not let a dead one be synced.
	retry := func(f *crashfs.FS) {
		l, err := f.Lock("/a")
		must(err)
		must(l.Sync())
		must(l.Close())
	}
	for _, c := range []struct {
		name  string
		loses bool
		write writer
	}{
		{"syncs again", true, func(f *crashfs.FS, failing durable.FS) (string, error) {
			w := begin(failing, "/a")
			if w.Sync() != nil {
				retry(f)
			}
			return "/a", nil
		}},
		{"syncs again and reads it back", true, func(f *crashfs.FS, failing durable.FS) (string, error) {
			w := begin(failing, "/a")
			if w.Sync() != nil {
				retry(f)
			}
			return "/a", holds(f, "/a", value, false)
		}},
		{"syncs again and reads it back from the disk", false, func(f *crashfs.FS, failing durable.FS) (string, error) {
			w := begin(failing, "/a")
			if w.Sync() != nil {
				retry(f)
			}
			return "/a", holds(f, "/a", value, true)
		}},
		{"gives the file up and writes another", false, func(f *crashfs.FS, failing durable.FS) (string, error) {
			if w := begin(failing, "/a"); w.Sync() == nil {
				return "/a", nil
			}
			return "/b", begin(failing, "/b").Sync()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, loss := range crashfs.Losses {
				f := crashfs.New(crashfs.Strict)
				f.SetLoss(loss)
				failing := faultfs.New(f, faultfs.Rule{Ops: faultfs.Sync, K: 1, Err: syscall.EIO})
				r, err := crashfs.Sweep(f, crashfs.Options{}, func() error {
					name, err := c.write(f, failing)
					if err != nil {
						return nil // it says that it lost it, and that is honest
					}
					must(f.SyncDir("/"))
					f.Ack(name)
					return nil
				}, func(s *crashfs.State) error {
					if !slices.Contains(s.Acked(), "/a") && !slices.Contains(s.Acked(), "/b") {
						return nil
					}
					return holds(s.FS(), s.Acked()[0], value, true)
				})
				must(err)
				if (r.Bad > 0) != c.loses {
					t.Errorf("loss %v: %v", loss, r)
				}
			}
		})
	}
}

// holds reads a file, from the cache or from the disk.
func holds(f durable.FS, name, want string, evict bool) error {
	r, err := f.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	if evict {
		must(r.Evict())
	}
	b := make([]byte, len(want)+1)
	if n, _ := r.ReadAt(b, 0); string(b[:n]) != want {
		return fmt.Errorf("%s holds %q", name, b[:n])
	}
	return nil
}
