package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// copies are what is swept: from where, to where, and by which model's rules.
var copies = []struct {
	name   string
	source func(testing.TB) (*crashfs.FS, string)
	dst    string
}{
	{"to a new directory", aSource, "/backup/deep/copy"},
	{"beside it", aSource, "/data/copy"},
	{"into a new job directory", aSource, "/new/" + testJob.String() + "/chk-1"},
	{"into a job directory without a lock file", aSourceWithoutLock, jobDir.Join("copy")},
	{"Flink's", aFlinkSource, "/data/chk-7"},
}

const toldCopied = "copied"

// judgeCopy is the oracle: the copy is there as a whole or not at all, and there if
// that was told; the source is as it was; and what is left besides is not taken for a
// checkpoint.
func judgeCopy(src, dst string) func(*crashfs.State) error {
	return func(state *crashfs.State) error {
		disk := state.FS()
		if rep, err := Verify(disk, src, VerifyOptions{}); err != nil || len(rep.Findings) > 0 {
			return fmt.Errorf("the source: %v, %v", rep, err)
		}
		_, err := disk.Stat(dst)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if len(state.Acked()) > 0 {
				return errors.New("it had been copied, and is not there")
			}
		case err != nil:
			return err
		default:
			rep, err := Verify(disk, dst, VerifyOptions{MustBeSealed: true})
			if err != nil {
				return err
			}
			if !rep.Verified() {
				return fmt.Errorf("the copy is torn: %s", rep.Verdict())
			}
		}
		if path.Base(path.Dir(dst)) != testJob.String() {
			return nil
		}
		// The job starts there: from the copy, or from nothing; and sweeps up.
		s, c, err := start2(disk, path.Dir(path.Dir(dst)))
		if err != nil {
			return fmt.Errorf("start the job: %w", err)
		}
		if c == nil && len(state.Acked()) > 0 {
			return errors.New("the job does not find it")
		}
		entries, err := disk.ReadDir(s.Dir())
		for _, e := range entries {
			if checkpoint.ParseName(e.Name).Kind == checkpoint.Staging {
				return fmt.Errorf("%s is left", e.Name)
			}
		}
		return err
	}
}

func sweepCopy(t *testing.T, disk *crashfs.FS, fsys durable.FS, src, dst string) *crashfs.Report {
	t.Helper()
	r, err := crashfs.Sweep(disk, crashfs.Options{}, func() error {
		_, err := Copy(fsys, src, dst, copyOptions)
		if err == nil {
			disk.Ack(toldCopied)
		}
		return err
	}, judgeCopy(src, dst))
	check(t, err)
	if r.Sampled > 0 {
		t.Fatalf("not exhaustive: %v", r)
	}
	return r
}

// TestCopyCrash cuts the power at every operation of a copy.
func TestCopyCrash(t *testing.T) {
	for _, c := range copies {
		t.Run(c.name, func(t *testing.T) {
			disk, src := c.source(t)
			wantNoneBad(t, sweepCopy(t, disk, disk, src, c.dst))
		})
	}
}

// TestCopyOtherFileSystems: what holds by the strict model holds by kinder ones.
func TestCopyOtherFileSystems(t *testing.T) {
	for _, m := range []crashfs.Model{crashfs.Ext4, crashfs.Ext4NoDelalloc, crashfs.XFS, crashfs.NoJournal} {
		t.Run(m.String(), func(t *testing.T) {
			disk := crashfs.New(m)
			check(t, disk.Mkdir(base))
			disk.Settle()
			disk, src := aSourceOn(t, disk)
			wantNoneBad(t, sweepCopy(t, disk, disk, src, "/backup/deep/copy"))
		})
	}
}

