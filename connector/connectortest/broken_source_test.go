package connectortest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirstream/weir"
)

// A notebook is a source that does it right, written down as simply as it goes, and with
// places where it can be done wrong.
type notebook struct {
	pages map[string][][]byte // splits
	do    wrongs
}

// wrongs are the ways to be wrong; the zero value is right.
type wrongs struct {
	splits   func(ids []string) []string
	open     func(r *page, id string) (*page, error)
	position func(r *page) []byte
	read     func(r *page, ctx context.Context, records [][]byte) (int, error)
	close    func(r *page) error
	decode   func(position []byte) (int, error)
	bounded  func() bool
}

type page struct {
	lines  [][]byte
	at     int
	do     *wrongs
	buf    []byte // for those who are wrong
	closed bool
}

func (s notebook) Bounded() bool { return s.do.bounded == nil || s.do.bounded() }

func (s notebook) Splits(context.Context) ([]string, error) {
	var ids []string
	for id := range s.pages {
		ids = append(ids, id)
	}
	if s.do.splits != nil {
		ids = s.do.splits(ids)
	}
	return ids, nil
}

func (s notebook) Open(_ context.Context, split weir.Split) (weir.Reader[[]byte], error) {
	lines, ok := s.pages[split.ID]
	if !ok && s.do.open == nil {
		return nil, weir.Permanent(fmt.Errorf("there is no split %q", split.ID))
	}
	r := &page{lines: lines, do: &s.do}
	if split.Position != nil {
		decode := s.do.decode
		if decode == nil {
			decode = decodeAt
		}
		at, err := decode(split.Position)
		if err == nil && at > len(lines) {
			err = weir.Permanent(errors.New("behind the end"))
		}
		if err != nil {
			return nil, err
		}
		r.at = at
	}
	if s.do.open != nil {
		return s.do.open(r, split.ID)
	}
	return r, nil
}

func decodeAt(position []byte) (int, error) {
	if len(position) != 4 || binary.BigEndian.Uint32(position) > 1<<20 {
		return 0, weir.Permanent(errors.New("not a position of a notebook"))
	}
	return int(binary.BigEndian.Uint32(position)), nil
}

func (r *page) Read(ctx context.Context, records [][]byte) (int, error) {
	if r.do.read != nil {
		return r.do.read(r, ctx, records)
	}
	return r.right(ctx, records)
}

func (r *page) right(_ context.Context, records [][]byte) (n int, err error) {
	for ; n < len(records) && r.at < len(r.lines); n++ {
		records[n] = slices.Clone(r.lines[r.at])
		r.at++
	}
	if r.at == len(r.lines) {
		return n, io.EOF
	}
	return n, nil
}

func (r *page) Position() []byte {
	if r.do.position != nil {
		return r.do.position(r)
	}
	return encodeAt(r.at)
}

func encodeAt(at int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(at)) }

func (r *page) Close() error {
	if r.do.close != nil {
		return r.do.close(r)
	}
	return nil
}

func notebookPages() map[string][][]byte {
	pages := map[string][][]byte{"a": nil, "b": nil, "none": nil}
	for i := range 20 {
		pages["a"] = append(pages["a"], fmt.Appendf(nil, "a%d", i))
	}
	for i := range 5 {
		pages["b"] = append(pages["b"], fmt.Appendf(nil, "b%d", i))
	}
	return pages
}

func notebookTest(do func() wrongs) *sourceTest[[]byte] {
	return newSourceTest(SourceConfig[[]byte]{
		New:     func() weir.Source[[]byte] { return notebook{notebookPages(), do()} },
		Want:    notebookPages(),
		Refused: [][]byte{encodeAt(21), []byte("old")},
		Failing: func() weir.Source[[]byte] {
			do := do()
			if do.read == nil {
				do.read = tornAt7
			}
			return notebook{notebookPages(), do}
		},
	})
}

var errTorn = weir.Permanent(errors.New("the page is torn"))

// tornAt7 fails at the seventh record, and in a split with less at its end.
func tornAt7(r *page, ctx context.Context, records [][]byte) (int, error) {
	end := min(7, len(r.lines))
	if r.at == end {
		return 0, errTorn
	}
	if r.at > end {
		return r.right(ctx, records)
	}
	n, _ := r.right(ctx, records[:min(len(records), end-r.at)])
	return n, nil
}

// wantCaught makes sure that the first check that fails is the one, and that it says what
// it is about.
func wantCaught[S any](t *testing.T, s S, checks []check[S], by string) {
	t.Helper()
	for _, c := range checks {
		err := c.do(s)
		var skip passedOver
		if err == nil || errors.As(err, &skip) {
			continue
		}
		t.Logf("%s: %.600v", c.name, err)
		if c.name != by {
			t.Errorf("%q is the first to fail, want %q", c.name, by)
		}
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s does not quote what it is about: %v", c.name, err)
		}
		return
	}
	t.Errorf("nothing is found, and %q should have", by)
}

