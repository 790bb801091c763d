package flink

// A kryo is the serializer of types for which Flink has no serializer. Its snapshot can be
// read. Its data cannot: they are encoded by Kryo. The payload is utf class and three
// optional maps (registrations, default serializers, classes of default serializers).
type kryo struct {
	class string
	maps  [3][]optMapEntry
}

const (
	kryoClass   = classRuntime + "kryo.KryoSerializerSnapshot"
	kryoVersion = 2
)

func readKryo(r *snapshotReader, version int32) Serializer {
	if version != kryoVersion {
		return r.badVersion(kryoClass, version)
	}
	return &kryo{class: r.UTF(), maps: [3][]optMapEntry{r.optMap(), r.optMap(), r.optMap()}}
}

func (k *kryo) TypeName() string       { return "Kryo " + k.class }
func (k *kryo) Length() int            { return -1 }
func (k *kryo) Decode(c *Cursor) Value { return decodeOpaque(c, k) }

func (k *kryo) AppendSnapshot(dst []byte) ([]byte, error) {
	dst, err := appendSnapshotHead(dst, kryoClass, kryoVersion)
	if err != nil {
		return dst, err
	}
	if dst, err = AppendUTF(dst, k.class); err != nil {
		return dst, err
	}
	for _, m := range k.maps {
		if dst, err = appendOptMap(dst, m); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// An unknownSerializer is a serializer with an unknown snapshot class, in a place where the
// length of the snapshot is known: it can be skipped, but not used.
type unknownSerializer struct {
	class    string
	snapshot []byte
}

func (u *unknownSerializer) TypeName() string       { return u.class }
func (u *unknownSerializer) Length() int            { return -1 }
func (u *unknownSerializer) Decode(c *Cursor) Value { return decodeOpaque(c, u) }

func (u *unknownSerializer) AppendSnapshot(dst []byte) ([]byte, error) {
	return append(dst, u.snapshot...), nil
}
