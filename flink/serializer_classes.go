package flink

// snapshotClasses is the table of all known snapshot classes.
var snapshotClasses = func() map[string]snapshotClass {
	table := map[string]snapshotClass{
		enumClass:       readEnum,
		pojoClass:       readPojo,
		kryoClass:       readKryo,
		avroClass:       readFlinkAvro,
		avroStructClass: readAvroStruct,
		customClass:     readCustom,
	}
	for _, s := range simpleSerializers {
		s := s.(*simple)
		table[s.class] = s.readSnapshot
	}
	for _, k := range compositeKinds {
		table[k.class] = k.readSnapshot
	}
	return table
}()

// simpleSerializers has all serializers whose snapshot has no payload.
var simpleSerializers = []Serializer{
	String, Long, Int, Short, Byte, Bool, Double, Float, Char,
	VoidNamespace, TimeWindow, GlobalWindow,
	ByteArray, intArray, longArray, shortArray, boolArray, doubleArray, floatArray, charArray, stringArray,
	bigInteger, bigDecimal,
	Instant, javaDate, sqlDate, sqlTime, sqlTimestamp, localDate, localTime, localDateTime,
	javaSerialized,
}
