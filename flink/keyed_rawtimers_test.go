package flink

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/weirstream/weir/checkpoint"
)

func TestRawTimers(t *testing.T) {
	block := AppendI32(AppendI32(AppendI32(nil, -0x0e327a61), 2), 1)
	block, _ = AppendUTF(block, "user-timers")
	block, _ = Long.AppendSnapshot(block)
	block, _ = VoidNamespace.AppendSnapshot(block)
	block = AppendI64(append(AppendI64(AppendI32(block, 1), 3), 0), 999)
	block = AppendI32(block, 0)
	if binary.BigEndian.Uint32(block) != rawTimersMagic {
		t.Fatalf("%x", block[:4])
	}
	h := &KeyGroupsHandle{Tag: TagKeyGroups, Range: checkpoint.KeyGroupRange{Start: 4, End: 5}, Offsets: []int64{-1, 0}}
	for r, err := range RawTimers(h, block) {
		want := RawTimer{Group: 5, Service: "user-timers", EventTime: true, Timer: TimerValue{999, int64(3), nil}}
		if diff := cmp.Diff(want, r); diff != "" || err != nil {
			t.Errorf("error %v, %s", err, diff)
		}
	}
	var last error
	for _, err := range RawTimers(h, append(bytes.Clone(block), 0)) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "1 bytes left over") {
		t.Errorf("with one more byte: error %v", last)
	}
	for n := range block {
		var last error
		for _, err := range RawTimers(h, block[:n]) {
			last = err
		}
		if last == nil {
			t.Errorf("the first %d bytes are timers", n)
		}
	}
}
