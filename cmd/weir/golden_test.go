package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/weirstream/weir/flink"
)

// goldenDir has snapshots that Flink wrote. They are not in this repository.
var goldenDir = filepath.Join("..", "..", "..", "shared", "flink-golden")

// goldenSnapshots are the directories in goldenDir with a metadata file.
func goldenSnapshots(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(goldenDir); err != nil {
		t.Skip("no snapshots of Flink's here: ", err)
	}
	var dirs []string
	err := filepath.WalkDir(goldenDir, func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "_metadata" {
			dirs = append(dirs, filepath.ToSlash(filepath.Dir(file)))
		}
		return err
	})
	if err != nil || len(dirs) == 0 {
		t.Fatalf("%d snapshots, error %v", len(dirs), err)
	}
	return dirs
}

// refusals are the reasons for which state of Flink's may be left unread.
var refusals = regexp.MustCompile(`^(` +
	`the entries are in RocksDB's own files, which are not read` +
	`|only the (source|operator) that wrote it knows what is in it` +
	`|records on their way; only the job knows what is in them` +
	`|values of (Java serialization|Kryo .*) can only be read by the job that wrote them` +
	`|the type of a state is described by org\.apache\.flink\.test\..*, which nothing is known of here` +
	`|it lies in another directory; --allow-outside reads it` +
	`|changes: their layout is not known here` +
	`)$`)

// inspected is the part of the lines of inspect --json that the tests look at.
type inspected struct {
	Type    string `json:"message_type"`
	State   string
	Kind    string
	States  []struct{ Entries *int64 }
	Unread  []string
	Problem string
	Failure string
}

// TestGolden looks at every snapshot of Flink's. How many entries there are is counted without any
// code of the tool.
func TestGolden(t *testing.T) {
	all := 0
	for _, dir := range goldenSnapshots(t) {
		t.Run(path.Base(dir), func(t *testing.T) {
			stdout, stderr, code := run("verify", dir)
			if code != 0 || stderr != "" || !strings.HasPrefix(stdout, dir+": whole, not sealed\n") {
				t.Errorf("verify: exit code %d\n%s%s", code, stdout, stderr)
			}
			stdout, stderr, code = run("inspect", "--keys", dir)
			if code != 0 || stderr != "" {
				t.Errorf("inspect: exit code %d\n%s%s", code, stdout, stderr)
			}
			texts := len(regexp.MustCompile(`(?m)^  .* = `).FindAllString(stdout, -1))
			stdout, stderr, code = run("inspect", "--keys", "--json", dir)
			if code != 0 || stderr != "" {
				t.Errorf("inspect --json: exit code %d\n%s", code, stderr)
			}
			counted, entries := 0, 0
			for _, line := range lines(stdout) {
				var l inspected
				if err := json.Unmarshal([]byte(line), &l); err != nil {
					t.Fatalf("%v in %s", err, line)
				}
				if l.Type == "entry" {
					entries++
				}
				for _, why := range l.Unread {
					if !refusals.MatchString(why) {
						t.Errorf("refused: %s", why)
					}
				}
				if l.Problem != "" || l.Failure != "" {
					t.Errorf("found wrong: %s%s", l.Problem, l.Failure)
				}
				for _, s := range l.States {
					if s.Entries != nil {
						counted += int(*s.Entries)
					}
				}
			}
			want := countEntries(t, dir)
			if entries != want || texts != want {
				t.Errorf("%d entries as JSON, %d as text, want %d", entries, texts, want)
			}
			if counted > want {
				t.Errorf("%d entries were counted, want no more than %d", counted, want)
			}
			all += want
		})
	}
	t.Logf("%d entries in all", all)
}

// TestGoldenList lists and verifies them all at once.
func TestGoldenList(t *testing.T) {
	want := len(goldenSnapshots(t))
	stdout, stderr, code := run("ls", "--json", goldenDir)
	if n := len(lines(stdout)); n != want || code != 0 || stderr != "" {
		t.Errorf("ls: %d lines, exit code %d, want %d lines\n%s", n, code, want, stderr)
	}
	for _, line := range lines(stdout) {
		if !strings.Contains(line, `"sealed":false,"state":"whole","restart":false}`) {
			t.Error(line)
		}
	}
	stdout, stderr, code = run("verify", "--json", goldenDir)
	if n := len(lines(stdout)); n != want+1 || code != 0 || stderr != "" {
		t.Errorf("verify: %d lines, exit code %d, want %d lines\n%s", n, code, want+1, stderr)
	}
}

// countEntries counts the entries that can be decoded, or at least delimited.
func countEntries(t *testing.T, dir string) (n int) {
	t.Helper()
	data, err := os.ReadFile(path.Join(dir, "_metadata"))
	if err != nil {
		t.Fatal(err)
	}
	meta, _, err := flink.DecodeMetadata(data)
	if err != nil {
		t.Fatal(err)
	}
	read := func(h flink.StreamHandle) []byte {
		switch h := h.(type) {
		case *flink.InlineHandle:
			return h.Data
		case *flink.RelativeHandle:
			data, err := os.ReadFile(path.Join(dir, h.Path))
			if err != nil {
				t.Fatal(err)
			}
			return data
		default:
			return nil // elsewhere
		}
	}
	var keyed func(k flink.KeyedHandle)
	keyed = func(k flink.KeyedHandle) {
		switch k := k.(type) {
		case *flink.KeyGroupsHandle:
			if data := read(k.Data); data != nil {
				for e, err := range flink.KeyedEntries(k, data) {
					if err == nil || e.State != nil {
						n++
					}
				}
			}
		case *flink.ChangelogHandle:
			for _, m := range k.Materialized {
				keyed(m)
			}
		}
	}
	for _, op := range meta.Operators {
		for _, s := range op.Subtasks {
			keyed(s.ManagedKeyed)
			if raw, ok := s.RawKeyed.(*flink.KeyGroupsHandle); ok {
				for _, err := range flink.RawTimers(raw, read(raw.Data)) {
					if err == nil {
						n++
					}
				}
			}
			if s.ManagedOperator != nil {
				for e, err := range flink.OperatorElements(s.ManagedOperator, read(s.ManagedOperator.Data)) {
					if _, opaque := e.Value.(flink.Opaque); err == nil || opaque {
						n++
					}
				}
			}
		}
	}
	return n
}
