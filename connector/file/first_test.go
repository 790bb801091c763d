package file

import (
	"bytes"
	"encoding/base64"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"github.com/weirstream/weir"
)

// bzip2ed is "1\n2\n3\n" repeated 100 times, as bzip2(1) packs it: there is no packer in Go.
const bzip2ed = "QlpoOTFBWSZTWVlsMecAAMfIAAAQOAAgADDNNApUemIvkWIsUjhdyRThQkFlsMec"

func unbase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	must(t, err)
	return b
}

func zstded(s string) []byte {
	var b bytes.Buffer
	z, _ := zstd.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.Bytes()
}

func utf(order func(b []byte, u uint16) []byte, s string) (b []byte) {
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		b = order(b, u)
	}
	return b
}

func big(b []byte, u uint16) []byte    { return append(b, byte(u>>8), byte(u)) }
func little(b []byte, u uint16) []byte { return append(b, byte(u), byte(u>>8)) }

// What is not text is called by its name, with what to do, and no record is made of it:
// neither as it is, nor packed, nor when it is followed.
func TestNotText(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		words   string
	}{
		"xz":                {"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46", "xz data"},
		"lz4":               {"\x04\x22\x4d\x18\x64\x40\xa7", "lz4 data"},
		"compress":          {"\x1f\x9d\x90\x31\x14", "data of compress(1)"},
		"snappy":            {"\xff\x06\x00\x00sNaPpY\x01", "snappy data"},
		"lzip":              {"LZIP\x01\x0c", "lzip data"},
		"zip":               {"PK\x03\x04\x0a\x00", "a zip archive"},
		"empty zip":         {"PK\x05\x06" + strings.Repeat("\x00", 18), "an empty zip archive"},
		"7z":                {"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive"},
		"rar":               {"Rar!\x1a\x07\x01\x00", "a RAR archive"},
		"tar":               {"a.txt" + strings.Repeat("\x00", 252) + "ustar\x0000" + strings.Repeat("\x00", 247), "a tar archive"},
		"UTF-16 LE":         {string(utf(little, "a\nb\n")), "UTF-16"},
		"UTF-16 BE":         {string(utf(big, "a\nb\n")), "UTF-16"},
		"UTF-32 LE":         {"\xff\xfe\x00\x00a\x00\x00\x00", "UTF-32"},
		"UTF-32 BE":         {"\x00\x00\xfe\xff\x00\x00\x00a", "UTF-32"},
		"ELF":               {"\x7fELF\x02\x01\x01", "an ELF program"},
		"Windows program":   {"MZ\x90\x00\x03\x00", "a Windows program"},
		"class":             {"\xca\xfe\xba\xbe\x00\x00\x00\x41", "a Java class"},
		"SQLite":            {"SQLite format 3\x00\x10\x00", "an SQLite database"},
		"Parquet":           {"PAR1\x15\x04\x15", "a Parquet file"},
		"ORC":               {"ORC\x0a\x12\x00\x00", "an ORC file"},
		"Avro":              {"Obj\x01\x04\x14avro.codec", "an Avro container file"},
		"Arrow":             {"ARROW1\x00\x00\xff", "an Arrow file"},
		"HDF5":              {"\x89HDF\r\n\x1a\n\x00", "an HDF5 file"},
		"PNG":               {"\x89PNG\r\n\x1a\n\x00", "a PNG image"},
		"JPEG":              {"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"},
		"PDF":               {"%PDF-1.7\n%", "a PDF document"},
		"journal":           {"LPKSHHRH\x00", "a journal of systemd"},
		"packet capture":    {"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "a packet capture"},
		"gzip twice":        {string(zip("1\n")), "gzip data"},
		"zstd packed twice": {string(zstded("1\n")), "zstd data"},
	} {
		t.Run(name, func(t *testing.T) {
			for packing, pack := range map[string]func(string) []byte{"as it is": plainly, "gzip": zip, "zstd": zstded} {
				if strings.HasSuffix(name, "twice") && packing == "as it is" {
					continue
				}
				for _, opts := range [][]Option{nil, {SkipMalformed()}, {Follow()}} {
					path := filepath.Join(t.TempDir(), "in")
					write(t, path, pack(test.content))
					steps, err := read(Lines(path, opts...), "in", nil, 10)
					wantPermanent(t, err, path, test.words, "not lines of text; ")
					if len(steps) > 0 {
						t.Errorf("%s: %d records", packing, len(steps))
					}
				}
			}
		})
	}
}

