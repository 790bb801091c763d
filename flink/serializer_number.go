package flink

import "math/big"

var (
	bigInteger = baseType("BigInteger", "BigInt", -1, func(c *Cursor) Value {
		if n := decodeBigInt(c); n != nil {
			return n
		}
		return nil
	})
	bigDecimal = baseType("BigDecimal", "BigDec", -1, func(c *Cursor) Value {
		if n := decodeBigInt(c); n != nil {
			return Decimal{Unscaled: n, Scale: c.I32()}
		}
		return nil
	})
)

// bigIntShift is added to the length of a BigInteger. The lengths below it stand for the
// null and for the three numbers that need no bytes.
const bigIntShift = 4

// decodeBigInt reads a BigInteger, or nil if it is null.
func decodeBigInt(c *Cursor) *big.Int {
	at := c.off
	switch n := c.I32(); {
	case n == 0:
		return nil
	case n == 1:
		return big.NewInt(0)
	case n == 2:
		return big.NewInt(1)
	case n == 3:
		return big.NewInt(10)
	case n > bigIntShift:
		return twosComplement(c.Bytes(int(n - bigIntShift)))
	default:
		c.off = at
		c.Failf("length %d of a BigInteger", n)
		return nil
	}
}

// twosComplement reads a big-endian number whose first bit is its sign.
func twosComplement(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}
