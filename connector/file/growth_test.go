package file

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir"
)

// What is appended between two runs is all that the second one reads.
func TestGrowth(t *testing.T) {
	for _, p := range packings {
		t.Run(p.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, p.pack("1\n2\n"))
			got, end := mustRead(t, Lines(path), "in", nil)
			if !same(got, []string{"1", "2"}) {
				t.Fatalf("got %q", got)
			}
			for _, more := range []struct {
				content string
				want    []string
			}{{"", nil}, {"3\n", []string{"3"}}, {"4\r\n5\n", []string{"4", "5"}}} {
				add(t, path, p.pack(more.content))
				got, end = mustRead(t, Lines(path), "in", end)
				if !same(got, more.want) {
					t.Errorf("got %q, want %q", got, more.want)
				}
			}
		})
	}
}

// A last line without its newline is a record; if it gets the newline it was all of it,
// and if it is continued that is an error, not a record too many or too few.
func TestGrowthOfLastLine(t *testing.T) {
	for _, p := range packings {
		for _, test := range []struct {
			first, more string
			want        []string // nil: an error
		}{
			{"1\n2", "\n3\n", []string{"3"}},
			{"1\n2", "\r\n3", []string{"3"}},
			{"1\n2\r", "\n3\n", []string{"3"}},
			{"1\n2", "\n", []string{}},
			{"1\n2", "\r", []string{}},
			{"1\n2", "3\n", nil},
			{"1\n2", "\r3\n", nil},
			{"1\n2\r", "3\n", nil},
			{"2", "\n\n", []string{""}},
		} {
			t.Run(p.name+fmt.Sprintf("/%q then %q", test.first, test.more), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "in")
				write(t, path, p.pack(test.first))
				got, end := mustRead(t, Lines(path), "in", nil)
				if got[len(got)-1] != "2" {
					t.Fatalf("got %q", got)
				}
				again, _ := mustRead(t, Lines(path), "in", end)
				if len(again) != 0 {
					t.Fatalf("read again: %q", again)
				}
				add(t, path, p.pack(test.more))
				steps, err := read(Lines(path), "in", end, 10)
				if test.want == nil {
					wantPermanent(t, err, path+":", "was continued")
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				got = nil
				for _, s := range steps {
					got = append(got, s.records...)
				}
				if !same(got, test.want) {
					t.Fatalf("got %q, want %q", got, test.want)
				}
			})
		}
	}
}

// The end of a last line that was read without it is not a line of its own.
func TestLineNumbersAfterGrowth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte("{}\n{}"))
	_, end := mustRead(t, JSONLines[flight](path), "in", nil)
	add(t, path, []byte("\n{}\nbad\n"))
	_, err := read(JSONLines[flight](path), "in", end, 10)
	wantPermanent(t, err, path+":4: ")
}

// What was read must still be there.
func TestChangedFilesAreRefused(t *testing.T) {
	content := strings.Repeat("0123456789\n", 50)
	tests := []struct {
		name   string
		change func(t *testing.T, path string, p packing)
		words  string
	}{
		{"truncated", func(t *testing.T, path string, p packing) { write(t, path, p.pack(content[:22])) }, "truncated"},
		{"emptied", func(t *testing.T, path string, p packing) { write(t, path, nil) }, ""},
		{"replaced", func(t *testing.T, path string, p packing) {
			write(t, path, p.pack(strings.ReplaceAll(content, "5", "x")))
		}, "its content is not what was read"},
		{"one byte other", func(t *testing.T, path string, p packing) {
			write(t, path, p.pack(content[:540]+"x"+content[541:]))
		}, "its content is not what was read"},
	}
	for _, p := range packings {
		for _, test := range tests {
			t.Run(p.name+"/"+test.name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "in")
				write(t, path, p.pack(content))
				got, end := mustRead(t, Lines(path), "in", nil)
				if len(got) != 50 {
					t.Fatal(len(got))
				}
				test.change(t, path, p)
				_, err := read(Lines(path), "in", end, 10)
				wantPermanent(t, err, path, "line 50", test.words)
			})
		}
	}
}

// How a file is packed is not what it is: packed after it was read, it is gone on with.
func TestPackedOtherwise(t *testing.T) {
	content := strings.Repeat("some line\n", 50)
	for _, p := range packings {
		for _, q := range packings {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, p.pack(content))
			_, end := mustRead(t, Lines(path), "in", nil)
			write(t, path, q.pack(content+"more\n"))
			if got, _ := mustRead(t, Lines(path), "in", end); !same(got, []string{"more"}) {
				t.Errorf("%s, then %s: got %q", p.name, q.name, got)
			}
		}
	}
}

func TestTruncatedWhileRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, bytes.Repeat([]byte("0123456789\n"), 50_000))
	r, err := Lines(path).Open(t.Context(), weir.Split{ID: "in"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Read(t.Context(), make([]string, 10)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Read(t.Context(), make([]string, 10))
	}
	wantPermanent(t, err, path, "truncated")
}

// So is what was rewritten while it was read, and what was replaced while it was closed for
// want of descriptors.
func TestRewrittenWhileRead(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789\n"), 50_000)
	for how, change := range map[string]func(path string){
		"rewritten": func(path string) { write(t, path, bytes.Repeat([]byte("9876543210\n"), 50_000)) },
		"replaced":  func(path string) { write(t, path+".new", content); must(t, os.Rename(path+".new", path)) },
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "in")
		write(t, path, content)
		src := limited(1, dir)
		r, err := src.Open(t.Context(), weir.Split{ID: "in"})
		must(t, err)
		defer r.Close()
		if _, err := r.Read(t.Context(), make([]string, 10)); err != nil {
			t.Fatal(err)
		}
		change(path)
		if how == "replaced" { // another file is opened, so this one is closed
			write(t, filepath.Join(dir, "other"), nil)
			other, err := src.Open(t.Context(), weir.Split{ID: "other"})
			must(t, err)
			defer other.Close()
			_, _ = other.Read(t.Context(), make([]string, 1))
		}
		for err == nil {
			_, err = r.Read(t.Context(), make([]string, 100))
		}
		wantPermanent(t, err, path, how, "while it was being read")
	}
}

// The end stays the end, even if the file grows before its reader is closed.
func TestEndIsFinal(t *testing.T) {
	for _, content := range []string{"1\n", "1"} {
		path := filepath.Join(t.TempDir(), "in")
		write(t, path, []byte(content))
		r, err := Lines(path).Open(t.Context(), weir.Split{ID: "in"})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = r.Read(t.Context(), make([]string, 1))
		}
		add(t, path, []byte("\n2\n"))
		if n, err := r.Read(t.Context(), make([]string, 1)); n != 0 || err != io.EOF {
			t.Errorf("%q: after the end: %d records, %v", content, n, err)
		}
		r.Close()
	}
}
