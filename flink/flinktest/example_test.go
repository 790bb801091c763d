package flinktest

import (
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// A checkpoint that is written byte by byte, without package flink: one operator with the
// uid "counter", in which the state "count" has 5 for the key "a". It tests the harness
// itself.
var workedPlan = Plan{
	Checkpoint: 1,
	Operators: []Operator{{
		ID:             checkpoint.OperatorID{0x0d, 0xa0, 0x8f, 0x51, 0xea, 0xa8, 0x5f, 0xc2, 0x98, 0xe1, 0x76, 0xa1, 0x39, 0xb3, 0x64, 0x9a},
		Parallelism:    1,
		MaxParallelism: 2,
		Key:            flink.String,
		Keyed:          []flink.StateMeta{flink.ValueStateMeta("count", flink.Long)},
	}},
}

var workedEntries = []string{
	`{"operator":"0da08f51eaa85fc298e176a139b3649a","VALUE":"count","group":1,"key":"a","value":5}`,
}

const (
	workedHead = `4960672d 00000003 0000000000000001 00000000 00000001
		0da08f51eaa85fc298e176a139b3649a 00000001 00000002 00 00000001 00000000 00000000 00000000
		07 00000000 00000002 0000000000000000 0000000000000173
		01 0024 "4f9c6a34-0000-4000-8000-000000000001" 0000018b`
	workedStream = `00000006 00
		00000002 0054 "org.apache.flink.api.common.typeutils.base.StringSerializer$StringSerializerSnapshot" 00000003
		0001 0005 "count" 00000000 00000001 0010 "KEYED_STATE_TYPE" 0005 "VALUE" 00000002
		0014 "NAMESPACE_SERIALIZER"
		00000002 0056 "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot" 00000003
		0010 "VALUE_SERIALIZER"
		00000002 0050 "org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot" 00000003
		0000 00000004 81026100 00000008 0000000000000005 ffff`
	workedTail = `00 00000000 00000000`
)

func workedExample(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "_metadata"), unhex(t, workedHead+" "+workedStream+" "+workedTail))
	return dir
}

// unhex reads hex digits and quoted ASCII without spaces in it.
func unhex(t *testing.T, text string) []byte {
	t.Helper()
	var data []byte
	for _, word := range strings.Fields(text) {
		if ascii, quoted := strings.CutPrefix(word, `"`); quoted {
			data = append(data, strings.TrimSuffix(ascii, `"`)...)
			continue
		}
		b, err := hex.DecodeString(word)
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, b...)
	}
	return data
}
