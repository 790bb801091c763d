package file

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir"
)

// A time of change counts only if it was not recent when it was seen.
func TestSettled(t *testing.T) {
	now := time.Now()
	for age, want := range map[time.Duration]bool{-time.Hour: false, 0: false, settling - time.Second: false, settling + time.Second: true, 24 * time.Hour: true} {
		s := stamp{size: 7, changed: now.Add(-age).UnixNano()}
		if got := s.settled(); got.size != 7 || (got.changed == s.changed) != want || !want && got.changed != 0 {
			t.Errorf("%v old: %+v", age, got)
		}
	}
	same := stamp{7, 9}
	for _, test := range []struct {
		was, now stamp
		want     bool
	}{{same, same, true}, {stamp{7, 0}, stamp{7, 0}, false}, {same, stamp{8, 9}, false}, {same, stamp{7, 10}, false}} {
		if got := test.was.proves(test.now); got != test.want {
			t.Errorf("%+v proves %+v: %v", test.was, test.now, got)
		}
	}
}

// A file that its number, size and time of change prove to be unchanged is not read again
// before the position; any other is, to the last byte. At the end it is not even opened.
func TestProof(t *testing.T) {
	content := strings.Repeat("a line\n", 10_000)
	for name, test := range map[string]struct {
		change func(t *testing.T, path string, at *position)
		again  bool // it is read again
	}{
		"unchanged":                  {func(*testing.T, string, *position) {}, false},
		"another number":             {func(_ *testing.T, _ string, at *position) { at.file.number++ }, true},
		"another device":             {func(_ *testing.T, _ string, at *position) { at.file.device++ }, true},
		"another time of change":     {func(_ *testing.T, _ string, at *position) { at.seen.changed++ }, true},
		"a time that is not settled": {func(_ *testing.T, _ string, at *position) { at.seen.changed = 0 }, true},
		"another size":               {func(t *testing.T, path string, _ *position) { add(t, path, []byte("more\n")) }, true},
		"other permissions":          {func(t *testing.T, path string, _ *position) { must(t, os.Chmod(path, 0o600)) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, []byte(content))
			st, err := look(path)
			must(t, err)
			at := positionAfter(content[:len(content)/2])
			at.file, at.seen = st.ident, st.stamp // as if it were settled
			test.change(t, path, &at)
			src := Lines(path)
			r, err := src.Open(t.Context(), weir.Split{ID: "in", Position: at.encode()})
			must(t, err)
			defer r.Close()
			n, err := r.Read(t.Context(), make([]string, 10))
			if n != 10 || err != nil {
				t.Fatal(n, err)
			}
			if rd := r.(*reader[string]); len(rd.tape.first) != firstBytes || len(rd.tape.last) != lastBytes {
				t.Errorf("the file would not be known again: %d bytes of its beginning, %d before its end", len(rd.tape.first), len(rd.tape.last))
			}
			// Where it is read again, it must be what was read.
			at.all++
			steps, err := read(src, "in", at.encode(), 100)
			if test.again {
				wantPermanent(t, err, "not what was read")
			} else if err != nil || len(records(steps)) != 5000 {
				t.Errorf("%d records, %v", len(records(steps)), err)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte(content))
	st, err := look(path)
	must(t, err)
	at := positionAfter(content)
	at.file, at.seen, at.end = st.ident, st.stamp, true
	for _, opts := range [][]Option{nil, {Follow()}} {
		r, err := Lines(path, opts...).Open(t.Context(), weir.Split{ID: "in", Position: at.encode()})
		must(t, err)
		defer r.Close()
		if n, err := r.Read(t.Context(), make([]string, 10)); n != 0 || r.(*reader[string]).tape.file != (ident{}) && opts == nil || r.(*reader[string]).scan != nil {
			t.Errorf("%d records, %v: the file was opened", n, err)
		}
	}
}

// What was not read again is known again by its first and last bytes.
func TestRewrittenAfterProof(t *testing.T) {
	content := strings.Repeat("a line\n", 1000)
	for name, changed := range map[string]string{
		"at its beginning": "A" + content[1:] + "more\n",
		"at its end":       content[:len(content)-3] + "E\n\nmore\n",
		"all of it":        strings.ToUpper(content) + "more\n",
	} {
		path := filepath.Join(t.TempDir(), "in")
		write(t, path, []byte(content))
		st, err := look(path)
		must(t, err)
		at := positionAfter(content)
		at.file, at.seen = st.ident, st.stamp
		r, err := Lines(path, Follow()).Open(t.Context(), weir.Split{ID: "in", Position: at.encode()})
		must(t, err)
		defer r.Close()
		for _, want := range []error{nil, io.EOF} {
			if n, err := r.Read(t.Context(), make([]string, 10)); n != 0 || err != want {
				t.Fatalf("%s: %d records, %v, want %v", name, n, err, want)
			}
			write(t, path, []byte(changed))
		}
	}
}

// A change of any part of what was read is seen at a restart: of one byte in the middle of a
// megabyte, also if its beginning and its end stay.
func TestEveryByteCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	content := []byte(strings.Repeat(strings.Repeat("x", 99)+"\n", 10_000))
	write(t, path, content)
	_, end := mustRead(t, Lines(path), "in", nil)
	for _, i := range []int{0, 255, 256, 999, 500_000, 500_099, len(content) - 65, len(content) - 1} {
		changed := append([]byte(nil), content...)
		changed[i] ^= 1
		write(t, path, changed)
		_, err := read(Lines(path), "in", end, 100)
		wantPermanent(t, err, path, "not what was read")
	}
	for _, swap := range []int{1, 100, 4096, 65536} { // what a sum of bytes would not see
		changed := append([]byte(nil), content...)
		changed[400_000], changed[400_000+swap] = 'a', 'b'
		write(t, path, changed)
		_, ab := mustRead(t, Lines(path), "in", nil)
		changed[400_000], changed[400_000+swap] = 'b', 'a'
		write(t, path, changed)
		_, err := read(Lines(path), "in", ab, 100)
		wantPermanent(t, err, path, "not what was read")
	}
}

// Marks are some way before the end, wherever that is, and digests are of the content alone,
// whatever the pieces that it came in.
func TestDigest(t *testing.T) {
	if s := sum(0).add([]byte("12345")).add([]byte("6789")); s != 0xcbf43926e3069283 { // the check values of both CRCs
		t.Errorf("the sum is %x", uint64(s))
	}
	content := make([]byte, 3<<20)
	for i := range content {
		content[i] = byte(i * i >> 7)
	}
	for _, n := range []int{0, 1, 63, 64, 65, 127, 128, 255, 256, 257, 1000, 1023, 1024, 1025, 5000, 70_000, 1 << 20, 3 << 20} {
		var want digest
		want.add(content[:n])
		for _, piece := range []int{1, 7, 64, 100, 4096, 131072} {
			if n > 10_000 && piece < 64 {
				continue
			}
			var d digest
			for at := 0; at < n; at += piece {
				d.add(content[at:min(at+piece, n)])
			}
			if d != want {
				t.Errorf("%d bytes in pieces of %d: %+v, want %+v", n, piece, d, want)
			}
		}
		if want.n != int64(n) || want.all != sum(0).add(content[:n]) || want.head != sum(0).add(content[:min(n, headBytes)]) {
			t.Errorf("%d bytes: %+v", n, want)
		}
		if m := want.mark; m.all != sum(0).add(content[:m.n]) || m.n > 0 && int(m.n) > n-64 || n >= 256 && int(m.n) < n/3 || n > 2<<20 && int(m.n) < n-2<<20 {
			t.Errorf("%d bytes: the mark is at %d", n, m.n)
		}
	}
}
