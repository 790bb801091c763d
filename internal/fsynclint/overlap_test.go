package fsynclint

import (
	"fmt"
	"strings"
	"testing"
)

// TestCommitsThatOverlap: two threads commit into one directory at the same time, and each
// syncs it after its own rename. What the second does must not cut short what is looked at
// of the first; nor must it hide that a sync is missing.
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
	if r.Commits != 2 || len(r.Enumerations) == 0 {
		t.Fatalf("%d commits, %d of them looked at", r.Commits, len(r.Enumerations))
	}
	if n := bad(r); n > 0 || r.Worst() == Error {
		t.Errorf("%d bad states, findings %v", n, ids(r))
	}
	without := strings.ReplaceAll(trace, "8 fsync(4) = 0\n7 <...", "7 <...")
	without = strings.Replace(without, "7 fsync(3 <unfinished ...>\n7 <... fsync resumed>) = 0\n", "", 1)
	if r := lint(t, without, nil); bad(r) == 0 || r.Worst() != Error {
		t.Errorf("without the last syncs, there are %d bad states and findings %v", bad(r), ids(r))
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
	if n := looked(r); r.Commits != files || n != files {
		t.Errorf("%d commits, %d of them looked at", r.Commits, n)
	}
	if n := bad(r); n > 0 || r.Worst() == Error {
		t.Errorf("%d bad states, findings %v", n, ids(r))
	}
	r = lint(t, trace+"write(1, \"done\\n\"..., 5) = 5\n"+syncD, nil)
	if n := looked(r); n != files || bad(r) == 0 || r.Worst() != Error {
		t.Errorf("synced too late, %d are looked at: %d bad states, findings %v", n, bad(r), ids(r))
	}
}

// TestNothingIsEverDurable: the directory of the commits has a name that is never synced.
// Each of them is bad, in the same way, whether something relies on it or not; how many have
// followed makes no kind of its own.
func TestNothingIsEverDurable(t *testing.T) {
	const commits = 2*unitsOfFamily + 4
	for name, ack := range map[string]string{"never relied on": "", "acknowledged": "write(1, \"done\\n\"..., 5) = 5\n"} {
		r := lint(t, "mkdir(\"/d\", 0777) = 0\n"+repeat(commits, func(i int) string {
			return fmt.Sprintf("openat(AT_FDCWD, \"/d/.part-%[1]d\", O_WRONLY|O_CREAT|O_EXCL, 0666) = 3\nwrite(3, \"\"..., 10) = 10\nfsync(3) = 0\nclose(3) = 0\n"+
				"rename(\"/d/.part-%[1]d\", \"/d/part-%[1]d\") = 0\n"+syncD, i) + ack
		}), nil)
		if n := looked(r); n != commits || len(r.Enumerations) > 2 {
			t.Errorf("%s: %d of %d commits are looked at, of %d kinds: the first, and all others", name, n, commits, len(r.Enumerations))
		}
		for _, e := range r.Enumerations {
			if e.Bad == 0 {
				t.Errorf("%s: nothing bad about %s", name, e.Unit)
			}
		}
	}
}

// syncD syncs the directory of the commits.
const syncD = "openat(AT_FDCWD, \"/d\", O_RDONLY|O_DIRECTORY) = 3\nfsync(3) = 0\nclose(3) = 0\n"

// looked is how many commits are among the enumerations.
func looked(r *Report) (n int) {
	for _, e := range r.Enumerations {
		n += e.Times
	}
	return n
}
