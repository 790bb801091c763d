package flink

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// goldenDir has snapshots that Flink wrote. They are not part of this repository.
const goldenDir = "../../shared/flink-golden"

// goldenMetadata calls f with the contents of each _metadata file in goldenDir, and
// skips the test if there is none.
func goldenMetadata(t *testing.T, f func(t *testing.T, data []byte)) (files int) {
	err := filepath.WalkDir(goldenDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "_metadata" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		name, err := filepath.Rel(goldenDir, filepath.Dir(path))
		if err != nil {
			return err
		}
		t.Run(name, func(t *testing.T) { f(t, data) })
		return nil
	})
	if os.IsNotExist(err) || files == 0 {
		t.Skipf("no golden files in %s", goldenDir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Each file that Flink wrote is read to its last byte. As far as version 3 has a place for
// its content, it is written again with the same bytes.
func TestGoldenMetadata(t *testing.T) {
	versions := map[int32]int{}
	operators, uids, streams := 0, 0, 0
	files := goldenMetadata(t, func(t *testing.T, data []byte) {
		m, n, err := DecodeMetadata(data)
		if err != nil || n != len(data) {
			t.Fatalf("%d of %d bytes, error %v", n, len(data), err)
		}
		versions[m.Version]++
		for range m.Streams() {
			streams++
		}
		named := false
		for _, o := range m.Operators {
			operators++
			named = named || o.Name != "" || o.UID != ""
			if o.UID == "" {
				continue
			}
			if uids++; OperatorIDOf(o.UID) != o.ID {
				t.Errorf("the id of uid %q is %v, and not %v", o.UID, o.ID, OperatorIDOf(o.UID))
			}
		}
		if _, err := m.AppendTo(nil); (err != nil) != (named || len(m.Properties) > 0) {
			t.Errorf("written as version 3: error %v", err)
		}
		v, properties := m.Version, len(m.Properties)
		toV3(m)
		checkRoundTrip(t, m)
		if v < 3 || named {
			return
		}
		got, err := m.AppendTo(nil)
		want := bytes.Clone(data[:n-properties])
		binary.BigEndian.PutUint32(want[4:], 3)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes are written, and not the %d that were read, error %v", len(got), len(want), err)
		}
	})
	t.Logf("%d files, by version %v; %d operators, %d with a uid; %d streams", files, versions, operators, uids, streams)
}

// Every file that is cut off is an error.
func TestGoldenMetadataPrefixes(t *testing.T) {
	goldenMetadata(t, func(t *testing.T, data []byte) {
		for n := 0; n < len(data); n += 1 + len(data)/500 {
			if _, _, err := DecodeMetadata(data[:n:n]); err == nil {
				t.Errorf("the first %d of %d bytes are taken for all", n, len(data))
			}
		}
	})
}
