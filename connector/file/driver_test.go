package file

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/weirstream/weir"
)

// A driver runs a source as the contract of weir.Source says that the engine does, with
// one subtask and the clock of the test.
type driver struct {
	t   testing.TB
	dir string
	new func() weir.Source[string]
	// quiet: a position that comes without records, and not at an end, is not kept. The
	// engine may do either.
	quiet bool

	src       weir.Source[string]
	readers   map[string]weir.Reader[string]
	known     map[string][]byte // positions, as the source is told
	positions map[string][]byte // and as they are kept in checkpoints
	ended     map[string][]byte
	starting  bool
	got       []string
	err       error // of the last tick
}

// A snapshot is a checkpoint, and the output up to it.
type snapshot struct {
	positions map[string][]byte
	got       int
}

func drive(t testing.TB, path string, opts ...Option) *driver {
	t.Helper()
	quiet := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { slog.SetDefault(quiet) })
	d := &driver{t: t, dir: path, new: func() weir.Source[string] { return Lines(path, opts...) }}
	t.Cleanup(d.stop)
	d.start(snapshot{})
	return d
}

func (d *driver) checkpoint() snapshot {
	return snapshot{maps.Clone(d.positions), len(d.got)}
}

// start begins a process from a checkpoint.
func (d *driver) start(from snapshot) {
	d.src = d.new()
	d.again(from)
}

// again begins an attempt from a checkpoint, in the same process.
func (d *driver) again(from snapshot) {
	d.readers, d.ended = map[string]weir.Reader[string]{}, map[string][]byte{}
	d.positions, d.known = map[string][]byte{}, map[string][]byte{}
	maps.Copy(d.positions, from.positions)
	maps.Copy(d.known, from.positions)
	d.got, d.starting = d.got[:from.got], true
}

func (d *driver) stop() {
	for _, r := range d.readers {
		r.Close()
	}
	d.readers = nil
}

// restart ends the process and begins another, from a checkpoint.
func (d *driver) restart(from snapshot) {
	d.stop()
	d.start(from)
}

// tick plans once and reads all that is there.
func (d *driver) tick() error {
	d.t.Helper()
	if d.err = d.plan(); d.err == nil {
		d.err = d.read()
	}
	return d.err
}

func (d *driver) plan() error {
	var known []weir.Split
	for _, id := range slices.Sorted(maps.Keys(d.known)) {
		known = append(known, weir.Split{ID: id, Position: bytes.Clone(d.known[id])})
	}
	p, err := d.src.(weir.SplitPlanner).PlanSplits(d.t.Context(), known)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, s := range p.Read {
		if seen[s.ID] || s.ID == "" {
			d.t.Fatalf("split %q is planned twice, or has no name", s.ID)
		}
		seen[s.ID] = true
		if d.readers[s.ID] != nil {
			continue
		}
		if at, ok := d.ended[s.ID]; ok && bytes.Equal(at, s.Position) {
			continue
		}
		r, err := d.src.Open(d.t.Context(), s)
		if err != nil {
			return err
		}
		d.readers[s.ID], d.known[s.ID] = r, s.Position
		if d.starting {
			d.positions[s.ID] = s.Position
		}
	}
	d.starting = false
	for _, id := range p.Forget {
		if seen[id] || d.known[id] == nil || d.readers[id] != nil {
			d.t.Fatalf("split %q is forgotten, and is read or was not known", id)
		}
		delete(d.positions, id)
		delete(d.known, id)
		delete(d.ended, id)
	}
	return nil
}

func (d *driver) read() error {
	records := make([]string, 7)
	for _, id := range slices.Sorted(maps.Keys(d.readers)) {
		r := d.readers[id]
		for {
			n, err := r.Read(d.t.Context(), records)
			d.got = append(d.got, records[:n]...)
			if n > 0 || err == io.EOF || err == nil && !d.quiet {
				d.known[id] = bytes.Clone(r.Position())
				d.positions[id] = d.known[id]
			}
			if err == io.EOF {
				d.ended[id] = d.known[id]
				r.Close()
				delete(d.readers, id)
				break
			}
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
	}
	return nil
}

// run ticks once a second.
func (d *driver) run(seconds int) {
	d.t.Helper()
	for range seconds {
		if err := d.tick(); err != nil {
			d.t.Fatal(err)
		}
		time.Sleep(time.Second)
	}
	if err := d.tick(); err != nil {
		d.t.Fatal(err)
	}
}

// want makes sure that these records have come, in whatever order, each once, since the
// last time.
func (d *driver) want(want ...string) {
	d.t.Helper()
	got := slices.Sorted(slices.Values(d.got))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		d.t.Fatalf("got  %.300q\nwant %.300q\npositions %s", got, want, d.text())
	}
}

// text is the positions for people.
func (d *driver) text() string {
	var b bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(d.positions)) {
		at, err := decodePosition(d.positions[id])
		b.WriteString("\n  " + id + ": ")
		if err != nil {
			b.WriteString(err.Error())
			continue
		}
		for _, s := range []string{"lines=", itoa(at.lines), " bytes=", itoa(at.n), " name=", at.name, " fate=", itoa(int64(at.fate)), " file=", itoa(int64(at.file.number))} {
			b.WriteString(s)
		}
	}
	return b.String()
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func (d *driver) path(name string) string { return filepath.Join(d.dir, name) }

func (d *driver) write(name, content string) {
	d.t.Helper()
	write(d.t, d.path(name), []byte(content))
}

func (d *driver) add(name, content string) {
	d.t.Helper()
	add(d.t, d.path(name), []byte(content))
}

func (d *driver) rename(from, to string) {
	d.t.Helper()
	must(d.t, os.Rename(d.path(from), d.path(to)))
}

func (d *driver) remove(name string) {
	d.t.Helper()
	must(d.t, os.Remove(d.path(name)))
}

// copy copies a file, as cp and gzip -k do.
func (d *driver) copy(from, to string, pack func(string) []byte) {
	d.t.Helper()
	b, err := os.ReadFile(d.path(from))
	must(d.t, err)
	write(d.t, d.path(to), pack(string(b)))
}

func plainly(s string) []byte { return []byte(s) }

// afterNow lets the clock of the test go to a time after that of the file system: all that
// happens to files seems to have happened long ago, so times of change are relied on. The
// file system must not give two changes the same time, if the file was looked at in between.
func afterNow(t testing.TB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clock")
	write(t, path, nil)
	last, err := look(path)
	must(t, err)
	for range 20 {
		must(t, os.Chmod(path, 0o600))
		st, err := look(path)
		must(t, err)
		if st.stamp == last.stamp {
			t.Skip("times of change are too coarse here")
		}
		last = st
	}
	time.Sleep(time.Until(time.Unix(0, last.changed).Add(time.Hour)))
}

// wantSplits makes sure that these are the splits that are known.
func (d *driver) wantSplits(want ...string) {
	d.t.Helper()
	if got := slices.Sorted(maps.Keys(d.positions)); !slices.Equal(got, want) {
		d.t.Errorf("the splits are %q, want %q%s", got, want, d.text())
	}
}
