package store

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
)

// sealed closes a payload with a seal that fits.
func sealed(payload []byte, s Seal) []byte {
	s.PayloadLength = int64(len(payload))
	s.PayloadHash = payloadHash(s.Identity, payload)
	return appendSeal(bytes.Clone(payload), &s)
}

func exampleSeal() Seal {
	of := checkpoint.Identity{Job: testJob, Incarnation: 3, ID: 17}
	s := newSum(of, 2, "0a1b2c", 4)
	s.add([]byte("hello, world"))
	f := checkpoint.File{Name: "0a1b2c", What: "what it holds", Subtask: 2, Length: 12, BlockBytes: 4}
	f.CRCs, f.Hash = s.result()
	return Seal{Identity: of, Files: []checkpoint.File{f}, Names: checkpoint.NewNames("flights", []checkpoint.OperatorName{
		{ID: checkpoint.OperatorID{0xA0}, Name: "counts", Kind: "process"},
		{ID: checkpoint.OperatorID{0x0A}, Name: "lines", Kind: "source"},
	})}
}

// TestSealGolden pins the format: what is written today can always be read. The bytes are
// drawn in docs/format.md.
func TestSealGolden(t *testing.T) {
	data := sealed([]byte("payload"), exampleSeal())
	file := filepath.Join("testdata", "seal.hex")
	have := hex.Dump(data)
	if *update {
		check(t, os.WriteFile(file, []byte(have), 0o666))
	}
	want, err := os.ReadFile(file)
	check(t, err)
	if have != string(want) {
		t.Errorf("the seal is\n%s\nand should be\n%s", have, want)
	}
}

// TestSealWithoutNames: a seal of version 1, as it was written once, is read.
func TestSealWithoutNames(t *testing.T) {
	payload, got, err := splitSeal(sealOfVersion1(t))
	check(t, err)
	want := exampleSeal()
	want.Version, want.Names = sealWithoutNames, checkpoint.Names{}
	want.PayloadLength, want.PayloadHash = int64(len(payload)), payloadHash(want.Identity, payload)
	if string(payload) != "payload" || !cmp.Equal(*got, want) {
		t.Errorf("read %q and %s", payload, cmp.Diff(want, *got))
	}
}

func sealOfVersion1(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "seal-1.hex"))
	check(t, err)
	var data []byte
	for line := range strings.Lines(string(text)) {
		_, rest, _ := strings.Cut(line, "  ")
		rest, _, _ = strings.Cut(rest, "|")
		b, err := hex.DecodeString(strings.Join(strings.Fields(rest), ""))
		check(t, err)
		data = append(data, b...)
	}
	return data
}

func TestSealRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Seal{Identity: checkpoint.Identity{
			Job:         checkpoint.JobID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "job")),
			Incarnation: checkpoint.Incarnation(rapid.Int64Min(1).Draw(t, "incarnation")),
			ID:          checkpoint.ID(rapid.Int64Min(1).Draw(t, "id")),
		}}
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9-]{1,40}`), 0, 5, rapid.ID).Draw(t, "names")
		slices.Sort(names)
		for _, name := range names {
			data := rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "data")
			f := checkpoint.File{
				Name: name, What: rapid.StringN(0, 20, 100).Draw(t, "what"),
				Subtask:    checkpoint.Subtask(rapid.Int32().Draw(t, "subtask")),
				Length:     int64(len(data)),
				BlockBytes: rapid.IntRange(1, 40).Draw(t, "block"),
			}
			sum := newSum(s.Identity, f.Subtask, f.Name, f.BlockBytes)
			for cut := rapid.IntRange(1, 30).Draw(t, "pieces"); len(data) > 0; {
				n := min(cut, len(data))
				sum.add(data[:n])
				data = data[n:]
			}
			f.CRCs, f.Hash = sum.result()
			if int64(len(f.CRCs)) != checkpoint.Blocks(f.Length, f.BlockBytes) {
				t.Fatalf("%d checksums", len(f.CRCs))
			}
			s.Files = append(s.Files, f)
		}
		var operators []checkpoint.OperatorName
		for range rapid.IntRange(0, 4).Draw(t, "operators") {
			operators = append(operators, checkpoint.OperatorName{
				ID:   checkpoint.OperatorID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "operator")),
				Name: rapid.StringN(0, 20, 100).Draw(t, "its name"), Kind: rapid.StringN(0, 9, 20).Draw(t, "its kind"),
			})
		}
		s.Version = sealVersion
		s.Names = checkpoint.NewNames(rapid.StringN(0, 20, 100).Draw(t, "job's name"), operators)
		payload := rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		data := sealed(payload, s)
		gotPayload, got, err := splitSeal(data)
		if err != nil {
			t.Fatal(err)
		}
		s.PayloadLength, s.PayloadHash = got.PayloadLength, got.PayloadHash
		if !bytes.Equal(gotPayload, payload) || !cmp.Equal(*got, s) {
			t.Fatalf("came back different: %s", cmp.Diff(s, *got))
		}
		for _, name := range names {
			if f := got.file(name); f == nil || f.Name != name {
				t.Fatalf("file %q is not found", name)
			}
		}
		if got.file("no such") != nil {
			t.Fatal("found what is not there")
		}
	})
}

// reseal puts the trailer of a changed seal right, so that what is wrong with it is
// not just a checksum.
func reseal(data []byte, payload int, change func(seal []byte) []byte) []byte {
	seal := change(bytes.Clone(data[payload : len(data)-trailBytes]))
	seal = binary.BigEndian.AppendUint64(seal, uint64(len(seal)+trailBytes))
	hash := sealHash(seal)
	out := append(bytes.Clone(data[:payload]), seal...)
	return append(append(out, hash[:]...), trailMagic...)
}

func TestSealRefused(t *testing.T) {
	payload := []byte("payload")
	data := sealed(payload, exampleSeal())
	const nameAt = headBytes + 32 + 8 + 16 + 4 + 2
	for what, c := range map[string]struct {
		data []byte
		says string
	}{
		"newer version": {reseal(data, 7, func(b []byte) []byte { b[11] = 3; return b }), "written by a newer release"},
		"no version":    {reseal(data, 7, func(b []byte) []byte { b[11] = 0; return b }), "there is no format version 0"},
		"older version": {reseal(data, 7, func(b []byte) []byte { b[11] = 1; return b }), "bytes too many"},
		"magic":         {reseal(data, 7, func(b []byte) []byte { b[0] = 'w'; return b }), "does not begin"},
		"name":          {reseal(data, 7, func(b []byte) []byte { b[nameAt] = '/'; return b }), "cannot be the name"},
		"many files": {reseal(data, 7, func(b []byte) []byte {
			binary.BigEndian.PutUint32(b[nameAt-6:], 1<<30)
			return b
		}), "cannot be in"},
		"huge file": {reseal(data, 7, func(b []byte) []byte {
			binary.BigEndian.PutUint64(b[nameAt+6+2+13+4:], 1<<62)
			return b
		}), "cannot be in the"},
		"block of no bytes": {reseal(data, 7, func(b []byte) []byte {
			binary.BigEndian.PutUint32(b[nameAt+6+2+13+4+8:], 0)
			return b
		}), "in blocks of 0 bytes"},
		"too long":  {reseal(data, 7, func(b []byte) []byte { return append(b, 0) }), "1 bytes too many"},
		"too short": {reseal(data, 7, func(b []byte) []byte { return b[:len(b)-1] }), "operator 2 of 2: "},
		"many operators": {reseal(data, 7, func(b []byte) []byte {
			binary.BigEndian.PutUint32(b[bytes.Index(b, []byte("flights"))+7:], 1<<30)
			return b
		}), "cannot be in"},
		"operators out of order": {reseal(data, 7, func(b []byte) []byte {
			b[bytes.Index(b, []byte("flights"))+7+4] = 0xA0
			return b
		}), "not in ascending order"},
		"checkpoint 0":       {sealed(payload, Seal{Identity: checkpoint.Identity{Incarnation: 1}}), "no checkpoint 0"},
		"names out of order": {sealed(payload, Seal{Identity: exampleSeal().Identity, Files: slices.Repeat(exampleSeal().Files, 2)}), "not in ascending order"},
		"less payload":       {data[1:], "closes a payload of 7 bytes, and 6"},
		"other payload":      {append([]byte("Payload"), data[7:]...), "the payload's checksum"},
		"only a trailer":     {data[len(data)-trailBytes:], "ends like a seal"},
	} {
		_, _, err := splitSeal(c.data)
		var damaged *SealError
		if !errors.As(err, &damaged) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", what, err, c.says)
		}
	}
	if _, s, err := splitSeal(payload); s != nil || !errors.Is(err, errNotSealed) {
		t.Errorf("no seal: %v", err)
	}
}

// tooWordy reports whether some name is longer than it would be written.
func tooWordy(n checkpoint.Names) bool {
	return len(n.Job) > maxWordBytes || slices.ContainsFunc(n.Operators, func(op checkpoint.OperatorName) bool {
		return len(op.Name) > maxWordBytes || len(op.Kind) > maxWhatBytes
	})
}

// FuzzSeal: whatever stands in a file, reading it ends, and what is believed is what
// this package writes.
func FuzzSeal(f *testing.F) {
	f.Add([]byte("payload"), []byte{})
	f.Add(sealed([]byte("payload"), exampleSeal()), []byte{})
	f.Add(sealOfVersion1(f), []byte{})
	f.Add([]byte("payload"), sealed(nil, exampleSeal())[:headBytes+150])
	f.Fuzz(func(t *testing.T, data, seal []byte) {
		if payload, s, err := splitSeal(data); err == nil && s.Version == sealVersion && !tooWordy(s.Names) {
			if again := appendSeal(bytes.Clone(payload), s); !bytes.Equal(again, data) {
				t.Errorf("read and written again it is different")
			}
		}
		cost := allocated(func() {
			if _, _, err := decodeMetadata(data); err != nil && err.Error() == "" {
				t.Error("refused without a word")
			}
		})
		if limit := uint64(1<<20 + 300*len(data)); cost > limit {
			t.Errorf("%d bytes were allocated for %d", cost, len(data))
		}
		// Behind a trailer that fits, so that the decoder is reached.
		if s, err := decodeSeal(seal); err == nil && s.Version == sealVersion && !tooWordy(s.Names) {
			again := appendSeal(nil, s)
			if !bytes.Equal(again[:len(again)-trailBytes], seal) {
				t.Errorf("a seal read and written again is different")
			}
		}
	})
}
