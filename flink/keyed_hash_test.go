package flink

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
)

func TestCheckKeyGroup(t *testing.T) {
	s := ValueStateMeta("s", Long)
	// The groups are the vectors that real Flink gave for max parallelism 128.
	for _, v := range []struct {
		key  Serializer
		v    Value
		want checkpoint.KeyGroup
	}{
		{String, "a", 81}, {String, "Hello", 12}, {String, "", 94}, {String, "日本", 95},
		{Long, int64(1), 86}, {Long, int64(-1), 94}, {Long, int64(1) << 31, 108}, {Int, int32(-1), 80},
		{Double, 1.0, 71}, {Double, 2.5, 16}, {Bool, true, 77}, {Bool, false, 3},
		{Tuple(String, Long), []Value{"a", int64(1)}, 29},
		{Short, int16(-1), 80}, {Byte, int8(-1), 80}, {Char, "a", 81}, {Tuple(String), []Value{"a"}, 81},
	} {
		if err := CheckKeyGroup(v.key, Entry{Group: v.want, State: &s, Key: v.v}, 128); err != nil {
			t.Error(err)
		}
		err := CheckKeyGroup(v.key, Entry{Group: v.want + 1, State: &s, Key: v.v}, 128)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("is in key group %d, but belongs to %d of 128", v.want+1, v.want)) {
			t.Errorf("%v: error %v", v.v, err)
		}
	}
	for _, key := range []Serializer{ByteArray, ListOf(Long), Custom{"K", 1}, Tuple(ByteArray)} {
		if err := CheckKeyGroup(key, Entry{Group: 1, State: &s, Key: []Value{[]byte{1}}}, 128); err != nil {
			t.Error(err)
		}
	}
}
