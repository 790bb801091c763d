package store

import (
	"encoding/binary"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// metadataOfVersion5 is metadata as Flink writes it since 2.0, of operators without state:
// each with a name and a uid.
func metadataOfVersion5(id checkpoint.ID, operators ...[2]string) []byte {
	b := binary.BigEndian.AppendUint32(nil, 0x4960672D)
	b = binary.BigEndian.AppendUint32(b, 5)
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	b = binary.BigEndian.AppendUint32(b, 0) // master states
	b = binary.BigEndian.AppendUint32(b, uint32(len(operators)))
	for i, op := range operators {
		b = appendWord(appendWord(b, op[0]), op[1])
		b = append(b, make([]byte, 15)...)
		b = append(b, byte(i+1))
		b = binary.BigEndian.AppendUint32(b, 1)
		b = binary.BigEndian.AppendUint32(b, 128)
		b = append(b, 0)                        // no coordinator
		b = binary.BigEndian.AppendUint32(b, 0) // subtasks
	}
	return append(b, 0xAC, 0xED, 0, 5, 0x70) // no properties
}

// TestNamesOfFlink: Flink's own names are those of the checkpoint, and go into the seal
// that a copy gets.
func TestNamesOfFlink(t *testing.T) {
	disk := newDisk(t)
	check(t, disk.Mkdir("/sp"))
	check(t, durable.WriteFile(disk, "/sp/_metadata", metadataOfVersion5(7, [2]string{"Source: in", "in"}, [2]string{"Sink: out", ""}, [2]string{"", ""})))
	_, err := Copy(disk, "/sp", "/copy", copyOptions)
	check(t, err)
	for _, dir := range []string{"/sp", "/copy"} {
		c, err := ReadCheckpoint(disk, dir, ReadOptions{})
		check(t, err)
		id := func(i byte) checkpoint.OperatorID { return checkpoint.OperatorID{15: i} }
		if len(c.Names.Operators) != 2 || c.Names.Label(id(1)) != "in" || c.Names.Label(id(2)) != "Sink: out" || c.Names.Label(id(3)) != id(3).String() {
			t.Errorf("%s: names are %+v", dir, c.Names)
		}
	}
}

// TestNamesAreOrdered: in whatever order they are given, and however often.
func TestNamesAreOrdered(t *testing.T) {
	disk := newDisk(t)
	s, _ := mustStart(t, disk, testOptions(1))
	p, err := s.Begin()
	check(t, err)
	check(t, p.Publish(metadataOf(p.ID(), nil), nil, checkpoint.Names{Job: "j", Operators: []checkpoint.OperatorName{
		{ID: checkpoint.OperatorID{2}, Name: "b"}, {ID: checkpoint.OperatorID{1}, Name: "a"}, {ID: checkpoint.OperatorID{2}, Name: "again"},
	}}))
	c, err := s.Look()
	check(t, err)
	if n := c.Names; n.Job != "j" || len(n.Operators) != 2 || n.Operators[0].Name != "a" || n.Operators[1].Name != "b" {
		t.Errorf("names are %+v", n)
	}
}
