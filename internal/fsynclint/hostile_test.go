package fsynclint

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// seeds are all traces of testdata.
func seeds(tb testing.TB) (texts []string) {
	for _, pattern := range []string{"rules/*.txt", "programs/*.strace", "flink/*.strace"} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(files) == 0 {
			tb.Fatalf("%s: %v, %d files", pattern, err, len(files))
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				tb.Fatal(err)
			}
			texts = append(texts, string(text))
		}
	}
	return texts
}

// FuzzLint: whatever the input is, there is a report and no panic, and each finding is
// about lines that there are.
func FuzzLint(f *testing.F) {
	for _, text := range seeds(f) {
		if len(text) < 8<<10 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 32<<10 {
			return
		}
		checkReport(t, text)
	})
}

func checkReport(t *testing.T, text string) {
	t.Helper()
	r, err := Lint(strings.NewReader(text), Options{AckSocket: true, AckStdout: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.BlindSpots) == 0 {
		t.Error("a report without blind spots")
	}
	for _, f := range r.Findings {
		if f.First.Line < 0 || f.First.Line > r.Lines || f.Second.Line > r.Lines {
			t.Fatalf("a finding about line %d and line %d of %d", f.First.Line, f.Second.Line, r.Lines)
		}
	}
}

// TestTruncated cuts traces off at every so many bytes, and within lines.
func TestTruncated(t *testing.T) {
	for _, text := range seeds(t) {
		step := max(7, len(text)/60)
		for end := 0; end <= len(text) && end < 20<<10; end += step {
			checkReport(t, text[:end])
		}
	}
}

// TestShuffled takes lines away and puts them elsewhere: calls that do not fit together.
func TestShuffled(t *testing.T) {
	const seed = 17
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for _, text := range seeds(t) {
		lines := strings.SplitAfter(text, "\n")
		if len(lines) > 200 {
			lines = lines[:200]
		}
		for range 6 {
			for range 1 + rnd.IntN(8) {
				i, j := rnd.IntN(len(lines)), rnd.IntN(len(lines))
				lines[i], lines[j] = lines[j], lines[i]
			}
			checkReport(t, strings.Join(lines, ""))
		}
	}
}

// TestHostile feeds what nobody would write.
func TestHostile(t *testing.T) {
	deep := strings.Repeat("/d", 1900)
	for name, text := range map[string]string{
		"nothing":               "",
		"zeros":                 strings.Repeat("\x00", 1<<20),
		"one long line":         `unlink("` + strings.Repeat("a", 1<<20),
		"many parentheses":      strings.Repeat("f(", 1<<19) + " = 0\n",
		"many open records":     strings.Repeat("f(\n", 1<<18),
		"many brackets":         "f(" + strings.Repeat("3<", 1<<18) + ") = 0\n",
		"many threads":          repeat(1<<16, func(i int) string { return fmt.Sprintf("%d fsync(3 <unfinished ...>\n", i+1) }),
		"many clones":           repeat(1<<16, func(i int) string { return fmt.Sprintf("%d fork( <unfinished ...>\n", i+1) }),
		"many descriptors":      repeat(1<<17, func(i int) string { return fmt.Sprintf("open(\"/a\", O_RDWR|O_CREAT, 0600) = %d\n", i) }),
		"huge numbers":          "close(99999999999999999999) = 0\npwrite64(3</a>, \"\", 9223372036854775807, 9223372036854775807) = 9223372036854775807\n",
		"a deep directory":      "mkdir(\"" + deep + "\", 0777) = 0\nrename(\"" + deep + "\", \"/x\") = 0\n",
		"a directory in itself": "mkdir(\"/a\", 0777) = 0\nmkdir(\"/a/b\", 0777) = 0\nrename(\"/a\", \"/a/b/c\") = 0\nrename(\"/a/b\", \"/a\") = 0\nopen(\"/a/b/c/d\", O_CREAT|O_WRONLY, 0600) = 3\nrename(\"/a/b/c/d\", \"/a\") = 0\n",
		"links to oneself":      "openat(AT_FDCWD, \"/a/x\", O_RDONLY) = 3</b/x>\nopenat(AT_FDCWD, \"/b/x\", O_RDONLY) = 4</a/x>\nopenat(AT_FDCWD, \"/a/y\", O_RDONLY) = 5</b/a/y>\n",
		"a name that moves":     strings.Repeat("openat(AT_FDCWD, \"/t\", O_WRONLY|O_CREAT|O_EXCL, 0600) = 3\nwrite(3, \"\", 1) = 1\nclose(3) = 0\nrename(\"/t\", \"/x\") = 0\n", 1<<12),
		"many commits": repeat(1<<13, func(i int) string {
			return fmt.Sprintf("openat(AT_FDCWD, \"/t%c\", O_WRONLY|O_CREAT|O_EXCL, 0600) = 3\nwrite(3, \"\", 1) = 1\nclose(3) = 0\nrename(\"/t%c\", \"/x%d\") = 0\n", 'a'+i%26, 'a'+i%26, i)
		}),
	} {
		t.Run(name, func(t *testing.T) { checkReport(t, text) })
	}
}

func repeat(n int, line func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i))
	}
	return b.String()
}