func TestNotebook(t *testing.T) {
	Source(t, notebookTest(func() wrongs { return wrongs{} }).SourceConfig)
}

// unstable has the records of every other reader in another order.
func unstable() wrongs {
	readers := 0
	return wrongs{open: func(r *page, id string) (*page, error) {
		if readers++; readers%2 == 0 {
			r.lines = slices.Clone(r.lines)
			slices.Reverse(r.lines)
		}
		return r, nil
	}}
}

// oneForAll has one reader for each split, whoever asks; and a lock, so that it is wrong
// in this way only.
func oneForAll() wrongs {
	shared := map[string]*page{}
	var mu sync.Mutex
	locked := func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
	return wrongs{
		open: func(r *page, id string) (_ *page, err error) {
			locked(func() {
				if shared[id] == nil || shared[id].closed {
					shared[id] = r
				}
				r = shared[id]
			})
			return r, nil
		},
		read: func(r *page, ctx context.Context, records [][]byte) (n int, err error) {
			locked(func() { n, err = r.right(ctx, records) })
			return n, err
		},
		position: func(r *page) (p []byte) {
			locked(func() { p = encodeAt(r.at) })
			return p
		},
		close: func(r *page) error {
			locked(func() { r.closed = true })
			return nil
		},
	}
}

// Each of them is wrong in one way, and each is caught, by the check that is named.
func TestBrokenSources(t *testing.T) {
	always := func(w wrongs) func() wrongs { return func() wrongs { return w } }
	for _, test := range []struct {
		name     string
		do       func() wrongs
		caughtBy string
	}{
		{"a split is listed twice", always(wrongs{splits: func(ids []string) []string { return append(ids, ids[0]) }}), "splits"},
		{"an id is empty", always(wrongs{splits: func(ids []string) []string { return append(ids, "") }}), "splits"},
		{"a split is missing", always(wrongs{splits: func(ids []string) []string { return ids[1:] }}), "splits"},
		{"ids differ from process to process", func() wrongs {
			process := rand.Uint32()
			return wrongs{splits: func(ids []string) []string {
				for i := range ids {
					ids[i] = fmt.Sprintf("%s-%x", ids[i], process)
				}
				return ids
			}}
		}, "splits"},
		{"ids differ from call to call", func() wrongs {
			calls := 0
			return wrongs{splits: func(ids []string) []string {
				if calls++; calls > 1 {
					ids[0] += "'"
				}
				return ids
			}}
		}, "splits"},
		{"bounded, and then not", func() wrongs {
			asked := 0
			return wrongs{bounded: func() bool { asked++; return asked%2 == 1 }}
		}, "splits"},
		{"the last record is left out", always(wrongs{read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
			n, err := r.right(ctx, records)
			if err == io.EOF && n > 0 {
				n--
			}
			return n, err
		}}), "records"},
		{"record order differs from reader to reader", always(unstable()), "records"},
		{"says that it filled more than there is room for", always(wrongs{read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
			n, err := r.right(ctx, records)
			return n + 1, err
		}}), "splits"},
		{"the end has no end", always(wrongs{read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
			if r.at == len(r.lines) && r.closed {
				return 0, nil
			}
			n, err := r.right(ctx, records)
			r.closed = err == io.EOF
			return n, err
		}}), "end"},
		{"begins anew after its end", always(wrongs{read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
			n, err := r.right(ctx, records)
			if err == io.EOF && len(r.lines) > 0 {
				r.at, r.closed = 0, true
			}
			return n, err
		}, position: func(r *page) []byte {
			if r.closed && r.at == 0 {
				return encodeAt(len(r.lines))
			}
			return encodeAt(r.at)
		}}), "end"},
		{"the position's slice is used again", always(wrongs{position: func(r *page) []byte {
			r.buf = append(r.buf[:0], encodeAt(r.at)...)
			return r.buf
		}}), "positions"},
		{"the records' bytes are used again", always(wrongs{read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
			n, err := r.right(ctx, records)
			r.buf = r.buf[:0]
			for i := range n {
				r.buf = append(r.buf, records[i]...)
			}
			if cap(r.buf) < 1<<12 {
				r.buf = append(make([]byte, 0, 1<<12), r.buf...)
			}
			off := 0
			for i := range n {
				records[i] = r.buf[off : off+len(records[i]) : off+len(records[i])]
				off += len(records[i])
			}
			return n, err
		}}), "records are kept"},
		{"position off by one", always(wrongs{position: func(r *page) []byte { return encodeAt(max(0, r.at-1)) }}), "end"},
		{"position off by one, but at the end", always(wrongs{position: func(r *page) []byte {
			if r.at == len(r.lines) {
				return encodeAt(r.at)
			}
			return encodeAt(r.at + 1)
		}}), "replay"},
		{"no position", always(wrongs{position: func(r *page) []byte { return nil }}), "end"},
		{"position is where the batch began", always(wrongs{read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
			began := r.at
			n, err := r.right(ctx, records)
			if r.buf = encodeAt(began); n == 0 || err == io.EOF {
				r.buf = encodeAt(r.at)
			}
			return n, err
		}, position: func(r *page) []byte {
			if r.buf == nil {
				return encodeAt(r.at)
			}
			return slices.Clone(r.buf)
		}}), "replay"},
		{"position moves when it is asked for", always(wrongs{position: func(r *page) []byte { r.at++; return encodeAt(r.at - 1) }}), "splits"},
		{"state in the source", oneForAll, "readers at the same time"},
		{"a cancelled read loses its records", always(wrongs{read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
			n, err := r.right(ctx, records)
			if ctx.Err() != nil {
				return 0, ctx.Err()
			}
			return n, err
		}}), "cancel"},
		{"close fails in the middle", always(wrongs{close: func(r *page) error {
			if r.at > 0 && r.at < len(r.lines) {
				return errors.New("not read to its end")
			}
			return nil
		}}), "close"},
		{"any split is opened", always(wrongs{open: func(r *page, id string) (*page, error) {
			return r, nil
		}}), "unknown split"},
		{"a position behind the end is the end", always(wrongs{decode: func(p []byte) (int, error) {
			at, err := decodeAt(p)
			return min(at, 20), err
		}}), "impossible positions"},
		{"what is no position is the beginning", always(wrongs{decode: func(p []byte) (int, error) {
			at, err := decodeAt(p)
			if err != nil {
				at = 0
			}
			return at, nil
		}}), "impossible positions"},
		{"a refusal is not permanent", always(wrongs{decode: func(p []byte) (int, error) {
			if at, err := decodeAt(p); err == nil {
				return at, nil
			}
			return 0, errors.New("not a position")
		}}), "impossible positions"},
		{"a position that it cannot have made panics", always(wrongs{decode: func(p []byte) (int, error) {
			return int(binary.BigEndian.Uint32(p)), nil
		}}), "impossible positions"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := notebookTest(test.do)
			wantCaught(t, s, sourceChecks[[]byte](), test.caughtBy)
		})
	}
}

