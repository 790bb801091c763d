package codec

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/flink"
)

// The types of testdata/structs-1.txt, which was written by the first version of Weir that
// had structs. It wrote them with the avro package; what it wrote must be readable for ever.
type (
	oldLevel int // written as text: it has the methods
	oldCode  [2]byte

	oldBase struct {
		ID   int64
		Tiny int8 `avro:"tiny"`
	}
	oldAll struct {
		oldBase
		Flag   bool
		Short  int16
		Int    int32
		Word   int
		Float  float32
		Double float64
		Name   string `avro:"name,alias=title"`
		Bytes  []byte
		List   []string `avro:",default=[]"`
		Map    map[string]int64
		Fixed  [4]byte
		Code   oldCode
		Twice  oldCode
		Inner  oldInner
		Inners map[string][]oldInner
		Tree   []oldAll
		Level  oldLevel
		IP     net.IP
		Cache  int `avro:"-"`
	}
	oldInner struct{ X, Y float64 }
	oldTimes struct {
		Nanos       time.Time     `avro:",timestamp-nanos"`
		Micros      time.Time     `avro:",timestamp-micros"`
		Millis      time.Time     `avro:",timestamp-millis"`
		LocalNanos  time.Time     `avro:",local-timestamp-nanos"`
		LocalMicros time.Time     `avro:",local-timestamp-micros"`
		LocalMillis time.Time     `avro:",local-timestamp-millis"`
		Date        time.Time     `avro:",date"`
		Clock       time.Time     `avro:",time-micros"`
		Minute      time.Time     `avro:",time-millis"`
		Took        time.Duration `avro:",time-micros"`
		Waited      time.Duration `avro:",time-millis"`
		Stamp       int64         `avro:",timestamp-millis"`
		Day         int32         `avro:",date"`
		UUID        [16]byte      `avro:",uuid"`
		Text        string        `avro:",uuid"`
	}
	oldKey struct {
		Airport string
		Gate    int16
		Side    bool
	}
)

func (l oldLevel) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "level %d", int(l)), nil }
func (l *oldLevel) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "level %d", (*int)(l))
	return err
}

func oldAllValue() oldAll {
	v := oldAll{
		oldBase: oldBase{math.MinInt64, -128},
		Flag:    true, Short: math.MaxInt16, Int: math.MinInt32, Word: math.MaxInt64,
		Float: 1.5, Double: math.Inf(-1), Name: "Zürich\xff", Bytes: []byte{0, 255}, List: []string{"", "a"},
		Map: map[string]int64{"b": 2, "a": 1, "": -1}, Fixed: [4]byte{1, 2, 3, 4}, Code: oldCode{5, 6}, Twice: oldCode{7, 8},
		Inner:  oldInner{1, math.Copysign(0, -1)},
		Inners: map[string][]oldInner{"x": {{1, 2}, {3, 4}}, "empty": {}},
		Tree:   []oldAll{}, Level: -7, IP: net.IP{192, 0, 2, 1},
	}
	child := v
	child.Name, child.Level, child.IP = "child", 3, net.IP{}
	v.Tree = append(v.Tree, child)
	return v
}

func oldTimesValue() oldTimes {
	at := time.Date(1965, 3, 4, 5, 6, 7, 890123456, time.FixedZone("", 3600))
	return oldTimes{at, at, at, at, at, at, at, at, at, 90*time.Hour + 1234*time.Microsecond, -5 * time.Second,
		1234567890123, 20000, [16]byte{1, 15: 2}, "01234567-89ab-cdef-0123-456789abcdef"}
}

// What the first version wrote is read as the values that it wrote, and is what is written
// now wherever the form is the same.
func TestWhatTheFirstVersionWrote(t *testing.T) {
	text, err := os.ReadFile("testdata/structs-1.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := oldAllValue()
	all.IP = net.ParseIP("192.0.2.1") // as text it is read in the longer form
	times := oldTimesValue()
	at := times.Nanos.UTC()
	read := oldTimes{
		Nanos:       at,
		Micros:      at.Truncate(time.Microsecond),
		Millis:      at.Truncate(time.Millisecond),
		LocalNanos:  at.Add(time.Hour),
		LocalMicros: at.Add(time.Hour).Truncate(time.Microsecond),
		LocalMillis: at.Add(time.Hour).Truncate(time.Millisecond),
		Date:        time.Date(1965, 3, 4, 0, 0, 0, 0, time.UTC),
		Clock:       time.Date(1970, 1, 1, 5, 6, 7, 890123000, time.UTC),
		Minute:      time.Date(1970, 1, 1, 5, 6, 7, 890000000, time.UTC),
		Took:        times.Took, Waited: times.Waited, Stamp: times.Stamp, Day: times.Day, UUID: times.UUID, Text: times.Text,
	}
	checks := map[string]func(t *testing.T, value []byte, was flink.Serializer){
		"all":         wroteOnce(all, false),
		"list of all": wroteOnce([]oldAll{all, of0(t)}, false),
		"map of all":  wroteOnce(map[string][]oldAll{"a": {all}, "b": {}}, false),
		"times":       wroteOnce(read, false),
		"key":         wroteOnce(oldKey{"MUC", -3, true}, true),
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(strings.TrimSpace(line), " | ")
		value, err1 := hex.DecodeString(parts[1])
		snapshot, err2 := hex.DecodeString(parts[2])
		cursor := flink.NewCursor(snapshot)
		was := flink.DecodeSnapshotV(cursor)
		if err1 != nil || err2 != nil || cursor.Err() != nil {
			t.Fatal(err1, err2, cursor.Err())
		}
		t.Run(parts[0], func(t *testing.T) { checks[parts[0]](t, value, was) })
		delete(checks, parts[0])
	}
	if len(checks) > 0 {
		t.Errorf("%d values are not in the file", len(checks))
	}
}

// of0 is the zero oldAll as it is read: with what is empty in place of nil.
func of0(t *testing.T) oldAll {
	c := of[oldAll](t)
	return decode(t, c, encode(t, c, oldAll{}))
}

// wroteOnce checks that what was written once is read as want; and, if the form has not
// changed since, that want is written so.
func wroteOnce[T any](want T, sameForm bool) func(*testing.T, []byte, flink.Serializer) {
	return func(t *testing.T, value []byte, was flink.Serializer) {
		c := of[T](t)
		old, err := Reading(c, was)
		if err != nil {
			t.Fatal(err)
		}
		got := decode(t, old, value)
		if !sameText(got, want) {
			t.Errorf("read\n%+v, want\n%+v", got, want)
		}
		if again := decode(t, c, encode(t, c, got)); !sameText(again, want) {
			t.Errorf("it becomes %+v", again)
		}
		if now := encode(t, c, want); sameForm && !bytes.Equal(now, value) {
			t.Errorf("is written %x, was written %x", now, value)
		}
		if err := SameKey(c, was); (err == nil) != sameForm {
			t.Errorf("as a key it is: %v", err)
		}
	}
}
