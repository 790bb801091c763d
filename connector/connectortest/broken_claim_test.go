package connectortest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// brokenClaims are sinks that are wrong about other runs, or about what consumers take.
var brokenClaims = []brokenSink{
	{"claims nothing", mistakes{lock: func(letterbox, weir.Claim) (durable.LockFile, error) { return unlocked{}, nil }}, "claim"},
	{"claims the place for itself alone", mistakes{lock: func(b letterbox, c weir.Claim) (durable.LockFile, error) {
		c.SinkID = theSink
		return b.lock(c)
	}}, "claim"},
	{"claims the place for its job alone", mistakes{lock: func(b letterbox, c weir.Claim) (durable.LockFile, error) {
		c.Operator = theSink.Operator
		return b.lock(c)
	}}, "claim"},
	{"does not say which run has the place", mistakes{lock: func(b letterbox, c weir.Claim) (durable.LockFile, error) {
		l, err := b.lock(c)
		if err != nil {
			err = &weir.OutputInUseError{Place: box, Owner: c.Owner}
		}
		return l, err
	}}, "claim"},
	{"says that the place is in use in words of its own", mistakes{lock: func(b letterbox, c weir.Claim) (durable.LockFile, error) {
		l, err := b.lock(c)
		if err != nil {
			err = durable.ErrLocked
		}
		return l, err
	}}, "claim"},
	{"a claim undoes what was prepared", mistakes{claim: func(b letterbox, c weir.Claim) (func() error, error) {
		b.remove(func(name string) bool { return strings.HasPrefix(name, letterPrefix(c.SinkID)) })
		return b.claim(c)
	}}, "claim"},
	{"the lock stays when its run has ended", mistakes{claim: func(b letterbox, c weir.Claim) (func() error, error) {
		_, err := b.claim(c)
		return func() error { return nil }, err
	}}, "claim"},
	{"the lock outlives its run", mistakes{lock: func(b letterbox, c weir.Claim) (durable.LockFile, error) {
		name := box + "/" + letterPrefix(c.SinkID) + "claim.lock"
		err := durable.WriteFile(b.fsys, name, []byte(c.Owner))
		if errors.Is(err, fs.ErrExist) {
			r, err := b.fsys.Open(name)
			if err != nil {
				return nil, err
			}
			defer r.Close()
			owner := make([]byte, r.Size())
			r.ReadAt(owner, 0)
			return nil, &weir.OutputInUseError{Place: box, Owner: string(owner)}
		}
		return unlocked{func() error { return b.fsys.Remove(name) }}, err
	}}, "nothing written"},
	{"a release that is missing", mistakes{claim: func(b letterbox, c weir.Claim) (func() error, error) {
		_, err := b.claim(c)
		return nil, err
	}}, "nothing written"},
	{"begins anew beside old output", mistakes{old: func(name string, c weir.Claim) bool { return !c.Fresh && isOld(name, c) }}, "claim beside old output"},
	{"begins anew beside old output of other checkpoints", mistakes{old: func(name string, c weir.Claim) bool {
		return isOld(name, c) && strings.Contains(name, strings.ReplaceAll(c.Lineage, " ", "-"))
	}}, "claim beside old output"},
	{"goes back before visible output", mistakes{old: func(name string, c weir.Claim) bool { return c.Fresh }}, "claim beside old output"},
	{"takes the output of the checkpoint that it starts with for old", mistakes{old: func(name string, c weir.Claim) bool {
		c.From--
		return isOld(name, c)
	}}, "claim beside old output"},
	{"takes the output of other checkpoints for its own", mistakes{old: func(name string, c weir.Claim) bool {
		return c.Fresh || c.From > 0 && checkpoint.ID(field(name, 0)) > c.From
	}}, "claim beside old output"},
	{"names come again when the checkpoints are lost", mistakes{claim: func(b letterbox, c weir.Claim) (func() error, error) {
		release, err := b.claim(c)
		*b.run, _, _ = strings.Cut(*b.run, ".")
		*b.run += ".0"
		return release, err
	}}, "new output beside old"},
	{"abort undoes what runs with other checkpoints have prepared", mistakes{abort: func(b letterbox, id weir.SinkID) error {
		return b.remove(func(name string) bool { return strings.HasPrefix(name, letterPrefix(id)) })
	}}, "other lineages"},
	{"each run is a lineage of its own", mistakes{abort: func(b letterbox, id weir.SinkID) error {
		return b.remove(func(name string) bool { return strings.HasPrefix(name, letterPrefix(id)+*b.run) })
	}}, "abort what was written"},
	{"output that a consumer has taken is missing", mistakes{commit: func(b letterbox, _ context.Context, prepared [][]byte) error {
		for _, p := range prepared {
			hidden, visible := lettersNames(p)
			err := b.fsys.Rename(hidden, visible)
			if errors.Is(err, fs.ErrNotExist) {
				_, err = b.fsys.Stat(visible)
			}
			if err != nil {
				return err
			}
		}
		return b.fsys.SyncDir(box)
	}}, "output is taken"},
}

// unlocked is a lock that is none.
type unlocked struct{ release func() error }

func (unlocked) ReadAt([]byte, int64) (int, error)  { return 0, io.EOF }
func (unlocked) WriteAt([]byte, int64) (int, error) { return 0, nil }
func (unlocked) Size() (int64, error)               { return 0, nil }
func (unlocked) Sync() error                        { return nil }

func (u unlocked) Close() error {
	if u.release == nil {
		return nil
	}
	return u.release()
}
