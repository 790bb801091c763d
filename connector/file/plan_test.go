package file

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A desk is files in memory, and what a plan may ask of them.
type desk struct {
	now     time.Time
	content map[ident]string
	fresh   bool     // all files have just changed
	shut    bool     // no file can be opened
	reading []string // splits that are being read
}

func (d *desk) begins(f *candidate, at position) answer {
	if d.shut {
		return unsure
	}
	c := d.content[f.ident]
	if int64(len(c)) < min(at.n, headBytes) {
		return no
	}
	var g digest
	if g.add([]byte(c[:min(at.n, headBytes)])); g.head != at.head {
		return no
	}
	if int64(len(c)) < at.n {
		return ends
	}
	return yes
}

func (d *desk) holds(f *candidate, at position) answer {
	c := d.content[f.ident]
	var g digest
	switch g.add([]byte(c[:min(int64(len(c)), at.n)])); {
	case g.of(&at.digest):
		return yes
	case g.n < at.n && g.n >= at.mark.n && strings.HasPrefix(c, c[:at.mark.n]) && sum(0).add([]byte(c[:at.mark.n])) == at.mark.all:
		return ends
	}
	return no
}

func (d *desk) repeats(f, of *candidate) answer {
	if strings.HasPrefix(d.content[of.ident], d.content[f.ident]) {
		return yes
	}
	return no
}

func (d *desk) settled(*candidate) bool { return !d.fresh }
func (d *desk) read(id string) bool     { return slices.Contains(d.reading, id) }

// file puts a file on the desk.
func (d *desk) file(number uint64, content string, names ...string) *candidate {
	id := ident{1, number}
	d.content[id] = content
	return &candidate{status: status{ident: id, stamp: stamp{size: int64(len(content))}}, names: names, wanted: !strings.HasPrefix(names[0], ".")}
}

// split is a known one that has read some of a file.
func (d *desk) split(id, read string, number uint64, change ...func(*position)) *known {
	s, err := parseSplitID(id)
	if err != nil {
		panic(err)
	}
	at := positionAfter(read)
	at.file, at.next = ident{1, number}, at.mark
	for _, c := range change {
		c(&at)
	}
	return &known{splitID: s, text: id, at: at, raw: at.encode()}
}

