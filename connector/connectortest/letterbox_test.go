package connectortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
//	/box/.<job>.<operator>.<incarnation>.<attempt>.<subtask>.<counter>
//
// that loses its first dot when it is committed. What Prepare returns is the name.
type letterbox struct {
	fsys   durable.FS
	do     mistakes
	memory *[]string // of one process, for those who are wrong
}

// mistakes are the ways to be wrong.
type mistakes struct {
	write    func(l *letter, records []string) error
	prepare  func(l *letter, id checkpoint.ID) ([]byte, error)
	close    func(l *letter) error
	commit   func(b letterbox, ctx context.Context, prepared [][]byte) error
	abort    func(b letterbox, id weir.SinkID) error
	name     func(c weir.SinkContext, counter int) string
	syncFile func(f durable.File) error     // in Prepare
	syncBox  func(b letterbox) error        // in Prepare
	syncDone func(b letterbox, n int) error // in Commit, after n renames
}

const box = "/box"

func letterName(c weir.SinkContext, counter int) string {
	return fmt.Sprintf("%s%d.%d.%d.%d", letterPrefix(c.SinkID), c.Incarnation, c.Attempt, c.Subtask, counter)
}

func letterPrefix(id weir.SinkID) string { return "." + id.Job + "." + id.Operator + "." }

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
		hidden := path.Join(box, string(p))
		err := b.fsys.Rename(hidden, path.Join(box, string(p[1:])))
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

func (b letterbox) Abort(_ context.Context, id weir.SinkID) error {
	if b.do.abort != nil {
		return b.do.abort(b, id)
	}
	return b.remove(func(name string) bool { return strings.HasPrefix(name, letterPrefix(id)) })
}

func (b letterbox) remove(which func(name string) bool) error {
	entries, err := b.fsys.ReadDir(box)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if err == nil && which(e.Name) {
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
	kept    []string // for those who are wrong
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
		name := letterName
		if l.box.do.name != nil {
			name = l.box.do.name
		}
		l.name = name(l.context, l.counter)
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
	return l.prepare()
}

func (l *letter) prepare() ([]byte, error) {
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
	return []byte(l.name), l.failed
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
		if strings.HasPrefix(e.Name, ".") != hidden {
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
			return Output[string]{
				Sink:      letterbox{fsys, do, new([]string)},
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
