package store

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable/faultfs"
)

// readManners are manners of reading.
func readManners() (rules []faultfs.Rule) {
	for _, rule := range manners() {
		if rule.Ops &= faultfs.Reads; rule.Do != faultfs.FailAfter { // of a read that is the same as Fail
			rules = append(rules, rule)
		}
	}
	return rules
}

// saysUnread: that something could not be read is said as such. It is no damage that was
// found; only of EIO, which is the disk's own word for it, is what cannot be read a
// finding, and then it reads as one of what cannot be read.
func saysUnread(err error, rule faultfs.Rule) error {
	var damaged *DamagedError
	switch {
	case rule.Do == faultfs.Short:
		return nil
	case errors.As(err, &damaged):
		if rule.Err != syscall.EIO || !damaged.Report.Unreadable() || strings.Contains(err.Error(), "is damaged") {
			return fmt.Errorf("called damage: %w", err)
		}
		return nil
	case !errors.Is(err, rule.Err):
		return fmt.Errorf("says something else: %w", err)
	}
	return nil
}

// TestEveryReadInRecovery fails each read, look and listing of a start: the newest
// checkpoint is restored, or it is said that something could not be read. Never is an
// older one restored for it, even where going back to damaged ones is allowed, unless the
// disk says time and again that the bytes cannot be read; and nothing is set aside or
// deleted that was kept.
func TestEveryReadInRecovery(t *testing.T) {
	positions, starts, restored := 0, 0, 0
	for _, rule := range readManners() {
		for _, allow := range []bool{false, true} {
			for rule.K = 1; ; rule.K++ {
				disk := withCheckpoints(t, 3)
				faulty := faultfs.New(disk, rule)
				s, c, err := start(faulty, testOptions(2), From{AllowFallback: allow})
				if faulty.Matched(0) < rule.K {
					break
				}
				starts, positions = starts+1, max(positions, rule.K)
				switch {
				case err != nil:
					if err := saysUnread(err, rule); err != nil {
						t.Errorf("%+v: %v", rule, err)
					}
				case c == nil:
					t.Errorf("%+v: started from nothing", rule)
				case c.ID != 3:
					t.Errorf("%+v, going back allowed: %v: checkpoint %v was restored", rule, allow, c.ID)
				default:
					restored++
					check(t, s.Close())
					if !rule.Sticky {
						check(t, isWhole(c, 1))
					}
				}
				if open := faulty.StillOpen(); len(open) > 0 {
					t.Errorf("%+v: left open: %v", rule, open)
				}
				names := fmt.Sprint(names(t, disk, string(jobDir)))
				if !strings.Contains(names, "chk-2 chk-3") {
					t.Errorf("%+v: the job's directory now holds %v", rule, names)
				}
				if _, c := mustStart(t, disk, testOptions(2)); c.ID != 3 {
					t.Errorf("%+v: the start after restores %v", rule, c.ID)
				}
			}
		}
	}
	t.Logf("%d positions, %d starts, %d of them restored the newest all the same", positions, starts, restored)
}

// TestUnreadableForGood: only what the disk says again that it cannot be read is
// gone back from, and only where that is allowed.
func TestUnreadableForGood(t *testing.T) {
	for _, name := range []string{"_metadata", "state-3"} {
		rule := faultfs.Rule{Ops: faultfs.Read, Name: jobDir.Complete(3) + "/" + name, K: 1, Sticky: true, Err: syscall.EIO}
		disk := withCheckpoints(t, 3)
		_, _, err := start(faultfs.New(disk, rule), testOptions(3), From{})
		wantText(t, err, "checkpoint 3 in "+jobDir.Complete(3)+" is unreadable: ", name, "cannot be read: ", "Checkpoint 2 in", "is intact")
		if err := saysUnread(err, rule); err != nil {
			t.Error(err)
		}
		wantNames(t, disk, ".lock", "chk-1", "chk-2", "chk-3")
		_, c, err := start(faultfs.New(disk, rule), testOptions(3), From{AllowFallback: true})
		check(t, err)
		if c.ID != 2 {
			t.Errorf("restored %v", c.ID)
		}
		wantNames(t, disk, ".damaged-3", ".lock", "chk-1", "chk-2")
	}
}

