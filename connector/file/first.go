package file

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/weirstream/weir"
)

// A kind is what a file's first bytes say that it is.
type kind byte

const (
	tooShort kind = iota // to tell
	text
	gzipped
	zstandard
	bzipped
	refused
)

func (k kind) String() string {
	return [...]string{"too short to tell", "text", "gzip", "zstd", "bzip2", "no text"}[k]
}

// A magic is how files of a kind begin.
type magic struct {
	bytes string
	kind  kind
	name  string // of what is refused
	hint  string // what to do with it
}

const (
	unpackFirst   = "unpack it first"
	convertFirst  = "convert it to lines first"
	toUTF8        = "convert it to UTF-8 first, as iconv does"
	removeSuch    = "take it away"
	tarAt         = 257
	whatFirstSays = 512 // bytes that are looked at
)

var magics = []magic{
	{"\x1f\x8b", gzipped, "", ""},
	{"\x28\xb5\x2f\xfd", zstandard, "", ""},
	{"BZh", bzipped, "", ""}, // and more, see bzip2Magic
	{"\xfd7zXZ\x00", refused, "xz data", "unpack it first, as xz -d does"},
	{"\x04\x22\x4d\x18", refused, "lz4 data", "unpack it first, as lz4 -d does"},
	{"\x02\x21\x4c\x18", refused, "lz4 data", "unpack it first, as lz4 -d does"},
	{"\xff\x06\x00\x00sNaPpY", refused, "snappy data", unpackFirst},
	{"\x1f\x9d", refused, "data of compress(1)", "unpack it first, as gzip -d does"},
	{"\x1f\xa0", refused, "data of compress(1)", "unpack it first, as gzip -d does"},
	{"\x89LZO\x00", refused, "lzop data", unpackFirst},
	{"LZIP\x01", refused, "lzip data", unpackFirst},
	{"PK\x03\x04", refused, "a zip archive", unpackFirst},
	{"PK\x05\x06", refused, "an empty zip archive", removeSuch},
	{"PK\x07\x08", refused, "a zip archive", unpackFirst},
	{"7z\xbc\xaf\x27\x1c", refused, "a 7z archive", unpackFirst},
	{"Rar!\x1a\x07", refused, "a RAR archive", unpackFirst},
	{"\xff\xfe", refused, "text in UTF-16 or UTF-32 (little-endian)", toUTF8},
	{"\xfe\xff", refused, "text in UTF-16 (big-endian)", toUTF8},
	{"\x00\x00\xfe\xff", refused, "text in UTF-32 (big-endian)", toUTF8},
	{"\x7fELF", refused, "an ELF program", removeSuch},
	{"\xfe\xed\xfa\xce", refused, "a Mach-O program", removeSuch},
	{"\xfe\xed\xfa\xcf", refused, "a Mach-O program", removeSuch},
	{"\xcf\xfa\xed\xfe", refused, "a Mach-O program", removeSuch},
	{"\xca\xfe\xba\xbe", refused, "a Java class", removeSuch},
	{"\x00asm\x01", refused, "a WebAssembly module", removeSuch},
	{"SQLite format 3\x00", refused, "an SQLite database", convertFirst},
	{"PAR1\x15", refused, "a Parquet file", convertFirst},
	{"Obj\x01", refused, "an Avro container file", convertFirst},
	{"ARROW1\x00\x00", refused, "an Arrow file", convertFirst},
	{"\x89HDF\r\n\x1a\n", refused, "an HDF5 file", convertFirst},
	{"SEQ\x06", refused, "a Hadoop sequence file", convertFirst},
	{"\x89PNG\r\n\x1a\n", refused, "a PNG image", removeSuch},
	{"\xff\xd8\xff", refused, "a JPEG image", removeSuch},
	{"%PDF-1.", refused, "a PDF document", removeSuch},
	{"%PDF-2.", refused, "a PDF document", removeSuch},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", refused, "a Microsoft Office document", convertFirst},
	{"\xd4\xc3\xb2\xa1\x02\x00", refused, "a packet capture", convertFirst},
	{"\xa1\xb2\xc3\xd4\x00\x02", refused, "a packet capture", convertFirst},
	{"LPKSHHRH", refused, "a journal of systemd", "export it first, as journalctl -o json does"},
}

