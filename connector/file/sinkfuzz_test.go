package file

import (
	"bytes"
	"path/filepath"
	"testing"
)

// FuzzPrepared: of what a checkpoint holds, Commit takes what a writer made and nothing
// else. No name leads out of the folder.
func FuzzPrepared(f *testing.F) {
	f.Add(prepared{
		hidden:   inProgress{owner: 1, run: run{2, 3}, incarnation: 4, attempt: 5, subtask: 6, counter: 7}.String(),
		visible:  visibleName(1, run{2, 3}, 6, 8, ".jsonl"),
		length:   7,
		checksum: 8,
	}.encode())
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePrepared(b)
		if err != nil {
			return
		}
		if !bytes.Equal(p.encode(), b) {
			t.Errorf("%x decodes to %+v, which is encoded as %x", b, p, p.encode())
		}
		if filepath.Base(p.hidden) != p.hidden || filepath.Base(p.visible) != p.visible || p.hidden[0] != '.' || p.visible[0] == '.' {
			t.Errorf("%x: names %q and %q", b, p.hidden, p.visible)
		}
	})
}

// FuzzSinkNames: what is in a sink's folder is a file of a sink that is being written,
// by exactly the name it would be given, or it is not touched. No name is read as two
// kinds.
func FuzzSinkNames(f *testing.F) {
	f.Add(inProgress{owner: 0xdeadbeef, run: run{1, 2}, incarnation: 2, attempt: 3, subtask: 4, counter: 5}.String())
	f.Add(".part-deadbeef-0000000100000002-01-3-4-5.inprogress")
	f.Add(".part-deadbeef-0000000100000002-9223372036854775808-3-4-5.inprogress")
	f.Add(".part-0a1b2c3d-7-2-1-3.inprogress")
	f.Add(visibleName(1, run{2, 3}, 4, 6, ".jsonl"))
	f.Add("part-00000001-00004-99999999999999999999-0000000200000003.txt")
	f.Add(owner(1).lockName())
	f.Fuzz(func(t *testing.T, s string) {
		n, hidden := parseInProgress(s)
		if hidden && (n.String() != s || n.incarnation < 0 || n.attempt < 0 || n.subtask < 0 || n.counter < 0) {
			t.Errorf("%q is %+v", s, n)
		}
		if hidden && (!hiddenNames.MatchString(s) || !hiddenBy(n.owner, s)) {
			t.Errorf("%q is a hidden name and is not", s)
		}
		_, id, visible := checkpointOf(s)
		if visible && (id < 0 || s[0] == '.') {
			t.Errorf("%q is visible, of checkpoint %d", s, id)
		}
		if (hidden || hiddenNames.MatchString(s)) && (visible || visibleNames.MatchString(s)) {
			t.Errorf("%q is hidden and visible", s)
		}
		if visibleNames.MatchString(s) && (filepath.Base(s) != s || s[0] == '.') {
			t.Errorf("%q is a visible name", s)
		}
	})
}
