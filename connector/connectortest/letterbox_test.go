package connectortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// A letterbox is a sink that does it right, written down as simply as it goes, and with
// places where it can be done wrong. Each prepared file is a letter
//
//	/box/.<job>.<operator>.<lineage>.<run>.<incarnation>.<attempt>.<subtask>.<counter>
//
// that loses its first dot, and gets the checkpoint at its end, when it is committed. What
// Prepare returns is the name and the checkpoint. The run is a random number.
type letterbox struct {
	fsys   durable.FS
	do     mistakes
	memory *[]string // of one process, for those that are wrong
	run    *string   // of the process: lineage and run
}

// mistakes are the ways to be wrong.
type mistakes struct {
	write    func(l *letter, records []string) error
	prepare  func(l *letter, id checkpoint.ID) ([]byte, error)
	close    func(l *letter) error
	commit   func(b letterbox, ctx context.Context, prepared [][]byte) error
	abort    func(b letterbox, id weir.SinkID) error
	claim    func(b letterbox, c weir.Claim) (func() error, error)
	lock     func(b letterbox, c weir.Claim) (durable.LockFile, error) // in Claim
	old      func(name string, c weir.Claim) bool                      // in Claim: is that visible letter to be refused?
	name     func(l *letter) string
	syncFile func(f durable.File) error     // in Prepare
	syncBox  func(b letterbox) error        // in Prepare
	syncDone func(b letterbox, n int) error // in Commit, after n renames
}

const box = "/box"

func (l *letter) letterName(counter int) string {
	c := l.context
	return fmt.Sprintf("%s%s.%d.%d.%d.%d", letterPrefix(c.SinkID), *l.box.run, c.Incarnation, c.Attempt, c.Subtask, counter)
}

func letterPrefix(id weir.SinkID) string { return "." + id.Job + "." + id.Operator + "." }

func lineagePrefix(id weir.SinkID, run string) string {
	lineage, _, _ := strings.Cut(run, ".")
	return letterPrefix(id) + lineage + "."
}

func (b letterbox) Claim(_ context.Context, c weir.Claim) (func() error, error) {
	if b.do.claim != nil {
		return b.do.claim(b, c)
	}
	return b.claim(c)
}

func (b letterbox) claim(c weir.Claim) (func() error, error) {
	if err := durable.MkdirAll(b.fsys, box); err != nil {
		return nil, err
	}
	lock := b.lock
	if b.do.lock != nil {
		lock = func(c weir.Claim) (durable.LockFile, error) { return b.do.lock(b, c) }
	}
	l, err := lock(c)
	if err != nil {
		return nil, err
	}
	old := isOld
	if b.do.old != nil {
		old = b.do.old
	}
	entries, err := b.fsys.ReadDir(box)
	for _, e := range entries {
		if strings.HasPrefix("."+e.Name, letterPrefix(c.SinkID)) && old(e.Name, c) && !c.BesideOld {
			err = &weir.OldOutputError{Place: box, Found: e.Name, From: c.From}
		}
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	*b.run = fmt.Sprintf("%s.%d", strings.ReplaceAll(c.Lineage, " ", "-"), rand.Uint64())
	return l.Close, nil
}

// lock takes the lock of a sink, whose file has the name of the process that has it.
func (b letterbox) lock(c weir.Claim) (durable.LockFile, error) {
	l, err := b.fsys.Lock(box + "/" + letterPrefix(c.SinkID) + "lock")
	if errors.Is(err, durable.ErrLocked) {
		owner := make([]byte, 100)
		n, _ := l.ReadAt(owner, 0)
		l.Close()
		return nil, &weir.OutputInUseError{Place: box, Owner: strings.TrimSpace(string(owner[:n]))}
	}
	if err != nil {
		return nil, err
	}
	_, err = l.WriteAt(fmt.Appendf(nil, "%-100s", c.Owner), 0)
	if err = errors.Join(err, l.Sync()); err != nil { // fewer states for the power cuts
		l.Close()
		return nil, err
	}
	return l, nil
}

// isOld says of a visible letter of the sink's that the run would write it again.
func isOld(name string, c weir.Claim) bool {
	lineage := strings.HasPrefix("."+name, lineagePrefix(c.SinkID, strings.ReplaceAll(c.Lineage, " ", "-")+"."))
	return c.Fresh || lineage && c.From > 0 && checkpoint.ID(field(name, 0)) > c.From
}

func (b letterbox) Open(_ context.Context, c weir.SinkContext) (weir.Writer[string], error) {
	return &letter{box: b, context: c}, durable.MkdirAll(b.fsys, box)
}

func (b letterbox) Commit(ctx context.Context, prepared [][]byte) error {
	if b.do.commit != nil {
		return b.do.commit(b, ctx, prepared)
	}
	return b.commit(prepared)
}

func (b letterbox) commit(prepared [][]byte) error {
	n := 0
	for _, p := range prepared {
		hidden, visible := lettersNames(p)
		err := b.fsys.Rename(hidden, visible)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was committed before
		}
		if err != nil {
			return err
		}
		n++
	}
	if b.do.syncDone != nil {
		return b.do.syncDone(b, n)
	}
	return b.fsys.SyncDir(box)
}