func TestPlan(t *testing.T) {
	long := strings.Repeat("a line of a log\n", 100)
	now := time.Unix(1_800_000_000, 0)
	gone := func(ago time.Duration, why fate) func(*position) {
		return func(p *position) {
			if p.fate, p.gone = why, now.Add(-ago); why == truncated {
				p.file = ident{}
			}
		}
	}
	named := func(name string) func(*position) { return func(p *position) { p.name = name } }
	for _, test := range []struct {
		name  string
		set   func(d *desk) (known []*known, files []*candidate)
		fresh bool
		want  string // "split=file" for what is read, new ones with +, "split?" waits, "split-" is gone, "split~" was truncated, "split!" is forgotten
	}{
		{"nothing is known", func(d *desk) ([]*known, []*candidate) {
			return nil, []*candidate{d.file(1, long, "a.log"), d.file(2, long, "a.log.1"), d.file(3, "", "b.log")}
		}, false, "+a.log=a.log +a.log.1=a.log.1 +b.log=b.log"},
		{"as it was", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, long+"x\n", "a.log")}
		}, false, "a.log=a.log"},
		{"renamed, and another file has the name", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(2, "new\n", "a.log"), d.file(1, long, "a.log.1")}
		}, false, "a.log=a.log.1 +a.log/2=a.log"},
		{"the third file of a name", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1, named("a.log.1")), d.split("a.log/2", "2\n", 2)},
				[]*candidate{d.file(3, "3\n", "a.log"), d.file(2, "2\n", "a.log.1"), d.file(1, long, "a.log.2")}
		}, false, "a.log=a.log.2 a.log/2=a.log.1 +a.log/3=a.log"},
		{"renamed to a name that is not taken", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, long, ".a.log")}
		}, false, "a.log=.a.log"},
		{"its number is another file's", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, strings.ToUpper(long), "b.log")}
		}, false, "a.log- +b.log=b.log"},
		{"its number is another file's that begins alike", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long+"end\n", 1)}, []*candidate{d.file(1, long+"another\n", "b.log")}
		}, false, "a.log- +b.log=b.log"},
		{"its name is another file's that begins alike", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long+"end\n", 1)}, []*candidate{d.file(2, long+"another\n", "a.log")}
		}, false, "a.log- +a.log/2=a.log"},
		{"renamed, and it cannot be looked into", func(d *desk) ([]*known, []*candidate) {
			d.shut = true
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, long, "b.log")}
		}, false, "a.log?"},
		{"it cannot be looked into", func(d *desk) ([]*known, []*candidate) {
			d.shut = true
			return []*known{d.split("a.log", long, 1), d.split("b.log", long, 3)}, []*candidate{d.file(1, long, "a.log"), d.file(2, long, "b.log")}
		}, false, "a.log=a.log b.log=b.log"},
		{"its name is another file's", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(2, "new\n", "a.log")}
		}, false, "a.log- +a.log/2=a.log"},
		{"its number is another one, its content is not", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(2, long+"more\n", "a.log")}
		}, false, "a.log=a.log"},
		{"truncated", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, long[:320], "a.log")}
		}, false, "a.log~ +a.log/2=a.log"},
		{"a copy that may still grow", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, "new\n", "a.log"), d.file(2, long, "a.log.1")}
		}, true, "a.log? +a.log/2=a.log"},
		{"a copy", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, "new\n", "a.log"), d.file(2, long+"x\n", "a.log.1")}
		}, false, "a.log=a.log.1 +a.log/2=a.log"},
		{"a copy that has a little less", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, "new\n", "a.log"), d.file(2, long[:len(long)-40], "a.log.1")}
		}, false, "a.log=a.log.1 +a.log/2=a.log"},
		{"no copy, though it begins alike", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, "new\n", "a.log"), d.file(2, long[:800], "a.log.1")}
		}, false, "a.log~ +a.log/2=a.log +a.log.1=a.log.1"},
		{"no copy, by its name", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(2, long, "b.log")}
		}, false, "a.log- +b.log=b.log"},
		{"no copy, so long after it was gone", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1, gone(time.Minute, truncated))}, []*candidate{d.file(2, long, "a.log.1")}
		}, false, "+a.log.1=a.log.1"},
		{"a copy of what is there", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1)}, []*candidate{d.file(1, long+"x\n", "a.log"), d.file(2, long, "a.log.bak")}
		}, false, "a.log=a.log"},
		{"more than a copy of what is there", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.csv", "k,v\n", 1)}, []*candidate{d.file(1, "k,v\n", "a.csv"), d.file(2, "k,v\n1,2\n", "a-2.csv")}
		}, false, "a.csv=a.csv +a-2.csv=a-2.csv"},
		{"gone for long, and back", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1, gone(time.Hour, moved))}, []*candidate{d.file(1, long, "a.log")}
		}, false, "a.log=a.log"},
		{"gone for ever", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", long, 1, gone(24*time.Hour, moved)), d.split("b.log", long, 2, gone(24*time.Hour-time.Second, moved))}, nil
		}, false, "a.log!"},
		{"nothing was read, and it is gone", func(d *desk) ([]*known, []*candidate) {
			d.reading = []string{"b.log"}
			return []*known{d.split("a.log", "", 1), d.split("b.log", "", 2)}, nil
		}, false, "a.log!"},
		{"nothing was read, and it is there", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", "", 1)}, []*candidate{d.file(1, "x\n", "a.log")}
		}, false, "a.log=a.log"},
		{"nothing was read, and it was gone", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("a.log", "", 1, gone(time.Hour, moved))}, []*candidate{d.file(1, "x\n", "a.log")}
		}, false, "a.log! +a.log/2=a.log"},
		{"two names of one file", func(d *desk) ([]*known, []*candidate) {
			return []*known{d.split("b.log", long, 1)}, []*candidate{d.file(1, long, "a.log", "b.log")}
		}, false, "b.log=b.log"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &desk{now: now, content: map[ident]string{}, fresh: test.fresh}
			splits, files := test.set(d)
			p := &plan{oracle: d, follow: true, now: now, known: splits, files: files}
			done := p.decide()
			var got []string
			slices.SortFunc(p.known, func(a, b *known) int { return strings.Compare(a.text, b.text) })
			for _, k := range p.known {
				switch {
				case k.file != nil:
					got = append(got, k.text+"="+k.file.nameFor(k))
				case k.waits:
					got = append(got, k.text+"?")
				case k.at.gone.Equal(now) && k.at.fate == truncated:
					got = append(got, k.text+"~")
				case k.at.gone.Equal(now):
					got = append(got, k.text+"-")
				}
			}
			for _, id := range done.forget {
				got = append(got, id+"!")
			}
			for _, n := range done.fresh {
				got = append(got, fmt.Sprintf("+%s=%s", n.id, n.file.names[0]))
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("got  %s\nwant %s", s, test.want)
			}
		})
	}
}

