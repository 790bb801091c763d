package codec

import (
	"bytes"
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/flink"
)

// The bytes are those of the real Flink, values and snapshots.
func TestVectorsOfFlink(t *testing.T) {
	text, err := os.ReadFile("testdata/flink-1.20.txt")
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string]func(*testing.T, []byte, []byte){
		"string empty":        vector(""),
		"string a":            vector("a"),
		"string e-acute":      vector("é"),
		"string day":          vector("日"),
		"string grin":         vector("😀"),
		"string x127":         vector(strings.Repeat("x", 127)),
		"string null":         refused[string]("a null, for which a Go string has no value"),
		"string lone low":     vector("a\xff"),
		"string nul":          vector("\x00"),
		"long min":            vector(int64(-1 << 63)),
		"long -2":             vector(-2),
		"int -2":              vector(int32(-2)),
		"short -2":            vector(int16(-2)),
		"byte -2":             vector(int8(-2)),
		"bool true":           vector(true),
		"double -2.5":         vector(-2.5),
		"float 1.5":           vector(float32(1.5)),
		"bytes":               vector([]byte{1, 255}),
		"bytes empty":         vector([]byte{}),
		"instant":             vector(time.Unix(1700000000, 123456789).UTC()),
		"instant before 1970": vector(time.Unix(-1, 999999999).UTC()),
		"instant min":         vector(time.Unix(instantMin, 0).UTC()),
		"instant max":         vector(time.Unix(instantMax, 999999999).UTC()),
		"instant null":        refused[time.Time]("a null, for which a Go time.Time has no value"),
		"list string":         vector([]string{"a", "", "日"}),
		"list empty":          vector([]int64{}),
		"list list int":       vector([][]int32{{1, 2}, {}}),
		"map string long":     vector(map[string]int64{"a": 1}),
		"map empty":           vector(map[string]int64{}),
		"map null value":      refused[map[string]int64]("at byte 6: a null, for which a Go map value has no value"),
		"map three":           vector(map[string]int64{"aa": 2, "a": 1, "b": -1}),
		"map long list":       vector(map[int64][]string{-1: {"x"}}),
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(strings.TrimSpace(line), " | ")
		value, err := hex.DecodeString(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := hex.DecodeString(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		check := checks[parts[0]]
		if check == nil {
			t.Errorf("no test checks %q", parts[0])
			continue
		}
		delete(checks, parts[0])
		t.Run(parts[0], func(t *testing.T) { check(t, value, snapshot) })
	}
	for name := range checks {
		t.Errorf("there is no vector %q", name)
	}
}

// vector checks that Of's codec for T writes v as Flink does, and reads it.
func vector[T any](v T) func(*testing.T, []byte, []byte) {
	return func(t *testing.T, value, snapshot []byte) {
		c := of[T](t)
		sameSnapshot(t, c.Serializer(), snapshot)
		if b := encode(t, c, v); !bytes.Equal(b, value) {
			t.Errorf("%v is %x, want %x", v, b, value)
		}
		if got := decode(t, c, value); !reflect.DeepEqual(got, v) {
			t.Errorf("%x is %#v, want %#v", value, got, v)
		}
	}
}

// refused checks that Of's codec for T does not read what Flink has written.
func refused[T any](want string) func(*testing.T, []byte, []byte) {
	return func(t *testing.T, value, snapshot []byte) {
		c := of[T](t)
		sameSnapshot(t, c.Serializer(), snapshot)
		if v, _, err := c.Decode(value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%x is %v: %v, want an error with %q", value, v, err, want)
		}
	}
}

func sameSnapshot(t *testing.T, s flink.Serializer, want []byte) {
	t.Helper()
	got, err := flink.AppendSnapshotV(nil, s)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the snapshot of %s is %q (%v), want %q", s.TypeName(), got, err, want)
	}
}

// A timer, of key "a" at 999 in the window [0, 1000) as Flink's TimerSerializer wrote it, is
// its time, a key and a window; the key is a codec's.
func TestVectorOfTimerKey(t *testing.T) {
	timer, _ := hex.DecodeString("80000000000003E7" + "0261" + "0000000000000000" + "00000000000003E8")
	c := of[string](t)
	if key, n, err := c.Decode(timer[8:]); key != "a" || n != 2 || err != nil {
		t.Errorf("the key is %q in %d bytes: %v", key, n, err)
	}
}
