package flink

import (
	"math/big"
	"strconv"
)

// A Value is a decoded value of a state whose Go type is not known: to be shown, compared
// and counted. It is one of
//
//	nil                                a null; also the only value of VoidNamespace
//	                                   and of GlobalWindow
//	bool, string, []byte               a Java char is a string of one
//	int8, int16, int32, int64          as wide as the type that was written
//	float32, float64
//	*big.Int, Decimal                  BigInteger, BigDecimal
//	time.Time                          an instant, in UTC
//	[]Value                            a list, set, array or tuple
//	Map                                entries in the order they were written
//	Record                             named fields in the order they were written
//	WindowValue, TimerValue
//	Opaque                             bytes of which only the type's name is known
//
// A Value shares no memory with the bytes it was decoded from. AppendJSON renders
// every one of them.
type Value = any

// A Map is a map's entries. AppendJSON sorts them, so that equal maps look equal.
type Map []MapEntry

// A MapEntry is one entry of a Map.
type MapEntry struct{ Key, Value Value }

// A Record is a value made of named fields.
type Record struct {
	Type   string // the name of its class or schema
	Fields []Field
}

// A Field is one field of a Record.
type Field struct {
	Name  string
	Value Value
}

// A WindowValue is a TimeWindow: the milliseconds from Start up to End, without End itself.
type WindowValue struct{ Start, End int64 }

// A TimerValue is a registered timer.
type TimerValue struct {
	Timestamp int64 // milliseconds
	Key       Value
	Namespace Value
}

// A Decimal is a BigDecimal: Unscaled · 10^-Scale. It keeps the trailing zeros that
// were written, as Java does.
type Decimal struct {
	Unscaled *big.Int
	Scale    int32
}

// decimalMaxPlain is the largest scale up to which a Decimal is shown without an exponent.
// A scale may be two billion, which would be as many zeros.
const decimalMaxPlain = 64

func (d Decimal) String() string {
	digits := d.Unscaled.String()
	if d.Scale == 0 {
		return digits
	}
	if d.Scale < 0 || d.Scale > decimalMaxPlain {
		return digits + "E" + strconv.FormatInt(-int64(d.Scale), 10)
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for len(digits) <= int(d.Scale) {
		digits = "0" + digits
	}
	point := len(digits) - int(d.Scale)
	return sign + digits[:point] + "." + digits[point:]
}

// Opaque stands for a value whose bytes are known, but not their encoding.
type Opaque struct {
	Type string // the type's name in the snapshot
	Data []byte
}