// What was decided a moment ago stands while a reader watches the file, and no longer.
func TestPlanTrusts(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, test := range []struct {
		name    string
		reading bool
		change  func(*position) // of the position since then
		want    bool
	}{
		{"it is being read", true, func(*position) {}, true},
		{"it is not", false, func(*position) {}, false},
		{"it has been read on", true, func(p *position) { p.lines++ }, true},
		{"its reader has ended it", true, func(p *position) { p.fate, p.gone = moved, now }, false},
	} {
		d := &desk{now: now, content: map[ident]string{}}
		if test.reading {
			d.reading = []string{"a.log"}
		}
		k := d.split("a.log", "what was read\n", 1)
		was := trust{file: ident{1, 2}, raw: k.raw} // another file than the position says
		test.change(&k.at)
		k.raw = k.at.encode()
		f := d.file(2, "not what was read\n", "b.log")
		p := &plan{oracle: d, follow: true, now: now, known: []*known{k}, files: []*candidate{f}, trusted: map[string]trust{"a.log": was}}
		p.decide()
		if got := k.file == f; got != test.want {
			t.Errorf("%s: it is trusted: %v", test.name, got)
		}
	}
}

// A file that became a split a moment ago keeps its id until that is known, whatever its name
// is then.
func TestPlanReserves(t *testing.T) {
	d := &desk{content: map[ident]string{}}
	f := d.file(2, "2\n", "a.log.1")
	p := &plan{oracle: d, follow: true, known: []*known{d.split("a.log", "1\n", 1)},
		files:  []*candidate{d.file(3, "3\n", "a.log"), f, d.file(1, "1\n", "a.log.2")},
		issued: map[ident]string{{1, 2}: "a.log/2"}}
	done := p.decide()
	if len(done.fresh) != 2 || done.fresh[0].id != "a.log/3" || done.fresh[1].id != "a.log/2" || done.fresh[1].file != f {
		t.Errorf("%+v", done.fresh)
	}
}

// A name that is not taken may be another one of a file that is.
func TestPlanOtherNames(t *testing.T) {
	d := &desk{content: map[ident]string{}}
	a, b := d.file(1, "1\n", "a.log"), d.file(2, "2\n", ".b.log")
	p := &plan{oracle: d, follow: true, files: []*candidate{a},
		known:  []*known{d.split("a.log", "1\n", 1), d.split("b.log", "2\n", 2), d.split("c.log", "3\n", 3)},
		others: func() []*candidate { return []*candidate{d.file(1, "1\n", ".a.log"), b} }}
	done := p.decide()
	if k := p.known; len(done.fresh) != 0 || k[0].file != a || k[1].file != b || k[2].file != nil || len(a.names) != 2 {
		t.Errorf("%+v, %+v", k, done)
	}
}

// A file that was found by its content is as it is now, and may have more than was read.
func TestPlannedPosition(t *testing.T) {
	d := &desk{content: map[ident]string{}}
	k := d.split("a.log", "what was read\n", 1, func(p *position) {
		p.end, p.seen, p.fate, p.gone = true, stamp{14, 99}, moved, time.Unix(5, 0)
	})
	k.claim(d.file(2, "what was read\nand more\n", "a.log.1", "z.log"))
	k.checked = true
	at, err := decodePosition(k.found())
	if err != nil || at.end || at.seen.size != 23 || at.fate != alive || at.file.number != 2 || at.name != "a.log.1" || !at.of(&k.at.digest) {
		t.Errorf("%+v, %v", at, err)
	}
}

func TestNamedAfter(t *testing.T) {
	for _, test := range []struct {
		name, file string
		want       bool
	}{
		{"app.log.1", "app.log", true}, {"app.log-20240131.gz", "app.log", true}, {"app-2024.log", "app.log", true}, {"app.log~", "app.log", true},
		{"app_1.log", "app.log", true}, {"app.log.1.gz", "app.log.1", true}, {"messages.1", "messages", true}, {"app.log.gz", "app.log", true},
		{"app.log", "app.log", false}, {"app", "app.log", false}, {"application.log", "app.log", false}, {"b.log", "a.log", false}, {"data10.csv", "data1.csv", false},
	} {
		if got := namedAfter(test.name, test.file); got != test.want {
			t.Errorf("%s is named after %s: %v", test.name, test.file, got)
		}
	}
}