// Text may begin like many a thing that it is not.
func TestTextStaysText(t *testing.T) {
	for _, line := range []string{
		"ORCA", "PAR1 of the course", "MZ", "PK", "BZh", "BZh9", "BZh91AY", "Rar!", "LZIP", "Obj", "GIF89a", "7z", "%PDF", "SQLite format", "\xff", "\xfe", "\x1f", "P", "Q*", "\x00", "\xef\xbb", "\x89PNG", "Z\x00*M",
	} {
		path := filepath.Join(t.TempDir(), "in")
		write(t, path, []byte(line+"\nx\n"))
		if got, _ := mustRead(t, Lines(path), "in", nil); !same(got, []string{line, "x"}) {
			t.Errorf("%q: got %q", line, got)
		}
		write(t, path, []byte(line))
		if got, _ := mustRead(t, Lines(path), "in", nil); !same(got, []string{line}) {
			t.Errorf("%q without a newline: got %q", line, got)
		}
		// Byte by byte, as a follower may see it.
		synctest.Test(t, func(t *testing.T) {
			write(t, path, nil)
			f := follow(t, Lines(path, Follow()), "in", nil)
			for _, c := range []byte(line) {
				f.want()
				add(t, path, []byte{c})
			}
			f.want()
			add(t, path, []byte("\n"))
			f.want(line)
			add(t, path, []byte("x\n"))
			f.want("x")
		})
	}
}

// A byte order mark of UTF-8 at the beginning is none of the first line's, and nowhere else
// is it anything but what it is.
func TestByteOrderMark(t *testing.T) {
	for _, p := range append(packings, packing{"zstd", zstded}) {
		for content, want := range map[string][]string{
			bom + "a\nb\n":           {"a", "b"},
			bom + "\n" + bom + "b\n": {"", bom + "b"},
			bom:                      nil,
			bom + "a":                {"a"},
			bom + bom + "a\n":        {bom + "a"},
			bom + "\r\na":            {"", "a"},
		} {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, p.pack(content))
			if got, end := mustRead(t, Lines(path), "in", nil); !same(got, want) {
				t.Errorf("%s, %q: got %q, want %q", p.name, content, got, want)
			} else if again, _ := mustRead(t, Lines(path), "in", end); len(again) > 0 {
				t.Errorf("%s, %q: read again: %q", p.name, content, again)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, nil)
			f := follow(t, Lines(path, Follow()), "in", nil)
			for _, part := range []string{bom[:1], bom[1:2], bom[2:], "a"} {
				add(t, path, []byte(part))
				f.want()
			}
			add(t, path, []byte("\n"))
			f.want("a")
		})
	}
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte(bom+"{\"carrier\":\"AA\"}\n{\"carrier\":\"UA\"}\n"))
	if got, _ := mustRead(t, JSONLines[flight](path), "in", nil); len(got) != 2 || got[0].Carrier != "AA" {
		t.Errorf("got %+v", got)
	}
}

// What zstd(1) and bzip2(1) write is read, also in several pieces, and from anywhere.
func TestZstdAndBzip2(t *testing.T) {
	lines := strings.Repeat("1\n2\n3\n", 100)
	for name, packed := range map[string][]byte{
		"bzip2":                        unbase64(t, bzip2ed),
		"two streams of bzip2":         append(unbase64(t, bzip2ed), unbase64(t, bzip2ed)...),
		"zstd":                         zstded(lines),
		"frames of zstd, some to skip": slicesConcat([]byte("\x50\x2a\x4d\x18\x03\x00\x00\x00abc"), zstded(lines), zstded(""), []byte("\x5f\x2a\x4d\x18\x00\x00\x00\x00"), zstded(lines)),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, packed)
			steps, err := read(Lines(path), "in", nil, 7)
			must(t, err)
			all := records(steps)
			if n := len(all); n != 300 && n != 600 || all[2] != "3" {
				t.Fatalf("%d records", n)
			}
			seen := 0
			for i, s := range steps {
				if seen += len(s.records); i%5 == 0 {
					if got, _ := mustRead(t, Lines(path), "in", s.position); !same(got, all[seen:]) {
						t.Errorf("after %d: got %d records", seen, len(got))
					}
				}
			}
			for cut := 1; cut < len(packed); cut += 5 {
				write(t, path, packed[:cut])
				steps, err := read(Lines(path), "in", nil, 1000)
				switch {
				case cut <= 9 && err == nil: // it is too short to tell, and read as text
				case err != nil:
					wantPermanent(t, err, path, "data ends in the middle")
				case len(records(steps))%300 != 0:
					t.Errorf("cut at %d: %d records and no error", cut, len(records(steps)))
				}
			}
			broken := bytes.Clone(packed)
			broken[len(broken)/2] ^= 0x55
			write(t, path, broken)
			if _, err = read(Lines(path), "in", nil, 1000); err != nil {
				wantPermanent(t, err, path, "data ")
			}
		})
	}
}

