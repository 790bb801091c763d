package store

import (
	"strings"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

func TestUnsealed(t *testing.T) {
	fsys := newDisk(t)
	check(t, fsys.Mkdir("/f"))
	check(t, durable.WriteFile(fsys, "/outside", []byte("0123456789")))
	check(t, durable.WriteFile(fsys, "/f/state", []byte("state")))
	handles := []flink.StreamHandle{
		&flink.RelativeHandle{Path: "state", Length: 5},
		&flink.FileHandle{Path: "file:/outside", Length: 10},
		&flink.SegmentHandle{Path: "file:///outside", Start: 2, Length: 3, LogicalID: "x"},
		&flink.InlineHandle{Name: "i", Data: []byte("inline")},
	}
	var blobs []Blob
	for _, h := range handles {
		blobs = append(blobs, Blob{Handle: h})
	}
	payload, err := metadataOf(5, blobs).AppendTo(nil)
	check(t, err)
	check(t, durable.WriteFile(fsys, "/f/_metadata", payload))

	rep := mustVerify(t, fsys, "/f", VerifyOptions{})
	if rep.Verified() || rep.Sealed || len(rep.Findings) > 0 || rep.Files != 1 || len(rep.Outside) != 2 || rep.ID != 5 {
		t.Errorf("%+v", rep)
	}
	if !strings.HasPrefix(rep.Verdict(), "not sealed: presence, length and structure checked of 1 state files") {
		t.Error(rep.Verdict())
	}
	rep = mustVerify(t, fsys, "/f", VerifyOptions{ReadOptions: ReadOptions{AllowOutside: true}})
	if len(rep.Findings) > 0 || rep.Files != 3 || len(rep.Outside) > 0 {
		t.Errorf("%+v", rep)
	}

	for _, allow := range []bool{false, true} {
		c, err := ReadCheckpoint(fsys, "/f", ReadOptions{AllowOutside: allow})
		check(t, err)
		for i, want := range []string{"state", "0123456789", "234", "inline"} {
			data, err := readAll(c, handles[i])
			if outside := i == 1 || i == 2; outside && !allow {
				wantText(t, err, "lies outside of the checkpoint's directory /f")
				continue
			}
			check(t, err)
			if string(data) != want {
				t.Errorf("stream %d is %q", i, data)
			}
		}
	}

	overwrite(t, fsys, "/f/state", func([]byte) []byte { return []byte("stat") })
	rep = mustVerify(t, fsys, "/f", VerifyOptions{})
	if len(rep.Findings) != 1 || rep.Findings[0].String() != "state: it has 4 bytes and should have 5" {
		t.Error(rep.Verdict())
	}
	overwrite(t, fsys, "/f/_metadata", func(b []byte) []byte { return append(b, "WEIRSEA"...) })
	rep = mustVerify(t, fsys, "/f", VerifyOptions{})
	if len(rep.Findings) != 1 || !strings.Contains(rep.Verdict(), "7 bytes follow the payload and do not end like a seal") {
		t.Error(rep.Verdict())
	}
}

// TestNotFollowed: names in metadata lead nowhere but into the directory.
func TestNotFollowed(t *testing.T) {
	fsys := newDisk(t)
	check(t, fsys.Mkdir("/f"))
	check(t, durable.WriteFile(fsys, "/secret", []byte("x")))
	for _, name := range []string{"../secret", "/secret", "..", ".", "a/b", `a\b`} {
		h := &flink.RelativeHandle{Path: name, Length: 1}
		payload, err := metadataOf(1, []Blob{{Handle: h}}).AppendTo(nil)
		check(t, err)
		check(t, durable.WriteFile(fsys, "/f/_metadata", payload))
		c, err := ReadCheckpoint(fsys, "/f", ReadOptions{AllowOutside: true})
		check(t, err)
		_, err = c.OpenStream(h)
		wantText(t, err, "not followed")
		if rep := mustVerify(t, fsys, "/f", VerifyOptions{ReadOptions: ReadOptions{AllowOutside: true}}); len(rep.Findings) != 1 {
			t.Errorf("%q: %s", name, rep.Verdict())
		}
		check(t, fsys.Remove("/f/_metadata"))
	}
}
