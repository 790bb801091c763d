package file

import (
	"bytes"
	"encoding/binary"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
)

var somePositions = []position{
	{},
	{digest: digest{n: 1, all: 1, head: 1}, lines: 1},
	{digest: digest{n: headBytes, all: 7, head: 7, mark: mark{128, 7}, next: mark{128, 7}}, lines: 3, open: true},
	{digest: digest{n: headBytes + 1, all: 7, head: 8, mark: mark{64, 7}, next: mark{64, 7}}, file: ident{1 << 40, 2}, seen: stamp{300, 1 << 60}, end: true},
	{digest: digest{n: 5, all: 9, head: 9}, name: "app.log.1", copied: true},
	{digest: digest{n: 5, all: 9, head: 9}, fate: moved, gone: time.Unix(1_700_000_000, 0), file: ident{0, 1}},
	{digest: digest{n: 5, all: 9, head: 9}, fate: truncated, gone: time.Unix(0, 0)},
	{digest: digest{n: 4096, all: 9, head: 8, mark: mark{2048, 7}, next: mark{2048, 7}}},
	{digest: digest{n: math.MaxInt64, all: math.MaxUint64, head: math.MaxUint64, mark: mark{0, math.MaxUint64}, next: mark{0, math.MaxUint64}}, lines: math.MaxInt64,
		file: ident{math.MaxUint64, math.MaxUint64}, seen: stamp{math.MaxInt64, math.MaxInt64}, name: strings.Repeat("x", maxName), fate: truncated, gone: time.Unix(1<<40, 0)},
}

func TestPositionEncoding(t *testing.T) {
	for _, p := range somePositions {
		b := p.encode()
		got, err := decodePosition(b)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v becomes %+v, %v", p, got, err)
		}
		for i := range b {
			if _, err := decodePosition(b[:i]); err == nil {
				t.Errorf("%x decodes", b[:i])
			}
		}
		for bit := range 8 * len(b) {
			c := bytes.Clone(b)
			c[bit/8] ^= 1 << (bit % 8)
			if got, err := decodePosition(c); err == nil {
				t.Errorf("%x with bit %d flipped decodes to %+v", b, bit, got)
			}
		}
	}
	if p, err := decodePosition(nil); err != nil || p != (position{}) {
		t.Errorf("nil: %+v, %v", p, err)
	}
	// Of a file on this machine a position is short.
	p := position{digest: digest{n: 1 << 33, all: 1 << 63, head: 1 << 62, mark: mark{1<<33 - 1<<19, 1 << 60}}, lines: 1 << 28, file: ident{65024, 1 << 24}, seen: stamp{1 << 33, 1 << 60}}
	if n := len(p.encode()); n > 70 {
		t.Errorf("a position has %d bytes", n)
	}
}