func slicesConcat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// A frame that wants more memory than zstd(1) gives by default is refused.
func TestZstdMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	for window, refused := range map[byte]bool{0x88: false, 0x90: true, 0xff: true} { // 128 MiB, 256 MiB, 3.75 TiB
		// A frame header with that window and an empty last block.
		write(t, path, []byte{0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0})
		_, err := read(Lines(path), "in", nil, 1)
		if refused {
			wantPermanent(t, err, path, "128 MiB")
		} else if err != nil {
			t.Error(err)
		}
	}
}

// As gzip(1) does it, zeros after the data are padding, and anything else is passed over
// with a warning.
func TestAfterGzip(t *testing.T) {
	for name, after := range map[string]string{
		"nothing": "", "zeros": strings.Repeat("\x00", 5000), "a zero": "\x00", "text": "plain text, longer than a header\n", "a byte": "x",
		"zeros and text": "\x00\x00text", "zeros and a member": "\x00" + string(zip("no\n")),
	} {
		for _, opts := range [][]Option{nil, {Follow()}} {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, append(append(zip("1\n"), zip("2\n")...), after...))
			log := loggedBy(t, func() {
				r, err := Lines(path, opts...).Open(t.Context(), weir.Split{ID: "in"})
				must(t, err)
				defer r.Close()
				var got []string
				for range 9 {
					records := make([]string, 3)
					n, err := r.Read(t.Context(), records)
					got = append(got, records[:n]...)
					if err != nil && err != io.EOF {
						t.Fatalf("%s: %v", name, err)
					}
				}
				if !same(got, []string{"1", "2"}) {
					t.Errorf("%s: got %q", name, got)
				}
			})
			if warned := strings.Contains(log, "gzip"); warned != (strings.Trim(after, "\x00") != "") {
				t.Errorf("%s: logged %q", name, log)
			}
		}
	}
}

// What a followed file of zstd or bzip2 gets is read when it is there.
func TestFollowPacked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "in.zst")
		whole := append(zstded("1\n2\n"), zstded("3\n")...)
		for _, step := range []int{1, 5, len(whole)} {
			write(t, path, nil)
			f := follow(t, Lines(path, Follow()), "in.zst", nil)
			var got []string
			for at := 0; at < len(whole); at += step {
				add(t, path, whole[at:min(at+step, len(whole))])
				for {
					records := make([]string, 2)
					n, err := f.reader.Read(t.Context(), records)
					must(t, err)
					if n == 0 {
						break
					}
					got = append(got, records[:n]...)
				}
			}
			if !same(got, []string{"1", "2", "3"}) {
				t.Errorf("in steps of %d: got %q", step, got)
			}
			if f.reader.(*reader[string]).scan.in.unpack.(*packed).z != nil {
				t.Error("what it takes to unpack is kept at the end")
			}
		}
	})
}

// FuzzFirst: whatever a file begins with, the same is said of it whether it is there at
// once or byte by byte, and what is said of less is not taken back.
func FuzzFirst(f *testing.F) {
	for _, m := range magics {
		f.Add([]byte(m.bytes + "\x00x"))
	}
	f.Add([]byte(bom))
	f.Add([]byte("BZh91AY&SY"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), whatFirstSays)]
		whole, m := tell(b, true)
		if whole == tooShort {
			t.Fatalf("%q: too short, and whole", b)
		}
		if whole == refused && (m.name == "" || m.hint == "") {
			t.Fatalf("%q is refused without words", b)
		}
		for n := range b {
			k, _ := tell(b[:n], false)
			if k == tooShort || k == text { // of text the rest is not looked at: see tellLong
				continue
			}
			if k != whole {
				t.Fatalf("%q is %v, and %q is %v", b[:n], k, b, whole)
			}
			break
		}
	})
}
