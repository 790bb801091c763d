package fsynclint

import (
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
