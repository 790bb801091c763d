package connectortest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

func TestLetterbox(t *testing.T) {
	Sink(t, letterboxTest(mistakes{}, t.Logf).SinkConfig)
}

// publishAll makes every letter of a job's visible that which says.
func publishAll(b letterbox, which func(name string) bool) error {
	entries, err := b.fsys.ReadDir(box)
	for _, e := range entries {
		if err == nil && strings.HasPrefix(e.Name, ".") && !strings.HasSuffix(e.Name, "lock") && which(e.Name) {
			err = b.fsys.Rename(path.Join(box, e.Name), path.Join(box, e.Name[1:]))
		}
	}
	return errors.Join(err, b.fsys.SyncDir(box))
}

func ownerOf(name string) string { return strings.Join(strings.SplitN(name, ".", 4)[:3], ".") + "." }

func forgotten[T any](T) error { return nil }

// A brokenSink is wrong in one way.
type brokenSink struct {
	name     string
	do       mistakes
	caughtBy string
}

// Each of them is wrong in one way, and each is caught, by the check that is named.
func TestBrokenSinks(t *testing.T) {
	for _, test := range append(brokenClaims, []brokenSink{
		{"an error if nothing was written", mistakes{prepare: func(l *letter, id checkpoint.ID) ([]byte, error) {
			if l.file == nil {
				return nil, errors.New("nothing was written")
			}
			return l.prepare(id)
		}}, "nothing written"},
		{"something to commit that is not there, if nothing was written", mistakes{
			prepare: func(l *letter, id checkpoint.ID) ([]byte, error) {
				if l.file == nil {
					return []byte(".none 1"), nil
				}
				return l.prepare(id)
			},
			commit: strictCommit,
		}, "nothing written"},
		{"visible when it is written", mistakes{name: func(l *letter) string { return l.letterName(l.counter)[1:] }}, "hidden before commit"},
		{"visible when it is prepared", mistakes{prepare: func(l *letter, id checkpoint.ID) ([]byte, error) {
			p, err := l.prepare(id)
			if p != nil && err == nil {
				err = l.box.commit([][]byte{p})
			}
			return p, err
		}}, "hidden before commit"},
		{"every thousandth record is lost", mistakes{write: func(l *letter, records []string) error {
			for i, r := range records {
				if strings.HasSuffix(r, "000") {
					records = append(records[:i:i], records[i+1:]...)
					break
				}
			}
			if len(records) == 0 {
				return nil
			}
			return l.write(records)
		}}, "visible after commit"},
		{"visible with the next commit only", mistakes{commit: oneLate()}, "visible after commit"},
		{"keeps the slice", mistakes{
			write: func(l *letter, records []string) error { l.kept = append2(l.kept, records); return nil },
			prepare: func(l *letter, id checkpoint.ID) ([]byte, error) {
				if len(l.kept) == 0 {
					return nil, nil
				}
				if err := l.write(l.kept); err != nil {
					return nil, err
				}
				l.kept = nil
				return l.prepare(id)
			},
		}, "slices are not kept"},
		{"commit is not idempotent: it fails", mistakes{commit: strictCommit}, "commit again"},
		{"commit is not idempotent: it doubles", mistakes{commit: func(b letterbox, _ context.Context, prepared [][]byte) error {
			for _, p := range prepared {
				from, to := lettersNames(p)
				err := b.fsys.Rename(from, to)
				for i := 2; errors.Is(err, fs.ErrNotExist); i++ {
					err = copyTo(b.fsys, to, fmt.Sprintf("%s again %d", to, i))
					if errors.Is(err, fs.ErrExist) {
						err = fs.ErrNotExist
					}
				}
				if err != nil {
					return err
				}
			}
			return b.fsys.SyncDir(box)
		}}, "commit again"},
		{"commit makes everything visible that is prepared", mistakes{commit: func(b letterbox, _ context.Context, prepared [][]byte) error {
			return publishAll(b, func(name string) bool { return ownerOf(name) == ownerOf(string(prepared[0])) })
		}}, "visible after commit"},
		{"commit makes everything visible that the other subtasks have prepared", mistakes{
			prepare: func(l *letter, id checkpoint.ID) ([]byte, error) {
				p, err := l.prepare(id)
				if p == nil || err != nil {
					return nil, err
				}
				p = fmt.Appendf(nil, "%s.%d", l.name, id)
				return p, errors.Join(l.box.fsys.Rename(path.Join(box, l.name), path.Join(box, string(p))), l.box.fsys.SyncDir(box))
			},
			commit: func(b letterbox, _ context.Context, prepared [][]byte) error {
				last := string(prepared[len(prepared)-1])
				return publishAll(b, func(name string) bool {
					return ownerOf(name) == ownerOf(last) && strings.Count(name, ".") == 9 && field(name, 0) <= field(last, 0)
				})
			},
		}, "each subtask's own"},
		{"what a failed checkpoint had is undone by the next", mistakes{prepare: func(l *letter, id checkpoint.ID) ([]byte, error) {
			p, err := l.prepare(id)
			if p != nil && l.counter > 1 {
				l.box.fsys.Remove(path.Join(box, l.letterName(l.counter-1)))
			}
			return p, err
		}}, "failed checkpoint"},
		{"close makes visible what was written", mistakes{close: func(l *letter) error {
			p, err := l.prepare(1)
			if p != nil && err == nil {
				err = l.box.commit([][]byte{p})
			}
			return err
		}}, "close"},
		{"close undoes what was prepared", mistakes{close: func(l *letter) error {
			err := l.discard()
			for n := range l.counter {
				l.box.fsys.Remove(path.Join(box, l.letterName(n+1)))
			}
			return err
		}}, "close"},
		{"what to commit is known to the process only", inMemory(), "commit after a restart"},
		{"names come again with the next process", mistakes{
			name: func(l *letter) string {
				return fmt.Sprintf("%s%d.%d", lineagePrefix(l.context.SinkID, *l.box.run), l.context.Subtask, l.counter)
			},
			commit: func(b letterbox, _ context.Context, prepared [][]byte) error {
				for _, p := range prepared {
					hidden, _, _ := strings.Cut(string(p), " ")
					err := b.fsys.Rename(path.Join(box, hidden), path.Join(box, hidden[1:]))
					if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
						return err
					}
				}
				return b.fsys.SyncDir(box)
			},
		}, "commit after a restart"},
		{"abort does nothing", mistakes{abort: func(letterbox, weir.SinkID) error { return nil }}, "abort what was written"},
		{"abort leaves what a later commit makes visible", mistakes{
			abort: func(letterbox, weir.SinkID) error { return nil },
			commit: func(b letterbox, _ context.Context, prepared [][]byte) error {
				if err := b.commit(prepared); err != nil {
					return err
				}
				return publishAll(b, func(name string) bool { // whatever this process has not written
					return ownerOf(name) == ownerOf(string(prepared[0])) && field(name, 3) < field(string(prepared[0]), 3)
				})
			},
		}, "abort what was written"},
		{"abort knows the subtasks of now only", mistakes{abort: func(b letterbox, id weir.SinkID) error {
			return b.remove(func(name string) bool { return strings.HasPrefix(name, letterPrefix(id)) && field(name, 1) < 2 })
		}}, "abort what was written"},
		{"abort undoes what is visible", mistakes{abort: func(b letterbox, id weir.SinkID) error {
			return b.remove(func(name string) bool { return strings.HasPrefix("."+strings.TrimPrefix(name, "."), letterPrefix(id)) })
		}}, "commit after a restart"},
		{"abort undoes what is visible and in no checkpoint", mistakes{
			commit: func(b letterbox, _ context.Context, prepared [][]byte) error {
				for _, p := range prepared {
					_, visible := lettersNames(p)
					*b.memory = append(*b.memory, path.Base(visible))
				}
				return b.commit(prepared)
			},
			abort: func(b letterbox, id weir.SinkID) error {
				return b.remove(func(name string) bool {
					return strings.HasPrefix(name, letterPrefix(id)) || strings.HasPrefix("."+name, letterPrefix(id)) && !slices.Contains(*b.memory, name)
				})
			},
		}, "abort keeps what is visible"},
		{"abort undoes what other sinks have prepared", mistakes{abort: func(b letterbox, id weir.SinkID) error {
			return b.remove(func(name string) bool { return strings.HasPrefix(name, ".") })
		}}, "abort leaves others alone"},
		{"abort undoes what sinks with names like its own have prepared", mistakes{abort: func(b letterbox, id weir.SinkID) error {
			own := strings.ReplaceAll(letterPrefix(id), ".", "")
			return b.remove(func(name string) bool {
				return strings.HasPrefix(name, ".") && strings.ReplaceAll(ownerOf(name), ".", "") == own
			})
		}}, "abort leaves others alone"},
		{"a cancelled commit says that it was done", mistakes{commit: func(b letterbox, ctx context.Context, prepared [][]byte) error {
			if ctx.Err() != nil {
				return nil
			}
			return b.commit(prepared)
		}}, "cancelled commit"},
		{"Prepare does not sync the file", mistakes{syncFile: forgotten[durable.File]}, "prepared is durable"},
		{"Prepare does not sync the folder", mistakes{syncBox: forgotten[letterbox]}, "prepared is durable"},
		{"Commit does not sync the folder", mistakes{syncDone: func(letterbox, int) error { return nil }}, "committed is durable"},
		{"Commit syncs the folder only if it has changed something", mistakes{syncDone: func(b letterbox, n int) error {
			if n == 0 {
				return nil
			}
			return b.fsys.SyncDir(box)
		}}, "faults and power cuts"},
		{"an error of the file's sync is passed over", mistakes{syncFile: func(f durable.File) error { f.Sync(); return nil }}, "faults and power cuts"},
		{"an error of the folder's sync is passed over", mistakes{syncBox: func(b letterbox) error { b.fsys.SyncDir(box); return nil }}, "faults and power cuts"},
		{"after an error of a write it begins anew", mistakes{write: func(l *letter, records []string) error {
			if err := l.write(records); err != nil {
				l.file, l.failed = nil, nil
			}
			return nil
		}}, "faults"},
		{"an error of a rename is passed over", mistakes{commit: func(b letterbox, _ context.Context, prepared [][]byte) error {
			for _, p := range prepared {
				b.fsys.Rename(lettersNames(p))
			}
			return b.fsys.SyncDir(box)
		}}, "faults"},
	}...) {
		t.Run(test.name, func(t *testing.T) {
			s := letterboxTest(test.do, t.Logf)
			s.sample.short = false // that it is caught is no matter of chance
			checks := slices.DeleteFunc(sinkChecks[string](), func(c check[*sinkTest[string]]) bool {
				return testing.Short() && c.name != test.caughtBy && sweeps[c.name]
			})
			wantCaught(t, s, checks, test.caughtBy)
		})
	}
}

