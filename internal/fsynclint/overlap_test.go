package fsynclint

import (
	"fmt"
	"strings"
	"testing"
)

// TestCommitsThatOverlap: two threads commit into one directory at the same time, and each
// syncs it after its own rename. What the second does must not hide that a sync of the first
// is missing.
func TestCommitsThatOverlap(t *testing.T) {
	const trace = `7 openat(AT_FDCWD, "/d/.part-0-1", O_WRONLY|O_CREAT|O_EXCL, 0666) = 3
8 openat(AT_FDCWD, "/d/.part-1-1", O_WRONLY|O_CREAT|O_EXCL, 0666) = 4
7 write(3, ""..., 10) = 10
8 write(4, ""..., 10) = 10
7 fsync(3) = 0
8 fsync(4) = 0
7 close(3) = 0
8 close(4) = 0
7 openat(AT_FDCWD, "/d", O_RDONLY|O_DIRECTORY) = 3
8 openat(AT_FDCWD, "/d", O_RDONLY|O_DIRECTORY) = 4
7 fsync(3) = 0
7 rename("/d/.part-0-1", "/d/part-0-1" <unfinished ...>
8 rename("/d/.part-1-1", "/d/part-1-1" <unfinished ...>
7 <... rename resumed>) = 0
8 <... rename resumed>) = 0
7 fsync(3 <unfinished ...>
8 fsync(4) = 0
7 <... fsync resumed>) = 0
7 write(1, "done\n"..., 5) = 5
8 write(1, "done\n"..., 5) = 5
`
	r := lint(t, trace, nil)
	if r.Commits != 2 || r.Worst() == Error {
		t.Errorf("%d commits, findings %v", r.Commits, ids(r))
	}
	without := strings.ReplaceAll(trace, "8 fsync(4) = 0\n7 <...", "7 <...")
	without = strings.Replace(without, "7 fsync(3 <unfinished ...>\n7 <... fsync resumed>) = 0\n", "", 1)
	if r := lint(t, without, nil); r.Worst() != Error {
		t.Errorf("without the last syncs, the findings are %v", ids(r))
	}
}

// TestManyCommitsThenOneSync: a program gives more files their names than a family
// remembers, and syncs the directory once. Until it does so nothing relies on any of them.
func TestManyCommitsThenOneSync(t *testing.T) {
	const files = unitsOfFamily + 4
	trace := repeat(files, func(i int) string {
		return fmt.Sprintf("openat(AT_FDCWD, \"/d/.part-%[1]d\", O_WRONLY|O_CREAT|O_EXCL, 0666) = 3\nwrite(3, \"\"..., 10) = 10\nfsync(3) = 0\nclose(3) = 0\n", i)
	}) + repeat(files, func(i int) string {
		return fmt.Sprintf("rename(\"/d/.part-%[1]d\", \"/d/part-%[1]d\") = 0\n", i)
	})
	r := lint(t, trace+syncD+"write(1, \"done\\n\"..., 5) = 5\n", nil)
	if r.Commits != files || r.Worst() == Error {
		t.Errorf("%d commits, findings %v", r.Commits, ids(r))
	}
	r = lint(t, trace+"write(1, \"done\\n\"..., 5) = 5\n"+syncD, nil)
	if n := found(r, "D010"); r.Commits != files || n != files {
		t.Errorf("synced too late: %d commits, of %d the name is missed; findings %v", r.Commits, n, ids(r))
	}
}

// TestNothingIsEverDurable: the directory of the commits has a name that is never synced. That
// is found, whether something relies on the commits or not.
func TestNothingIsEverDurable(t *testing.T) {
	const commits = 2*unitsOfFamily + 4
	for name, ack := range map[string]string{"never relied on": "", "acknowledged": "write(1, \"done\\n\"..., 5) = 5\n"} {
		r := lint(t, "mkdir(\"/d\", 0777) = 0\n"+repeat(commits, func(i int) string {
			return fmt.Sprintf("openat(AT_FDCWD, \"/d/.part-%[1]d\", O_WRONLY|O_CREAT|O_EXCL, 0666) = 3\nwrite(3, \"\"..., 10) = 10\nfsync(3) = 0\nclose(3) = 0\n"+
				"rename(\"/d/.part-%[1]d\", \"/d/part-%[1]d\") = 0\n"+syncD, i) + ack
		}), nil)
		if n := found(r, "D011"); r.Commits != commits || n == 0 || r.Worst() != Error {
			t.Errorf("%s: %d commits, of %d the directory is missed; findings %v", name, r.Commits, n, ids(r))
		}
	}
}

// syncD syncs the directory of the commits.
const syncD = "openat(AT_FDCWD, \"/d\", O_RDONLY|O_DIRECTORY) = 3\nfsync(3) = 0\nclose(3) = 0\n"

// found returns how often a rule has fired.
func found(r *Report, id RuleID) (n int) {
	for _, f := range r.Findings {
		if f.Rule.ID == id {
			n += max(1, f.Count)
		}
	}
	return n
}