// lettersNames are the two names of what was prepared.
func lettersNames(prepared []byte) (hidden, visible string) {
	name, id, _ := strings.Cut(string(prepared), " ")
	return path.Join(box, name), path.Join(box, name[1:]+"."+id)
}

func (b letterbox) Abort(_ context.Context, id weir.SinkID) error {
	if b.do.abort != nil {
		return b.do.abort(b, id)
	}
	return b.remove(func(name string) bool { return strings.HasPrefix(name, lineagePrefix(id, *b.run)) })
}

func (b letterbox) remove(which func(name string) bool) error {
	entries, err := b.fsys.ReadDir(box)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if err == nil && which(e.Name) && !strings.HasSuffix(e.Name, "lock") {
			err = b.fsys.Remove(path.Join(box, e.Name))
		}
	}
	return err
}

// A letter is the writer of one subtask.
type letter struct {
	box     letterbox
	context weir.SinkContext
	counter int
	file    durable.File // nil: nothing was written since the last Prepare
	name    string
	failed  error
	kept    []string // for those that are wrong
}

func (l *letter) Write(_ context.Context, records []string) error {
	if l.box.do.write != nil {
		return l.box.do.write(l, records)
	}
	return l.write(records)
}

func (l *letter) write(records []string) error {
	if l.failed != nil {
		return l.failed
	}
	if l.file == nil {
		l.counter++
		l.name = l.letterName(l.counter)
		if l.box.do.name != nil {
			l.name = l.box.do.name(l)
		}
		l.file, l.failed = l.box.fsys.Create(path.Join(box, l.name))
	}
	if l.failed == nil {
		_, l.failed = io.WriteString(l.file, strings.Join(records, "\n")+"\n")
	}
	return l.failed
}

func (l *letter) Prepare(_ context.Context, id checkpoint.ID) ([]byte, error) {
	if l.box.do.prepare != nil {
		return l.box.do.prepare(l, id)
	}
	return l.prepare(id)
}

func (l *letter) prepare(id checkpoint.ID) ([]byte, error) {
	if l.failed != nil || l.file == nil {
		return nil, l.failed
	}
	sync := durable.File.Sync
	if l.box.do.syncFile != nil {
		sync = l.box.do.syncFile
	}
	l.failed = errors.Join(sync(l.file), l.file.Close())
	l.file = nil
	if l.failed == nil {
		if l.box.do.syncBox != nil {
			l.failed = l.box.do.syncBox(l.box)
		} else {
			l.failed = l.box.fsys.SyncDir(box)
		}
	}
	return fmt.Appendf(nil, "%s %d", l.name, id), l.failed
}

func (l *letter) Close() error {
	if l.box.do.close != nil {
		return l.box.do.close(l)
	}
	return l.discard()
}

func (l *letter) discard() error {
	if l.file == nil {
		return nil
	}
	l.file.Close()
	l.file, l.failed = nil, errors.New("closed")
	l.box.fsys.Remove(path.Join(box, l.name)) // or the next start does
	return nil
}

// letters are the records in the letters whose names begin with a dot, or do not.
func letters(fsys durable.FS, hidden bool) (records, names []string, err error) {
	entries, err := fsys.ReadDir(box)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name, ".") != hidden || strings.HasSuffix(e.Name, "lock") {
			continue
		}
		names = append(names, e.Name)
		r, err := fsys.Open(path.Join(box, e.Name))
		if err != nil {
			return nil, nil, err
		}
		content, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
		r.Close()
		if err != nil {
			return nil, nil, err
		}
		records = append(records, strings.FieldsFunc(string(content), func(c rune) bool { return c == '\n' })...)
	}
	return records, names, nil
}

func letterboxTest(do mistakes, logf func(string, ...any)) *sinkTest[string] {
	return newSinkTest(SinkConfig[string]{
		On: func(fsys durable.FS) Output[string] {
			b := letterbox{fsys, do, new([]string), new(string)}
			return Output[string]{
				Sink:      b,
				Take:      func() error { return b.remove(func(name string) bool { return name[0] != '.' }) },
				Visible:   func() ([]string, error) { records, _, err := letters(fsys, false); return records, err },
				Leftovers: func() ([]string, error) { _, names, err := letters(fsys, true); return names, err },
			}
		},
		Record: record,
	}, logf)
}

// field is a number in the name of a letter, counted from the end.
func field(name string, fromEnd int) int {
	fields := strings.Split(name, ".")
	slices.Reverse(fields)
	n, _ := strconv.Atoi(fields[fromEnd])
	return n
}
