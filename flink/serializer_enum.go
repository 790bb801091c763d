package flink

// An enum is the serializer of a Java enum. A value is an index into the list of constants.
// It is read only. The payload of its snapshot is utf class, i32 n, n × utf constant.
type enum struct {
	class     string
	constants []string
}

const (
	enumClass   = classBase + "EnumSerializer$EnumSerializerSnapshot"
	enumVersion = 3
)

func readEnum(r *snapshotReader, version int32) Serializer {
	if version != enumVersion {
		return r.badVersion(enumClass, version)
	}
	e := &enum{class: r.UTF()}
	for range r.Count("enum constants", 2) {
		e.constants = append(e.constants, r.UTF())
	}
	return e
}

func (e *enum) TypeName() string { return "enum " + e.class }
func (e *enum) Length() int      { return 4 }

func (e *enum) AppendSnapshot(dst []byte) ([]byte, error) {
	dst, err := appendSnapshotHead(dst, enumClass, enumVersion)
	if err != nil {
		return dst, err
	}
	if dst, err = AppendUTF(dst, e.class); err != nil {
		return dst, err
	}
	dst = AppendI32(dst, int32(len(e.constants)))
	for _, name := range e.constants {
		if dst, err = AppendUTF(dst, name); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (e *enum) Decode(c *Cursor) Value {
	at := c.off
	n := c.I32()
	if c.err != nil {
		return nil
	}
	if n < 0 || int(n) >= len(e.constants) {
		c.off = at
		c.Failf("constant %d of enum %s, which has %d", n, e.class, len(e.constants))
		return nil
	}
	return e.constants[n]
}
