package codec

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCustom(t *testing.T) {
	for name, appendTo := range map[string]func([]byte, string) ([]byte, error){
		"appending":      func(b []byte, v string) ([]byte, error) { return append(b, v...), nil },
		"in another one": func(_ []byte, v string) ([]byte, error) { return []byte(v), nil },
		"in its room": func(b []byte, v string) ([]byte, error) {
			b = append(b, "--"...)
			b = append(b, v...)
			return b[2:], nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := Custom("text", 3, appendTo, func(b []byte) (string, error) { return string(b), nil })
			rapid.Check(t, func(t *rapid.T) { holds(t, c, anyString().Draw(t, "v"), equal) })
			if b := encode(t, c, "ab"); string(b) != "\x00\x00\x00\x02ab" {
				t.Errorf("%x", b)
			}
			if name := c.Serializer().TypeName(); name != "text version 3" {
				t.Errorf("%s", name)
			}
		})
	}
}

// What is there already is out of reach for the program's function.
func TestCustomCannotReachBack(t *testing.T) {
	c := Custom("rude", 1,
		func(b []byte, _ int) ([]byte, error) { return append(b[:0], "rude"...), nil },
		func(b []byte) (int, error) { return len(b), nil })
	for _, room := range []int{0, 100} {
		dst := append(make([]byte, 0, 4+room), "kept"...)
		b, err := c.Append(dst, 1)
		if err != nil || string(b) != "kept\x00\x00\x00\x04rude" {
			t.Errorf("%q, %v", b, err)
		}
	}
}

// Decode may keep what it is given.
func TestCustomDecodeMayKeep(t *testing.T) {
	c := Custom("raw", 1,
		func(b []byte, v json.RawMessage) ([]byte, error) { return append(b, v...), nil },
		func(b []byte) (json.RawMessage, error) { return b, nil })
	rapid.Check(t, func(t *rapid.T) {
		holds(t, c, rapid.SliceOf(rapid.Byte()).Draw(t, "v"), func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
	})
}

func TestCustomErrors(t *testing.T) {
	bad := errors.New("bad")
	c := Custom("picky", 1,
		func(b []byte, v uint32) ([]byte, error) {
			if v == 0 {
				return nil, bad
			}
			return binary.BigEndian.AppendUint32(b, v), nil
		},
		func(b []byte) (uint32, error) {
			if len(b) != 4 {
				return 7, bad
			}
			return binary.BigEndian.Uint32(b), nil
		})
	if b, err := c.Append([]byte("x"), 0); string(b) != "x" || !errors.Is(err, bad) || err.Error() != "picky version 1: bad" {
		t.Errorf("%q, %v", b, err)
	}
	if v, n, err := c.Decode([]byte{0, 0, 0, 1, 9}); v != 0 || n != 0 || !errors.Is(err, bad) || err.Error() != "picky version 1: bad" {
		t.Errorf("%d, %d, %v", v, n, err)
	}
	list := ListOf(c)
	if b, err := list.Append([]byte("x"), []uint32{1, 0}); string(b) != "x" || err.Error() != "element 1: picky version 1: bad" {
		t.Errorf("%q, %v", b, err)
	}
	m := MapOf(c, c)
	if b, err := m.Append([]byte("x"), map[uint32]uint32{1: 0}); string(b) != "x" || err.Error() != "value of key 1: picky version 1: bad" {
		t.Errorf("%q, %v", b, err)
	}
	if b, err := m.Append([]byte("x"), map[uint32]uint32{0: 1}); string(b) != "x" || err.Error() != "key 0: picky version 1: bad" {
		t.Errorf("%q, %v", b, err)
	}
	defer func() {
		if p, _ := recover().(string); !strings.Contains(p, "version 4294967296 of picky does not fit") {
			t.Errorf("panic %q", p)
		}
	}()
	Custom[uint32]("picky", 1<<32, nil, nil)
}
