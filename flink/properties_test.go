package flink

import (
	"encoding/hex"
	"strings"
	"testing"
)

// unhex reads hex digits with spaces in between and ASCII text in double quotes.
func unhex(s string) []byte {
	var b []byte
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			b = append(b, part...)
			continue
		}
		digits, err := hex.DecodeString(strings.Join(strings.Fields(part), ""))
		if err != nil {
			panic(err)
		}
		b = append(b, digits...)
	}
	return b
}

// The beginning of all of Flink's properties, up to the seven flags.
const propertiesHead = `
	aced0005 7372 0038 "org.apache.flink.runtime.checkpoint.CheckpointProperties" 0000000000000002 02 0008
	5a 0010 "discardCancelled" 5a 000d "discardFailed" 5a 000f "discardFinished" 5a 000f "discardSubsumed"
	5a 0010 "discardSuspended" 5a 0006 "forced" 5a 0009 "unclaimed"
	4c 000e "checkpointType" 74 0032 "Lorg/apache/flink/runtime/checkpoint/SnapshotType;" 78 70`

// Properties of a checkpoint that is never retained.
const checkpointProperties = propertiesHead + `
	01 01 01 01 01 00 00
	73 72 0032 "org.apache.flink.runtime.checkpoint.CheckpointType" d6de4f0305ae1d3a 02 0002
	4c 0004 "name" 74 0012 "Ljava/lang/String;"
	4c 0014 "sharingFilesStrategy"
	74 0047 "Lorg/apache/flink/runtime/checkpoint/SnapshotType$SharingFilesStrategy;" 78 70
	74 000a "Checkpoint"
	7e 72 0045 "org.apache.flink.runtime.checkpoint.SnapshotType$SharingFilesStrategy" 0000000000000000 12 0000 78
	72 000e "java.lang.Enum" 0000000000000000 12 0000 78 70
	74 0010 "FORWARD_BACKWARD"`

// Properties of a canonical savepoint.
const savepointProperties = propertiesHead + `
	00 00 00 00 00 01 00
	73 72 0031 "org.apache.flink.runtime.checkpoint.SavepointType" a087d308a45814b8 02 0003
	4c 000a "formatType" 74 0035 "Lorg/apache/flink/core/execution/SavepointFormatType;"
	4c 0004 "name" 74 0012 "Ljava/lang/String;"
	4c 0014 "postCheckpointAction"
	74 0048 "Lorg/apache/flink/runtime/checkpoint/SavepointType$PostCheckpointAction;" 78 70
	7e 72 0033 "org.apache.flink.core.execution.SavepointFormatType" 0000000000000000 12 0000 78
	72 000e "java.lang.Enum" 0000000000000000 12 0000 78 70
	74 0009 "CANONICAL"
	74 0009 "Savepoint"
	7e 72 0046 "org.apache.flink.runtime.checkpoint.SavepointType$PostCheckpointAction" 0000000000000000 12 0000 78
	71 007e0009
	74 0004 "NONE"`

const nullProperties = "aced0005 70"

func TestPropertiesEndWhereTheyEnd(t *testing.T) {
	for _, v := range []struct {
		name, hex string
		size      int
	}{
		{"null", nullProperties, 5},
		{"checkpoint", checkpointProperties, 604},
		{"savepoint", savepointProperties, 745},
		{"string", `aced0005 74 0003 "abc"`, 10},
		{"one field of each type", `aced0005 73 72 0001 "C" 0000000000000000 02 0009
			42 0001 "b" 43 0001 "c" 44 0001 "d" 46 0001 "f" 49 0001 "i" 4a 0001 "j" 53 0001 "s" 5a 0001 "z"
			4c 0001 "l" 74 0001 "C" 78 70
			00 0000 0000000000000000 00000000 00000000 0000000000000000 0000 00 71 007e0002`, 97},
	} {
		data := unhex(v.hex)
		if len(data) != v.size {
			t.Fatalf("%s: the test has %d bytes, want %d", v.name, len(data), v.size)
		}
		c := NewCursor(append(data, "seal"...))
		got := c.properties()
		if c.Err() != nil || string(got) != string(data) || c.Offset() != len(data) {
			t.Errorf("%s: %d of %d bytes, error %v", v.name, c.Offset(), len(data), c.Err())
		}
		for n := range data {
			if c := NewCursor(data[:n]); c.properties() != nil || c.Err() == nil {
				t.Errorf("%s: the first %d bytes are taken for all", v.name, n)
			}
		}
	}
}

func TestPropertiesRefused(t *testing.T) {
	// A class without fields whose superclass follows.
	const class = `72 0001 "C" 0000000000000000 02 0000 78`
	const object = "73 " + class + " 70"
	for _, v := range []struct{ name, hex, want string }{
		{"another magic", "aced0006 70", "how the checkpoint's properties begin"},
		{"an array", "aced0005 75", "have no use for 0x75"},
		{"a class that writes itself", `aced0005 73 72 0001 "C" 0000000000000000 03 0000 78 70`, "flags 0x3"},
		{"an enum that is an object", `aced0005 73 72 0001 "C" 0000000000000000 12 0000 78 70`, "flags 0x12"},
		{"an object that is an enum", `aced0005 7e ` + class + ` 70 74 0001 "A"`, "flags 0x2"},
		{"an annotated class", `aced0005 73 72 0001 "C" 0000000000000000 02 0000 77 01 00 78 70`, "have no use for 0x77"},
		{"an object of no class", "aced0005 73 70", "without a class"},
		{"a reference into nothing", "aced0005 71 007e0000", "its item 0 of 0"},
		{"a negative reference", "aced0005 71 007dffff", "its item -1 of 0"},
		{"its own superclass", `aced0005 73 72 0001 "C" 0000000000000000 02 0000 78 71 007e0000`, "a class that is none"},
		{"a string for a class", `aced0005 73 72 0001 "C" 0000000000000000 02 0001 4c 0001 "f" 74 0001 "C" 78 71 007e0001`, "a class that is none"},
		{"a field of an array", `aced0005 73 72 0001 "C" 0000000000000000 02 0001 5b 0001 "f" 74 0001 "C" 78 70`, `type '['`},
		{"a long ancestry", "aced0005 73" + strings.Repeat(class, 1000) + " 70", "in one another"},
	} {
		c := NewCursor(unhex(v.hex))
		c.properties()
		if err := c.Err(); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: error %v, want one with %q", v.name, err, v.want)
		}
	}
	if c := NewCursor(unhex("aced0005 " + object)); c.properties() == nil {
		t.Errorf("the object that the others are made from is refused: %v", c.Err())
	}
}

// The number of superclasses is also bounded if they are back references: 30 objects side by
// side, each of a class that has the class of the one before as superclass.
func TestPropertiesLongAncestryByReference(t *testing.T) {
	const fields = 30
	holder := `aced0005 73 72 0001 "H" 0000000000000000 02 00` + hex.EncodeToString([]byte{fields})
	holder += `4c 0001 "f" 74 0001 "C"` + strings.Repeat(`4c 0001 "f" 71 007e0001`, fields-1) + " 78 70"
	// Items 0 to 2 are the holder's class, the string and the holder.
	super := "70"
	for i := range fields {
		holder += `73 72 0001 "C" 0000000000000000 02 0000 78` + super
		super = "71 007e00" + hex.EncodeToString([]byte{byte(3 + 2*i)})
	}
	c := NewCursor(unhex(holder))
	c.properties()
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), "superclasses") {
		t.Errorf("error %v, want one about superclasses", err)
	}
}
