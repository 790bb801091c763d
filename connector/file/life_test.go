package file

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
)

// The life of followed files. Each case is what a public bug report of one of the tools
// that follow files was about; each runs with the job running all the time, and with the
// job down while things happen, and with both ways in which an engine may keep positions.
func TestFilesLive(t *testing.T) {
	for name, test := range map[string]struct {
		opts []Option
		// begin is what is there, happen is what happens then. more is what is read after that.
		begin  func(d *driver)
		happen []func(d *driver)
		want   []string
		splits []string // that are known in the end; nil: not looked at
	}{
		"appended": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) { d.add("a.log", "3\n") }, func(d *driver) { d.add("a.log", "4") }, func(d *driver) { d.add("a.log", "\n") }},
			want:   []string{"1", "2", "3", "4"},
			splits: []string{"a.log"},
		},
		"an unfinished line is taken back": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\nhal") },
			happen: []func(d *driver){func(d *driver) { d.write("a.log", "1\n2\n") }, func(d *driver) { d.add("a.log", "3\n") }},
			want:   []string{"1", "2", "3"},
			splits: []string{"a.log"},
		},
		"an unfinished line is written over": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\nhalf") },
			happen: []func(d *driver){func(d *driver) { d.write("a.log", "1\n2\nfull\n") }, func(d *driver) { d.add("a.log", "3\n") }},
			want:   []string{"1", "2", "full", "3"},
			splits: []string{"a.log"},
		},
		"lines are written over zeros": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n"+strings.Repeat("\x00", 300)) },
			happen: []func(d *driver){
				func(d *driver) { d.write("a.log", "1\n2\n3\n"+strings.Repeat("\x00", 298)) },
				func(d *driver) { d.write("a.log", "1\n2\n3\n4\n"+strings.Repeat("\x00", 296)) },
			},
			want:   []string{"1", "2", "3", "4"},
			splits: []string{"a.log"},
		},
		"rewritten, with an unfinished line": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\nhalf") },
			happen: []func(d *driver){func(d *driver) { d.write("a.log", "5\n6\nhalf\n") }},
			want:   []string{"1", "2", "5", "6", "half"},
		},
		"truncated, with an unfinished line": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\nhalf") },
			happen: []func(d *driver){func(d *driver) { d.write("a.log", "") }, func(d *driver) { d.add("a.log", "5\n") }},
			want:   []string{"1", "2", "5"},
		},
		"a file appears": {
			begin:  func(d *driver) { d.write("a.log", "1\n") },
			happen: []func(d *driver){func(d *driver) { d.write("b.log", "2\n") }, func(d *driver) { d.add("b.log", "3\n") }},
			want:   []string{"1", "2", "3"},
			splits: []string{"a.log", "b.log"},
		},
		"rotated by rename": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){
				func(d *driver) { d.rename("a.log", "a.log.1"); d.write("a.log", "3\n") },
				func(d *driver) { d.add("a.log", "4\n") },
			},
			want:   []string{"1", "2", "3", "4"},
			splits: []string{"a.log", "a.log/2"},
		},
		"rotated by rename, with lines that came just before": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){
				func(d *driver) { d.add("a.log", "3\n"); d.rename("a.log", "a.log.1"); d.write("a.log", "4\n") },
			},
			want: []string{"1", "2", "3", "4"},
		},
		"the writer goes on in the file that was rotated": {
			begin: func(d *driver) { d.write("a.log", "1\n") },
			happen: []func(d *driver){
				func(d *driver) { d.rename("a.log", "a.log.1"); d.write("a.log", "") },
				func(d *driver) { d.add("a.log.1", "2\n") },
				func(d *driver) { d.add("a.log", "3\n"); d.add("a.log.1", "4\n") },
			},
			want: []string{"1", "2", "3", "4"},
		},
		"the new file begins as the old one": {
			begin:  func(d *driver) { d.write("a.log", "# header\nok\n") },
			happen: []func(d *driver){func(d *driver) { d.rename("a.log", "a.log.1"); d.write("a.log", "# header\nok\nok\n") }},
			want:   []string{"# header", "ok", "# header", "ok", "ok"},
		},
		"rotated three times": {
			begin: func(d *driver) { d.write("a.log", "1\n") },
			happen: []func(d *driver){
				func(d *driver) { d.rename("a.log", "a.log.1"); d.write("a.log", "2\n") },
				func(d *driver) { d.rename("a.log.1", "a.log.2"); d.rename("a.log", "a.log.1"); d.write("a.log", "3\n") },
				func(d *driver) {
					d.remove("a.log.2")
					d.rename("a.log.1", "a.log.2")
					d.rename("a.log", "a.log.1")
					d.write("a.log", "4\n")
				},
			},
			want:   []string{"1", "2", "3", "4"},
			splits: []string{"a.log", "a.log/2", "a.log/3", "a.log/4"},
		},
		"rotated twice at once": {
			begin: func(d *driver) { d.write("a.log", "1\n") },
			happen: []func(d *driver){func(d *driver) {
				d.rename("a.log", "a.log.1")
				d.write("a.log", "2\n")
				d.rename("a.log.1", "a.log.2")
				d.rename("a.log", "a.log.1")
				d.write("a.log", "3\n")
			}},
			want: []string{"1", "2", "3"},
		},
		"rotated out of the pattern": {
			opts:  []Option{Include("*.log")},
			begin: func(d *driver) { d.write("a.log", "1\n"); d.write("other.txt", "no\n") },
			happen: []func(d *driver){
				func(d *driver) { d.add("a.log", "2\n"); d.rename("a.log", "a.log.1"); d.write("a.log", "3\n") },
				func(d *driver) { d.add("a.log.1", "4\n") },
			},
			want: []string{"1", "2", "3", "4"},
		},
		"copied and truncated": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n3\n") },
			happen: []func(d *driver){
				func(d *driver) { d.copy("a.log", "a.log.1", plainly); must(d.t, os.Truncate(d.path("a.log"), 0)) },
				func(d *driver) { d.add("a.log", "4\n") },
			},
			want: []string{"1", "2", "3", "4"},
		},
		"copied and truncated, with lines that came just before": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n3\n") },
			happen: []func(d *driver){
				func(d *driver) {
					d.add("a.log", "4\n")
					d.copy("a.log", "a.log.1", plainly)
					d.write("a.log", "5\n")
				},
			},
			want: []string{"1", "2", "3", "4", "5"},
		},
		"copied, and truncated some time later": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n3\n") },
			happen: []func(d *driver){
				func(d *driver) { d.copy("a.log", "a.log.1", plainly) },
				func(d *driver) { d.write("a.log", "4\n") },
			},
			want: []string{"1", "2", "3", "4"},
		},
		"copied, gone on with, and truncated": {
			begin: func(d *driver) { d.write("a.log", strings.Repeat("a long line\n", 40)) },
			happen: []func(d *driver){
				func(d *driver) { d.copy("a.log", "a.log.1", plainly); d.add("a.log", "lost by logrotate\n") },
				func(d *driver) { d.write("a.log", "new\n") },
			},
			want: append(times(40, "a long line"), "lost by logrotate", "new"),
		},
		"copied out of the pattern and truncated": {
			opts:  []Option{Include("*.log")},
			begin: func(d *driver) { d.write("a.log", "1\n2\n3\n") },
			happen: []func(d *driver){func(d *driver) {
				d.add("a.log", "4\n")
				d.copy("a.log", "a.log.1", plainly)
				d.write("a.log", "5\n")
			}},
			want: []string{"1", "2", "3", "4", "5"},
		},
		"no copy: it is a little shorter, and begins alike": {
			begin: func(d *driver) { d.write("a.log", strings.Repeat("a long line\n", 40)) },
			happen: []func(d *driver){func(d *driver) {
				d.write("a.log", "new\n")
				d.write("a-2.log", strings.Repeat("a long line\n", 25)+strings.Repeat("A long line\n", 14))
			}},
			want: slices.Concat(times(40, "a long line"), []string{"new"}, times(25, "a long line"), times(14, "A long line")),
		},
		"rotated and packed": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){
				func(d *driver) { d.add("a.log", "3\n"); d.rename("a.log", "a.log.1"); d.write("a.log", "4\n") },
				func(d *driver) { d.copy("a.log.1", "a.log.1.gz", zip) },
				func(d *driver) { d.remove("a.log.1") },
				func(d *driver) { d.rename("a.log.1.gz", "a.log.2.gz") },
			},
			want: []string{"1", "2", "3", "4"},
		},
		"rotated and packed at once": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) {
				d.add("a.log", "3\n")
				d.copy("a.log", "a.log.1.gz", zip)
				d.remove("a.log")
				d.write("a.log", "4\n")
			}},
			want: []string{"1", "2", "3", "4"},
		},
		"packed in place": {
			begin: func(d *driver) { d.write("a-2024.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) {
				d.copy("a-2024.log", "a-2024.log.gz", zip)
				d.remove("a-2024.log")
			}},
			want: []string{"1", "2"},
		},
		"truncated": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) { d.write("a.log", "") }, func(d *driver) { d.add("a.log", "3\n") }},
			want:   []string{"1", "2", "3"},
		},
		"truncated and written anew": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) { d.write("a.log", "3\n4\n5\n") }},
			want:   []string{"1", "2", "3", "4", "5"},
		},
		"truncated and written anew, as long as it was": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) { d.write("a.log", "3\n4\n") }},
			want:   []string{"1", "2", "3", "4"},
		},
		"replaced by a rename over it": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) { d.write(".new", "3\n4\n5\n"); d.rename(".new", "a.log") }},
			want:   []string{"1", "2", "3", "4", "5"},
		},
		"written anew beside it with more, and renamed over it": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) { d.write(".new", "1\n2\n3\n"); d.rename(".new", "a.log") }},
			want:   []string{"1", "2", "3"},
			splits: []string{"a.log"},
		},
		"removed": {
			begin:  func(d *driver) { d.write("a.log", "1\n"); d.write("b.log", "2\n") },
			happen: []func(d *driver){func(d *driver) { d.remove("a.log") }, func(d *driver) { d.add("b.log", "3\n") }},
			want:   []string{"1", "2", "3"},
		},
		"removed, and another file gets its number": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) {
				d.remove("a.log")
				d.write("b.log", "3\n4\n5\n") // very likely
			}},
			want: []string{"1", "2", "3", "4", "5"},
		},
		"removed and written anew": {
			begin:  func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) { d.remove("a.log"); d.write("a.log", "3\n4\n5\n") }},
			want:   []string{"1", "2", "3", "4", "5"},
		},
		"gone for a moment": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){
				func(d *driver) { must(d.t, os.Rename(d.path("a.log"), d.dir+".away")) },
				func(d *driver) { must(d.t, os.Rename(d.dir+".away", d.path("a.log"))); d.add("a.log", "3\n") },
			},
			want:   []string{"1", "2", "3"},
			splits: []string{"a.log"},
		},
		"copied back under another number": {
			begin: func(d *driver) { d.write("a.log", "1\n2\n") },
			happen: []func(d *driver){
				func(d *driver) { must(d.t, os.Rename(d.path("a.log"), d.dir+".away")) },
				func(d *driver) {
					write(d.t, d.path("b.log"), nil)
					write(d.t, d.path("a.log"), []byte("1\n2\n3\n"))
				},
			},
			want: []string{"1", "2", "3"},
		},
		"a temporary name": {
			begin:  func(d *driver) { d.write("a.tmp", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) { d.rename("a.tmp", "a") }, func(d *driver) { d.add("a", "3\n") }},
			want:   []string{"1", "2", "3"},
			splits: []string{"a.tmp"},
		},
		"a temporary name that is left out": {
			opts:   []Option{Exclude("*.tmp")},
			begin:  func(d *driver) { d.write("a.tmp", "1\n2\n") },
			happen: []func(d *driver){func(d *driver) { d.rename("a.tmp", "a") }, func(d *driver) { d.add("a", "3\n") }},
			want:   []string{"1", "2", "3"},
			splits: []string{"a"},
		},
		"a hard link appears, and the first name goes": {
			begin: func(d *driver) { d.write("a.log", "1\n") },
			happen: []func(d *driver){
				func(d *driver) { must(d.t, os.Link(d.path("a.log"), d.path("z.log"))) },
				func(d *driver) { d.remove("a.log"); d.add("z.log", "2\n") },
			},
			want:   []string{"1", "2"},
			splits: []string{"a.log"},
		},
		"a link leads to a file of the folder": {
			begin: func(d *driver) {
				d.write("data_1.log", "1\n")
				must(d.t, os.Symlink("data_1.log", d.path("current.log")))
			},
			happen: []func(d *driver){func(d *driver) {
				d.add("data_1.log", "2\n")
				d.write("data_2.log", "3\n")
				d.remove("current.log")
				must(d.t, os.Symlink("data_2.log", d.path("current.log")))
			}},
			want:   []string{"1", "2", "3"},
			splits: []string{"data_1.log", "data_2.log"},
		},
		"a link leads out of the folder, and then elsewhere": {
			begin: func(d *driver) {
				write(d.t, d.dir+".1", []byte("1\n"))
				must(d.t, os.Symlink(d.dir+".1", d.path("current.log")))
			},
			happen: []func(d *driver){func(d *driver) {
				write(d.t, d.dir+".2", []byte("2\n"))
				d.remove("current.log")
				must(d.t, os.Symlink(d.dir+".2", d.path("current.log")))
			}},
			want: []string{"1", "2"},
		},
		"many empty files are not one": {
			begin: func(d *driver) { d.write("a.log", ""); d.write("b.log", ""); d.write("c.log", "") },
			happen: []func(d *driver){
				func(d *driver) { d.add("b.log", "1\n") },
				func(d *driver) { d.add("a.log", "1\n"); d.add("c.log", "1\n") },
			},
			want:   []string{"1", "1", "1"},
			splits: []string{"a.log", "b.log", "c.log"},
		},
		"files that begin alike": {
			begin:  func(d *driver) { d.write("a.csv", "k,v\n"); d.write("a-2.csv", "k,v\n1,2\n") },
			happen: []func(d *driver){func(d *driver) { d.write("a-3.csv", "k,v\n3,4\n") }, func(d *driver) { d.write("b.csv", "k,v\n5,6\n") }},
			want:   []string{"k,v", "k,v", "1,2", "k,v", "3,4", "k,v", "5,6"},
		},
		"rotated before anything was read of it": {
			begin:  func(d *driver) { d.write("a.log", "") },
			happen: []func(d *driver){func(d *driver) { d.add("a.log", "1\n"); d.rename("a.log", "a.log.1"); d.write("a.log", "2\n") }},
			want:   []string{"1", "2"},
		},
		"half a line when it is rotated": {
			begin: func(d *driver) { d.write("a.log", "1\nha") },
			happen: []func(d *driver){
				func(d *driver) { d.rename("a.log", "a.log.1"); d.write("a.log", "2\n") },
				func(d *driver) { d.add("a.log.1", "lf\n") },
			},
			want: []string{"1", "2", "half"},
		},
		"a folder takes the name": {
			begin: func(d *driver) { d.write("a.log", "1\n") },
			happen: []func(d *driver){func(d *driver) {
				d.rename("a.log", "b.log")
				must(d.t, os.Mkdir(d.path("a.log"), 0o777))
				d.add("b.log", "2\n")
			}},
			want: []string{"1", "2"},
		},
	} {
		for how, variant := range map[string]struct{ down, quiet, late bool }{
			"running": {false, false, false}, "running, quiet": {false, true, false}, "running, late": {false, false, true},
			"down": {true, false, false}, "down, quiet": {true, true, false}, "down, late": {true, false, true},
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					if variant.late {
						afterNow(t)
					}
					d := drive(t, t.TempDir(), append(test.opts, Follow())...)
					d.quiet = variant.quiet
					test.begin(d)
					d.run(2)
					for _, happens := range test.happen {
						if variant.down {
							c := d.checkpoint()
							d.stop()
							happens(d)
							d.start(c)
						} else {
							happens(d)
						}
						d.run(10)
					}
					d.want(test.want...)
					if test.splits != nil {
						d.wantSplits(test.splits...)
					}
					// A restart has nothing to add.
					d.restart(d.checkpoint())
					d.run(10)
					d.want(test.want...)
					// And after a day nothing is kept of what is gone.
					time.Sleep(forgetAfter)
					d.run(1)
					d.want(test.want...)
					for id := range d.positions {
						if at, _ := decodePosition(d.positions[id]); at.fate != alive && !d.quiet {
							t.Errorf("split %s is still known", id)
						}
					}
				})
			})
		}
	}
}