// TestCopySyncs forgets one sync of a copy's at a time and sees it missed, but for those
// that another one stands in for.
func TestCopySyncs(t *testing.T) {
	job := "/new/" + testJob.String()
	spared := map[string]string{
		"to a new directory: 3 sync-dir /backup/deep":         "it is synced again when the copy has its name in it",
		"beside it: 1 sync-dir /":                             "the parent was there, and durable",
		"beside it: 2 sync-dir /data":                         "the same directory is synced again in the end",
		"Flink's: 1 sync-dir /":                               "the parent was there, and durable",
		"Flink's: 2 sync-dir /data":                           "the same directory is synced again in the end",
		"into a new job directory: 3 sync-dir " + job:         "it is synced again when the lock file is in it",
		"into a new job directory: 4 sync " + job + "/.lock":  "nothing was given out yet that a next start could give out again",
		"into a new job directory: 5 sync-dir " + job:         "the same directory is synced again in the end",
		"into a new job directory: 11 sync " + job + "/.lock": "the copy's own name and seal say the same",

		"into a job directory without a lock file: 1 sync-dir " + base:           "the parent was there, and durable",
		"into a job directory without a lock file: 2 sync-dir " + string(jobDir): "it is synced again when the lock file is in it",
		"into a job directory without a lock file: 3 sync " + jobDir.Lock():      "nothing was given out yet that a next start could give out again",
		"into a job directory without a lock file: 4 sync-dir " + string(jobDir): "the same directory is synced again in the end",
	}
	found := 0
	for _, c := range copies {
		disk, src := c.source(t)
		_, err := Copy(disk, src, c.dst, copyOptions)
		check(t, err)
		var syncs []string
		for _, line := range disk.Trace() {
			if strings.HasPrefix(line, "sync") {
				syncs = append(syncs, line)
			}
		}
		for k, sync := range syncs {
			t.Run(c.name+"/"+sync, func(t *testing.T) {
				disk, src := c.source(t)
				faulty := faultfs.New(disk, faultfs.Rule{Ops: faultfs.Sync | faultfs.SyncDir, K: k + 1, Do: faultfs.Drop})
				r := sweepCopy(t, disk, faulty, src, c.dst)
				t.Logf("%v", r)
				if faulty.Fired(0) != 1 {
					t.Error("nothing was forgotten")
				}
				_, ok := spared[fmt.Sprintf("%s: %d %s", c.name, k+1, sync)]
				if ok {
					found++
				}
				if ok != (r.Bad == 0) {
					t.Errorf("number %d: %v", k+1, r.Err())
				}
			})
		}
	}
	if found != len(spared) {
		t.Errorf("%d of %d syncs that may be spared are there", found, len(spared))
	}
}

// TestCopyFaults fails each operation in turn. The copy is there as a whole or nothing is
// left, or the error says that something may be.
func TestCopyFaults(t *testing.T) {
	for _, rule := range []faultfs.Rule{
		{Err: syscall.EIO},
		{Err: syscall.ENOSPC, Do: faultfs.FailPartly},
		{Err: syscall.EIO, Do: faultfs.FailAfter},
	} {
		for _, c := range copies {
			t.Run(fmt.Sprintf("%v, action %d/%s", rule.Err, rule.Do, c.name), func(t *testing.T) {
				for k := 1; ; k++ {
					disk, src := c.source(t)
					before := strings.Join(tree(t, disk, "/"), "\n")
					rule.K, rule.Ops = k, faultfs.All
					faulty := faultfs.New(disk, rule)
					_, err := Copy(faulty, src, c.dst, copyOptions)
					if faulty.Fired(0) == 0 {
						t.Logf("%d faults", k-1)
						return
					}
					_, statErr := disk.Stat(c.dst)
					there := statErr == nil
					var unknown *UnknownCopyError
					switch {
					case err == nil && !there:
						t.Errorf("fault %d: no error, and it is not there", k)
					case err == nil, errors.As(err, &unknown):
						if there && !mustVerify(t, disk, c.dst, VerifyOptions{MustBeSealed: true}).Verified() {
							t.Errorf("fault %d: it is torn", k)
						}
					case there:
						t.Errorf("fault %d: it is there in spite of %v", k, err)
					default:
						// Only a deletion that failed, too, may leave something.
						if after := strings.Join(tree(t, disk, "/"), "\n"); after != before && rule.Do == faultfs.Fail {
							t.Errorf("fault %d: %v has left\n%s", k, err, after)
						}
					}
				}
			})
		}
	}
}