// A source that fails is wrong in ways of its own.
func TestBrokenFailingSources(t *testing.T) {
	for _, test := range []struct {
		name string
		do   wrongs
	}{
		{"it reads on behind the error", wrongs{read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
			if r.at == 7 {
				r.at++
				return 0, errTorn
			}
			return r.right(ctx, records[:1])
		}}},
		{"the position moves with the error", wrongs{read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
			n, err := tornAt7(r, ctx, records)
			if err != nil && r.at < len(r.lines) {
				r.at++
			}
			return n, err
		}}},
		{"the end is reported instead", wrongs{}},
		{"close fails after an error", wrongs{read: tornAt7, close: func(r *page) error { return errTorn }}},
		{"close panics after an error", wrongs{read: tornAt7, close: func(r *page) error { panic(errTorn) }}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := notebookTest(func() wrongs { return wrongs{} })
			s.Failing = func() weir.Source[[]byte] { return notebook{notebookPages(), test.do} }
			wantCaught(t, s, sourceChecks[[]byte](), "after an error")
		})
	}
}

// What waits for ever is said to hang, by the check that makes it wait.
func TestHangingSources(t *testing.T) {
	for _, test := range []struct {
		name     string
		do       wrongs
		caughtBy string
	}{
		{"Read waits for records that do not come", wrongs{
			bounded: func() bool { return false },
			read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
				if n, _ := r.right(ctx, records); n > 0 {
					return n, nil
				}
				<-ctx.Done()
				return 0, ctx.Err()
			},
		}, "end"},
		{"Read does not mind its context", wrongs{
			read: func(r *page, ctx context.Context, records [][]byte) (int, error) {
				if ctx.Err() != nil {
					select {}
				}
				return r.right(ctx, records)
			},
		}, "cancel"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := notebookTest(func() wrongs { return test.do })
			s.Failing, s.patience = nil, time.Second
			wantCaught(t, s, sourceChecks[[]byte](), test.caughtBy)
		})
	}
}
