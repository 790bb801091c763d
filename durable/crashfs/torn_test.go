package crashfs_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
)

// TestTornCombinations: a file of two blocks, over another one's bytes, has any
// combination of its blocks, and no other content.
func TestTornCombinations(t *testing.T) {
	const b = crashfs.Sector
	for _, c := range []struct {
		model crashfs.Model
		want  []string // a letter for each block: old A, new B, zero 0, garbage ?
	}{
		{crashfs.Strict, []string{"00", "0?", "0A", "0B", "?0", "??", "?A", "?B", "A0", "A?", "AA", "AB", "B0", "B?", "BA", "BB"}},
		{crashfs.Writeback, []string{"00", "0?", "0A", "0B", "?0", "??", "?A", "?B", "A0", "A?", "AA", "AB", "B0", "B?", "BA", "BB"}},
		{crashfs.Ext4, []string{"AA", "AB", "BA", "BB"}},
		{crashfs.Btrfs, []string{"AA", "AB", "BA", "BB"}},
		{crashfs.Ext4NoDelalloc, []string{"BB"}},
	} {
		t.Run(c.model.String(), func(t *testing.T) {
			f := crashfs.New(crashfs.Torn(c.model, b))
			l, err := f.Lock("/l")
			must(err)
			writeAt(t, l, strings.Repeat("A", 2*b), 0)
			must(l.Sync())
			f.Settle()
			writeAt(t, l, strings.Repeat("B", 2*b), 0)
			got := map[string]bool{}
			for s := range f.Point().States(crashfs.Options{}) {
				data, err := readFile(s.FS(), "/l")
				must(err)
				got[blocks(t, data, b)] = true
			}
			for _, want := range c.want {
				if !got[want] {
					t.Errorf("no state with %s", want)
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func blocks(t *testing.T, data []byte, size int) string {
	t.Helper()
	var s []byte
	for block := range slices.Chunk(data, size) {
		switch {
		case bytes.Equal(block, bytes.Repeat(block[:1], len(block))) && block[0] < 0x80:
			s = append(s, max(block[0], '0'))
		default:
			s = append(s, '?')
		}
	}
	return string(s)
}

// TestTornAppend: of a new file whose blocks are written in any order, what lies before a
// block that got through and did not itself is a hole.
func TestTornAppend(t *testing.T) {
	f := crashfs.New(crashfs.Torn(crashfs.Ext4, crashfs.Sector))
	a := create(t, f, "/a")
	must(f.SyncDir("/"))
	write(t, a, strings.Repeat("A", 2*crashfs.Sector+10))
	lengths := map[string]bool{}
	for s := range f.Point().States(crashfs.Options{}) {
		data, err := readFile(s.FS(), "/a")
		must(err)
		lengths[fmt.Sprintf("%d %s", len(data), blocks(t, data, crashfs.Sector))] = true
	}
	for _, want := range []string{"0 ", "512 A", "1024 AA", "1024 0A", "1034 AAA", "1034 0AA", "1034 A0A", "1034 00A"} {
		if !lengths[want] {
			t.Errorf("no state with %s, but %v", want, lengths)
		}
	}
}

// TestTornManyBlocks: of a file with too many blocks the contents are bounded, the same
// every time, and each block is lost alone, or got through alone, in one of them.
func TestTornManyBlocks(t *testing.T) {
	const n = 16
	list := func() (all []string) {
		f := crashfs.New(crashfs.Torn(crashfs.Ext4, crashfs.Page))
		l, err := f.Lock("/l")
		must(err)
		writeAt(t, l, strings.Repeat("A", n*crashfs.Page), 0)
		f.Settle()
		writeAt(t, l, strings.Repeat("B", n*crashfs.Page), 0)
		for s := range f.Point().States(crashfs.Options{}) {
			data, err := readFile(s.FS(), "/l")
			must(err)
			all = append(all, blocks(t, data, crashfs.Page))
		}
		return all
	}
	all := list()
	if !slices.Equal(all, list()) {
		t.Error("other contents the second time")
	}
	if len(all) < 40 || len(all) > 80 {
		t.Errorf("%d contents", len(all))
	}
	for i := range n {
		lost := strings.Repeat("B", i) + "A" + strings.Repeat("B", n-i-1)
		torn := strings.Repeat("B", i) + strings.Repeat("A", n-i)
		if !slices.Contains(all, lost) || !slices.Contains(all, torn) {
			t.Errorf("no state with %s, or none with %s", lost, torn)
		}
	}
}

// TestThorough: a file that was not synced has each content that breaks some reader.
func TestThorough(t *testing.T) {
	const n = 1000
	contents := func(m crashfs.Model) map[string]bool {
		f := crashfs.New(crashfs.Thorough(m))
		o := create(t, f, "/other")
		write(t, o, strings.Repeat("O", 2*n))
		must(o.Sync())
		must(f.Remove("/other"))
		a := create(t, f, "/a")
		must(f.SyncDir("/"))
		write(t, a, strings.Repeat("A", n))
		got := map[string]bool{}
		for s := range f.Point().States(crashfs.Options{}) {
			data, err := readFile(s.FS(), "/a")
			must(err)
			letters := map[byte]int{}
			for _, c := range data {
				letters[c]++
			}
			switch a, o, zero := letters['A'], letters['O'], letters[0]; {
			case a+o+zero == len(data) || len(data) == 0:
				got[fmt.Sprintf("%d: A%d O%d zero%d", len(data), a, o, zero)] = true
			case a < n/4:
				got["garbage"] = true
			case bytes.Equal(data[:n/2], bytes.Repeat([]byte("A"), n/2)):
				got["tail"] = true
			}
		}
		return got
	}
	prefixes := []string{"0: A0 O0 zero0", "500: A500 O0 zero0", "512: A512 O0 zero0", "999: A999 O0 zero0", "1000: A1000 O0 zero0"}
	lengthFirst := []string{"1000: A0 O0 zero1000", "1000: A0 O1000 zero0", "garbage", "tail"}
	for m, want := range map[crashfs.Model][]string{
		crashfs.Strict: slices.Concat(prefixes, lengthFirst),
		crashfs.XFS:    prefixes,
	} {
		got := contents(m)
		for _, w := range want {
			if !got[w] {
				t.Errorf("%v: no state with %s", m, w)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%v: %v, want %v", m, got, want)
		}
	}
}
