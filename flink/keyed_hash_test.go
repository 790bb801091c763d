package flink

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
)

func TestCheckKeyGroup(t *testing.T) {
	s := ValueStateMeta("s", Long)
	// Real Flink has computed these groups for max parallelism 128.
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

// TestCheckKeyGroupOfWeirs: the bytes of a key decide its key group if only Weir has the
// type.
func TestCheckKeyGroupOfWeirs(t *testing.T) {
	s := ValueStateMeta("s", Long)
	key := Custom{"K", 1}
	e := Entry{State: &s, Key: Opaque{"K", []byte{0xff}}, KeyBytes: []byte{0, 0, 0, 1, 0xff}}
	// 31^5 + 31*1 - 1
	e.Group = KeyGroupOf(28629181, 128)
	if err := CheckKeyGroup(key, e, 128); err != nil {
		t.Error(err)
	}
	e.Group = (e.Group + 1) % 128
	if err := CheckKeyGroup(key, e, 128); err == nil {
		t.Error("a key in the wrong key group was not found out")
	}
	e.KeyBytes = nil
	if err := CheckKeyGroup(key, e, 128); err != nil {
		t.Error(err)
	}
}
