package checkpoint

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// FuzzNames: whatever stands in a job's directory, a name is read as what it is written
// as, or is a stranger's; what is built of it stays in the directory; and a scan counts
// every number that any of the names bears.
func FuzzNames(f *testing.F) {
	f.Add("chk-7\n.inprogress-8.3\n.trash-6\n.damaged-5.2\n.lock\nshared\nnotes", uint8(0xff))
	f.Add("chk-01\nchk-+1\nchk-9223372036854775808\n.trash-7.0\n.inprogress-7", uint8(0))
	f.Add("_metadata\n..\n.\n../chk-1\na\\b\na\x00b", uint8(3))
	f.Fuzz(func(t *testing.T, listing string, dirs uint8) {
		var entries []Entry
		var highest ID
		var complete []ID
		for i, s := range strings.Split(listing, "\n") {
			n := ParseName(s)
			if n.String() != s {
				t.Fatalf("%q is %+v, which is written %q", s, n, n.String())
			}
			if ParseName(n.String()) != n {
				t.Fatalf("%+v is not read back", n)
			}
			if n.Kind != Stranger && n.Kind != Furniture {
				if n.ID < 1 || n.Copy < 0 || n.Kind == Staging && n.Incarnation < 1 {
					t.Fatalf("%q is %+v", s, n)
				}
				if got := JobDir("/jobs/x").Path(n); path.Dir(got) != "/jobs/x" || path.Base(got) != s {
					t.Fatalf("%q is at %q", s, got)
				}
			}
			if PlainName(s) {
				if got := FileIn("/chk-1", s); path.Dir(got) != "/chk-1" || path.Base(got) != s || len(s) > MaxNameBytes {
					t.Fatalf("state file %q is at %q", s, got)
				}
			}
			dir := dirs>>(i%8)&1 == 1
			entries = append(entries, Entry{Name: s, Dir: dir})
			highest = max(highest, n.ID)
			if dir && n.Kind == Complete {
				complete = append(complete, n.ID)
			}
		}
		scan := ScanNames(entries)
		slices.Sort(complete)
		if scan.HighestID != highest || !slices.Equal(scan.Complete, complete) {
			t.Fatalf("%q: highest %v, want %v; complete %v, want %v", listing, scan.HighestID, highest, scan.Complete, complete)
		}
	})
}