func times(n int, s string) (all []string) {
	for range n {
		all = append(all, s)
	}
	return all
}

// A file that is open is read to its end after it was removed, and one that gets another
// name is followed without a break.
func TestOpenFilesStayOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, t.TempDir(), Follow())
		d.write("a.log", "1\n")
		d.write("b.log", "2\n")
		d.run(1)
		d.add("a.log", "3\n")
		d.remove("a.log")
		reader := d.readers["b.log"]
		d.rename("b.log", "b.log.1")
		d.add("b.log.1", "4\n")
		d.run(3)
		d.want("1", "2", "3", "4")
		if d.readers["b.log"] != reader {
			t.Error("the renamed file was opened again")
		}
		if at, err := decodePosition(d.positions["b.log"]); err != nil || at.name != "b.log.1" || !at.end || at.seen.size != 4 {
			t.Errorf("its position is %+v, %v", at, err)
		}
	})
}

// While a rotated file is packed, which takes its time, what is there of the packed one is
// not read; and when it is all that is left, it is the rest of the file.
func TestPackedSlowly(t *testing.T) {
	for _, late := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			if late {
				afterNow(t)
			}
			d := drive(t, t.TempDir(), Follow())
			content := strings.Repeat("a line of a log, which is packed\n", 500)
			d.write("a.log", content)
			d.run(2)
			d.rename("a.log", "a.log.1")
			d.add("a.log.1", "the last line\n")
			d.write("a.log", "new\n")
			packed := zip(content + "the last line\n")
			d.write("a.log.1.gz", "")
			for i := 0; i < len(packed); i += 20 {
				add(t, d.path("a.log.1.gz"), packed[i:min(i+20, len(packed))])
				d.run(1)
			}
			d.remove("a.log.1")
			d.run(10)
			d.rename("a.log.1.gz", "a.log.2.gz")
			d.run(10)
			d.restart(d.checkpoint())
			d.run(5)
			d.want(append(times(500, "a line of a log, which is packed"), "the last line", "new")...)
		})
	}
}