// sweeps are the checks that take their time.
var sweeps = map[string]bool{"faults": true, "pairs of faults": true, "faults and power cuts": true, "power cuts": true}

// strictCommit commits what is there to be committed, and nothing twice.
func strictCommit(b letterbox, _ context.Context, prepared [][]byte) error {
	for _, p := range prepared {
		if err := b.fsys.Rename(lettersNames(p)); err != nil {
			return err
		}
	}
	return b.fsys.SyncDir(box)
}

// oneLate commits what it was to commit the time before.
func oneLate() func(letterbox, context.Context, [][]byte) error {
	var before [][]byte
	return func(b letterbox, _ context.Context, prepared [][]byte) error {
		err := b.commit(before)
		before = cloned(prepared)
		return err
	}
}

func append2(kept, records []string) []string {
	if len(kept) == 0 {
		return records // and not a copy of it
	}
	return append(kept, records...)
}

func copyTo(fsys durable.FS, from, to string) error {
	r, err := fsys.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	b := make([]byte, r.Size())
	if _, err := r.ReadAt(b, 0); err != nil {
		return err
	}
	return durable.WriteFile(fsys, to, b)
}

// inMemory has a number to commit, and knows in memory what that is.
func inMemory() mistakes {
	return mistakes{
		prepare: func(l *letter, id checkpoint.ID) ([]byte, error) {
			p, err := l.prepare(id)
			if p == nil || err != nil {
				return nil, err
			}
			*l.box.memory = append(*l.box.memory, string(p))
			return []byte{byte(len(*l.box.memory))}, nil
		},
		commit: func(b letterbox, _ context.Context, prepared [][]byte) error {
			var known [][]byte
			for _, p := range prepared {
				if n := int(p[0]); n <= len(*b.memory) {
					known = append(known, []byte((*b.memory)[n-1]))
				}
			}
			return b.commit(known)
		},
	}
}
