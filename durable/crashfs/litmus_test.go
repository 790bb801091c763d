package crashfs_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
)

// everyModel is every model there is, each in a file of its own.
var everyModel = []crashfs.Model{
	crashfs.Strict, crashfs.Ext4, crashfs.Ext4NoDelalloc, crashfs.XFS,
	crashfs.Btrfs, crashfs.Writeback, crashfs.NoJournal,
}

// TestLitmus plays the little sequences of testdata/litmus.txt by every model. What a
// model leaves is exactly what the file says, and what real file systems were seen to
// leave is among it.
func TestLitmus(t *testing.T) {
	tests := readLitmus(t)
	if len(tests) < 25 {
		t.Errorf("only %d sequences", len(tests))
	}
	for _, l := range tests {
		for _, m := range everyModel {
			t.Run(l.name+"/"+m.String(), func(t *testing.T) {
				f := crashfs.New(m)
				p := player{t: t, fs: f, syncs: map[string]func() error{}}
				p.play(l.setup)
				f.Settle()
				p.play(l.run)
				got, want := treesAt(t, f), l.want[m.String()]
				if want == nil || !slices.Equal(got, want) {
					t.Errorf("leaves %q, want %q", got, want)
				}
				if seen, ok := l.seen[m.String()]; ok && !slices.Contains(got, seen) {
					t.Errorf("leaves %q, and a real one was seen to leave %q", got, seen)
				}
			})
		}
	}
}

// A litmus is a sequence, and what it leaves by each model.
type litmus struct {
	name       string
	setup, run string
	want       map[string][]string
	seen       map[string]string
}

func readLitmus(t *testing.T) (tests []*litmus) {
	t.Helper()
	data, err := os.ReadFile("testdata/litmus.txt")
	must(err)
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		indented, isField := strings.CutPrefix(line, "    ")
		switch {
		case line == "" || line[0] == '#':
			continue
		case !isField:
			tests = append(tests, &litmus{name: line, want: map[string][]string{}, seen: map[string]string{}})
			continue
		}
		l := tests[len(tests)-1]
		key, value, ok := strings.Cut(indented, ": ")
		if !ok {
			t.Fatalf("what is this? %q", line)
		}
		models, isSeen := strings.CutPrefix(key, "seen on ")
		switch {
		case key == "durable":
			l.setup = value
		case key == "then":
			l.run = value
		case isSeen:
			for m := range strings.FieldsSeq(models) {
				l.seen[m] = tree(value)
			}
		default:
			for m := range strings.FieldsSeq(models) {
				for outcome := range strings.SplitSeq(value, " | ") {
					l.want[m] = append(l.want[m], tree(outcome))
				}
			}
		}
	}
	return tests
}

// tree turns a tree as it is written in the file into one as treesAt writes it.
func tree(s string) string {
	if s == "nothing" {
		return ""
	}
	return "/" + strings.ReplaceAll(s, " ", " /")
}

type player struct {
	t     *testing.T
	fs    *crashfs.FS
	syncs map[string]func() error // of the files that were written, by their names
}

// play does what a script says.
func (p *player) play(script string) {
	for line := range strings.SplitSeq(script, "; ") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		verb, args := words[0], words[1:]
		for i, a := range args {
			args[i] = "/" + strings.TrimPrefix(a, ".")
		}
		switch verb {
		case "mkdir":
			must(p.fs.Mkdir(args[0]))
		case "put":
			f := create(p.t, p.fs, args[0])
			write(p.t, f, args[1][1:])
			p.syncs[args[0]] = f.Sync
		case "sync":
			if sync, isFile := p.syncs[args[0]]; isFile {
				must(sync())
			} else {
				must(p.fs.SyncDir(args[0]))
			}
		case "mv":
			must(p.fs.Rename(args[0], args[1]))
			p.moved(args[0], args[1])
		case "rm":
			must(p.fs.Remove(args[0]))
		case "syncfs":
			p.fs.SyncAll()
		default:
			p.t.Fatalf("what is %q?", line)
		}
	}
}

// moved finds the files under their new names, those in a directory that was moved, too.
func (p *player) moved(from, to string) {
	moved := map[string]func() error{}
	for name, sync := range p.syncs {
		if below, ok := strings.CutPrefix(name+"/", from+"/"); ok {
			name = strings.TrimSuffix(to+"/"+below, "/")
		}
		moved[name] = sync
	}
	p.syncs = moved
}