// bom is the byte order mark of UTF-8, which is dropped.
const bom = "\xef\xbb\xbf"

// tell says what a content is that begins with b. whole says that b is all there will be;
// otherwise there may be more, unless b is whatFirstSays long.
func tell(b []byte, whole bool) (kind, magic) {
	for _, m := range magics {
		switch {
		case m.kind == bzipped:
			if k := tellBzip2(b, whole); k != text {
				return k, m
			}
		case len(b) >= len(m.bytes):
			if string(b[:len(m.bytes)]) == m.bytes {
				return m.kind, m
			}
		case !whole && strings.HasPrefix(m.bytes, string(b)):
			return tooShort, magic{}
		}
	}
	if k, m := tellLong(b, whole); k != text {
		return k, m
	}
	if len(b) < len(bom) && !whole && strings.HasPrefix(bom, string(b)) {
		return tooShort, magic{}
	}
	return text, magic{}
}

// tellBzip2 looks for the magic of bzip2 with a first block, or with none. What begins it
// are letters, which text may begin with, too.
func tellBzip2(b []byte, whole bool) kind {
	const block, end = "1AY&SY", "\x17\x72\x45\x38\x50\x90"
	for _, after := range []string{block, end} {
		for level := byte('1'); level <= '9'; level++ {
			m := "BZh" + string(rune(level)) + after
			if len(b) >= len(m) && string(b[:len(m)]) == m {
				return bzipped
			}
			if len(b) < len(m) && !whole && strings.HasPrefix(m, string(b)) {
				return tooShort
			}
		}
	}
	return text
}

// binaries begin with letters that text may begin with, too, and have a NUL soon after.
var binaries = []magic{
	{"ORC", refused, "an ORC file", convertFirst},
	{"MZ", refused, "a Windows program", removeSuch},
}

// tellLong looks for what does not begin with a magic of its own: a skippable frame of
// zstd, tar, and programs whose magic is no more than letters.
func tellLong(b []byte, whole bool) (kind, magic) {
	const skippable = "\x2a\x4d\x18"
	if len(b) > 0 && b[0]&0xf0 == 0x50 {
		switch n := min(len(b)-1, len(skippable)); {
		case n == len(skippable) && string(b[1:4]) == skippable:
			return zstandard, magic{kind: zstandard}
		case n < len(skippable) && !whole && string(b[1:]) == skippable[:n]:
			return tooShort, magic{}
		}
	}
	if len(b) > tarAt+5 && string(b[tarAt:tarAt+5]) == "ustar" && bytes.IndexByte(b[:tarAt], 0) >= 0 {
		return refused, magic{name: "a tar archive", hint: unpackFirst}
	}
	for _, m := range binaries {
		if bytes.HasPrefix(b, []byte(m.bytes)) && bytes.IndexByte(b, 0) >= 0 {
			return refused, m
		}
	}
	return text, magic{}
}

// errNotText says that a file is none that lines are read from. inside is the kind of the
// file, if it is packed and the bytes are those in it.
func errNotText(path string, m magic, inside kind) error {
	what := m.name
	switch m.kind {
	case gzipped, zstandard, bzipped:
		what, m.hint = m.kind.String()+" data", "unpack it once"
	}
	if inside != text {
		what = inside.String() + " data that holds " + what
	}
	return weir.Permanent(fmt.Errorf("%s: is %s and %w; %s, or leave it out with file.Exclude", path, what, errBinary, m.hint))
}

var errBinary = errors.New("not lines of text")

// errNotRegular refuses what cannot be read twice.
func errNotRegular(path string, mode fs.FileMode) error {
	what := "not a regular file"
	switch {
	case mode&fs.ModeDir != 0:
		what = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		what = "a named pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	}
	return weir.Permanent(fmt.Errorf("%s: is %s: what is read from it could not be read again after a restart; write it to a regular file first", path, what))
}