// TestEveryReadOfVerify fails each read of verifying a checkpoint and of reading its
// states: it is not called verified before all of it was read, and no byte that was
// not read is handed out.
func TestEveryReadOfVerify(t *testing.T) {
	positions, verifications, readings := 0, 0, 0
	for _, rule := range readManners() {
		for rule.K = 1; ; rule.K++ {
			disk := withCheckpoints(t, 1)
			faulty := faultfs.New(disk, rule)
			dir := jobDir.Complete(1)
			rep, err := Verify(faulty, dir, VerifyOptions{Job: &testJob, serial: true})
			if faulty.Matched(0) < rule.K {
				break
			}
			verifications, positions = verifications+1, max(positions, rule.K)
			listed := faulty.Matched(0) == rule.K // the last thing: what else lies in the directory
			switch {
			case err != nil:
				if err := saysUnread(err, rule); err != nil {
					t.Errorf("%+v: %v", rule, err)
				}
			case rep.Verified() && !listed && rule.Do != faultfs.Short:
				t.Errorf("%+v: %s", rule, rep.Verdict())
			case !rep.Verified() && !rep.Unreadable() && rule.Do != faultfs.Short:
				t.Errorf("%+v: %s", rule, rep.Verdict())
			}
		}
		for rule.K = 1; ; rule.K++ {
			faulty := faultfs.New(withCheckpoints(t, 1), rule)
			c, err := ReadCheckpoint(faulty, jobDir.Complete(1), ReadOptions{})
			if err == nil {
				err = isWhole(c, 1)
			}
			if faulty.Matched(0) < rule.K {
				check(t, err)
				break
			}
			readings++
			if rule.Do != faultfs.Short && !errors.Is(err, rule.Err) {
				t.Errorf("%+v: %v", rule, err)
			}
			if open := faulty.StillOpen(); len(open) > 0 {
				t.Errorf("%+v: left open: %v", rule, open)
			}
		}
	}
	t.Logf("%d positions; %d verifications, %d readings", positions, verifications, readings)
}

// TestShortReads: what is read in pieces is read to its end; what ends too early is not
// made longer.
func TestShortReads(t *testing.T) {
	disk := withCheckpoints(t, 1)
	for _, name := range []string{".lock", "_metadata", "state-1"} {
		faulty := faultfs.New(disk, faultfs.Rule{Ops: faultfs.Read, Name: name, K: 1, Do: faultfs.Short})
		s, c, err := start(faulty, testOptions(1), From{})
		if err != nil || c.ID != 1 || faulty.Fired(0) != 1 {
			t.Fatalf("%s: %v, fired %d times", name, err, faulty.Fired(0))
		}
		check(t, s.Close())
	}
	if err := readFull(strings.NewReader("abc"), make([]byte, 4), 0); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
	if err := readFull(nothing{}, make([]byte, 4), 0); err != io.ErrNoProgress {
		t.Error(err)
	}
}

// nothing is no bytes and no error, without end.
type nothing struct{}

func (nothing) ReadAt([]byte, int64) (int, error) { return 0, nil }

// TestLostLockFile: without a lock file the seals say which incarnations there were, and
// if they cannot be read now it does not guess.
func TestLostLockFile(t *testing.T) {
	for _, rule := range readManners() {
		if rule.Sticky || rule.Do == faultfs.Short {
			continue
		}
		disk := withCheckpoints(t, 1)
		check(t, disk.Remove(jobDir.Lock()))
		rule.Name, rule.Ops = "_metadata", faultfs.Open|faultfs.Read
		for rule.K = 1; rule.K <= 2; rule.K++ {
			s, err := Open(faultfs.New(disk, rule), base, testJob, testOptions(1))
			if rule.Err == syscall.EIO {
				check(t, err) // lost as well: it cannot be known
			} else if !errors.Is(err, rule.Err) {
				t.Errorf("%+v: %v", rule, err)
			}
			if err == nil {
				check(t, s.Close())
			}
			check(t, disk.Remove(jobDir.Lock()))
		}
		s, err := Open(disk, base, testJob, testOptions(1))
		check(t, err)
		if s.Incarnation() != 2 {
			t.Errorf("incarnation %v", s.Incarnation())
		}
	}
}