// A file that begins as another one for a long way is read as soon as that ends.
func TestAlikeForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		afterNow(t)
		d := drive(t, t.TempDir(), Follow())
		alike := strings.Repeat(strings.Repeat("x", 1<<14)+"\n", 100)
		d.write("a.log", alike+"one\n")
		d.run(1)
		d.write("a-2.log", alike+"two\n")
		d.run(1)
		if n := len(d.got); n != 101 {
			t.Errorf("%d records at once", n)
		}
		d.run(10)
		if n := len(d.got); n != 202 || d.got[201] != "two" {
			t.Errorf("%d records in the end", n)
		}
	})
}

// A copy that is shorter than what was read is one only if it has most of that.
func TestShortCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := strings.Repeat("a line of a log\n", 100)
		for _, test := range []struct {
			size int
			err  error
		}{{len(content) - 100, nil}, {400, io.EOF}} {
			path := filepath.Join(t.TempDir(), "a.log")
			write(t, path, []byte(content[:test.size]))
			at := positionAfter(content)
			at.copied = true
			r, err := Lines(path, Follow()).Open(t.Context(), weir.Split{ID: "a.log", Position: at.encode()})
			must(t, err)
			defer r.Close()
			for range 3 {
				if n, err := r.Read(t.Context(), make([]string, 5)); n != 0 || err != test.err {
					t.Errorf("%d bytes: %d records, %v", test.size, n, err)
				}
			}
		}
	})
}