// A stream makes lines until it has made n bytes, and measures the heap on the way.
type stream struct {
	n, made int
	line    func(i int) string
	i       int
	rest    string
	most    uint64
}

func (s *stream) Read(p []byte) (int, error) {
	if s.made >= s.n {
		return 0, io.EOF
	}
	k := 0
	for k < len(p) {
		if s.rest == "" {
			s.rest = s.line(s.i)
			if s.i++; s.i%(1<<14) == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				s.most = max(s.most, m.HeapAlloc)
			}
		}
		c := copy(p[k:], s.rest)
		s.rest = s.rest[c:]
		k += c
	}
	s.made += k
	return k, nil
}

// TestBigStreams reads 100 MB of trace, and lints some of it: what is kept is bounded by
// what is open and alive.
func TestBigStreams(t *testing.T) {
	const mostRead, most = 8 << 20, 64 << 20
	size, calls := 100<<20, 500_000
	if testing.Short() {
		size, calls = size/20, calls/20
	}
	r := newReader(&stream{n: size, line: func(i int) string {
		return fmt.Sprintf("%d 1795702884.050079 pwrite64(3</data/%d>, \"\"..., 4096, %d <unfinished ...>\n%d 1795702884.050080 <... pwrite64 resumed>) = 4096\n", 100+i%50, i%7, i, 100+i%50)
	}})
	s := r.records.lines
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for {
		if _, err := r.next(); err != nil {
			break
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d lines, %d calls", s.line, r.calls)
	if r.calls < calls || r.orphans > 1 { // the stream may end between two halves
		t.Errorf("%d calls, %d orphans", r.calls, r.orphans)
	}
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > mostRead {
		t.Errorf("the reader keeps %d bytes", kept)
	}
	for name, line := range map[string]func(i int) string{
		"files that come and go": func(i int) string {
			return fmt.Sprintf("7 openat(AT_FDCWD, \"/data/a-very-long-name-of-a-directory/tmp%d\", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0666) = 3\n"+
				"7 write(3, \"\"..., 4096) = 4096\n7 close(3) = 0\n7 unlink(\"/data/a-very-long-name-of-a-directory/tmp%d\") = 0\n", i, i)
		},
		"checkpoints that are replaced": func(i int) string {
			return fmt.Sprintf("mkdir(\"/data/chk-%d\", 0777) = 0\nopenat(AT_FDCWD, \"/data/chk-%d/t\", O_WRONLY|O_CREAT|O_EXCL, 0666) = 3\nwrite(3, \"\"..., 4096) = 4096\n"+
				"fsync(3) = 0\nclose(3) = 0\nrename(\"/data/chk-%d/t\", \"/data/chk-%d/_metadata\") = 0\nunlink(\"/data/chk-%d/_metadata\") = 0\nrmdir(\"/data/chk-%d\") = 0\n", i, i, i, i, i-1, i-1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{n: 8 << 20, line: line}
			r, err := Lint(s, Options{AckSocket: true})
			if err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			t.Logf("%d calls, at most %d MiB of heap", r.Calls, s.most>>20)
			if s.most > most {
				t.Errorf("the heap grew to %d MiB", s.most>>20)
			}
		})
	}
}