// sealed is an encoding with the right checksum.
func sealed(b ...byte) []byte {
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

func TestPositionRefuses(t *testing.T) {
	some := position{digest: digest{n: 1}}.encode()
	for name, b := range map[string][]byte{
		"empty":                        {},
		"version 3":                    sealed(3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		"a number longer than need be": sealed(2, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		"more lines than bytes":        sealed(2, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0),
		"after no line":                sealed(2, flagOpen, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		"more than a position":         sealed(append(some[:len(some)-4:len(some)-4], 0)...),
		"no such number of a file":     sealed(2, flagFile, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		"no name":                      sealed(2, flagName, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		"beyond any file":              sealed(2, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		"version 1: a flag":            {1, 4, 0, 0, 0, 0, 0, 0},
		"version 1: a long number":     {1, 0, 0x80, 0, 0, 0, 0, 0, 0},
		"version 1: lines":             {1, 0, 1, 2, 0, 0, 0, 0},
		"version 1: after no line":     {1, 2, 1, 0, 0, 0, 0, 0},
		"version 1: more":              {1, 0, 1, 0, 0, 0, 0, 0, 0},
		"version 1: less":              {1, 0, 1, 0, 0, 0, 0},
	} {
		if p, err := decodePosition(b); err == nil {
			t.Errorf("%s: decodes to %+v", name, p)
		}
	}
}

// A checkpoint of an earlier version is gone on from, as exactly as that version would
// have, and what is read becomes a position of this version.
func TestPositionsOfVersion1(t *testing.T) {
	lines := strings.Repeat("some line or other\n", 20)
	v1 := func(flags byte, offset, lines uint64, before string) []byte {
		b := binary.AppendUvarint(binary.AppendUvarint([]byte{1, flags}, offset), lines)
		return binary.BigEndian.AppendUint32(b, checksum([]byte(before[max(0, len(before)-64):])))
	}
	for _, p := range packings {
		path := filepath.Join(t.TempDir(), "in")
		write(t, path, p.pack(lines+"new\nlast"))
		at := v1(0, uint64(len(lines)), 20, lines)
		got, end := mustRead(t, Lines(path), "in", at)
		if !same(got, []string{"new", "last"}) {
			t.Errorf("%s: got %q", p.name, got)
		}
		if end[0] != 2 {
			t.Errorf("%s: the position after it is %x", p.name, end)
		}
		got, _ = mustRead(t, Lines(path), "in", v1(2, uint64(len(lines)+8), 22, lines+"new\nlast"))
		if len(got) != 0 {
			t.Errorf("%s: got %q", p.name, got)
		}
		_, err := read(Lines(path), "in", v1(0, uint64(len(lines)), 20, strings.ReplaceAll(lines, "other", "OTHER")), 9)
		wantPermanent(t, err, path, "line 20", "not what was read")
	}
}

// A follower that finds another file in the place of one that an earlier version has read
// reads that, too.
func TestFollowedPositionsOfVersion1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, t.TempDir(), Follow())
		lines := strings.Repeat("some line or other\n", 20)
		d.write("a.log", strings.ToUpper(lines[:38]))
		d.write("b.log", lines+"new\n")
		at := func(flags byte) []byte {
			b := binary.AppendUvarint(binary.AppendUvarint([]byte{1, flags}, uint64(len(lines))), 20)
			return binary.BigEndian.AppendUint32(b, checksum([]byte(lines[len(lines)-64:])))
		}
		d.start(snapshot{positions: map[string][]byte{"a.log": at(0), "b.log": at(1), "c.log": at(0)}})
		d.run(5)
		d.want("SOME LINE OR OTHER", "SOME LINE OR OTHER", "new")
		d.wantSplits("a.log/2", "b.log", "c.log")
	})
}

func FuzzPosition(f *testing.F) {
	f.Add(positionAfter("1\n2\n").encode())
	f.Add([]byte{1, 0, 4, 2, 0, 0, 0, 0})
	for _, p := range somePositions {
		f.Add(p.encode())
	}
	f.Add([]byte{})
	path := filepath.Join(f.TempDir(), "in")
	write(f, path, []byte("1\n2\n3\n"))
	src := Lines(path)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4 && b[0] == positionV2 { // else all of them fail at the checksum
			b = sealed(b[:len(b)-4]...)
		}
		p, err := decodePosition(b)
		if err == nil && b != nil && !p.old && !bytes.Equal(p.encode(), b) {
			t.Errorf("%x decodes to %+v, which is encoded as %x", b, p, p.encode())
		}
		// Whatever it says, the file is read on or refused; nothing is made up.
		steps, err := read(src, "in", b, 2)
		if err != nil {
			if !weir.IsPermanent(err) {
				t.Errorf("%x: not permanent: %v", b, err)
			}
			return
		}
		for _, s := range steps {
			for _, r := range s.records {
				if !strings.Contains("123", r) {
					t.Errorf("%x: record %q", b, r)
				}
			}
		}
	})
}
