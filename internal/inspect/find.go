package inspect

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Key is a key as a person writes it: see ParseKey.
type Key struct {
	printed string // as AppendText writes it
	text    string // the text that is meant if no key was printed like that; "" for none
}

// ParseKey reads a key. A key as AppendText writes it means exactly that key. What no key is
// printed as is taken to be text without its quotation marks: so user-7 means the key
// "user-7", and 7 means the number, or, if there is none, the text "7".
func ParseKey(s string) (Key, error) {
	if s == "" {
		return Key{}, errors.New(`the key is empty; the empty text is written as ""`)
	}
	literal, isBytes := strings.CutPrefix(s, `b"`)
	if isBytes {
		literal = `"` + literal
	}
	if !strings.HasPrefix(literal, `"`) {
		return Key{printed: s, text: s}, nil
	}
	text, err := strconv.Unquote(literal)
	switch {
	case err != nil && !isBytes:
		return Key{}, fmt.Errorf(`%s begins with a quotation mark and is no text such as "caf\xe9", with escapes as in Go; `+
			"a key that has quotation marks itself needs them escaped, inside of others", s)
	case err != nil:
		return Key{printed: s, text: s}, nil // a text without its quotation marks
	case isBytes:
		return Key{printed: string(appendBytes(nil, []byte(text))), text: s}, nil
	}
	return Key{printed: Quoted(text)}, nil
}

func (k Key) String() string { return k.printed }

// FoundKey says what a search for a key found.
type FoundKey struct {
	Entries int64 // that have the key
	AsText  bool  // no key is printed like that: the text was meant
	// Searched says what was looked at, and what could not be.
	Searched *Exported
}

// Find yields every entry that has the key, of the loaded operators and selected states. The
// error is that of yield, which ends the search.
func (c *Checkpoint) Find(k Key, yield func(*Handle, *Entry) error) (*FoundKey, error) {
	f, sawText := &FoundKey{}, false
	var buf []byte
	x, err := c.Export(func(h *Handle, e *Entry) error {
		if !e.Keyed {
			return nil
		}
		if buf = AppendText(buf[:0], e.Key); string(buf) == k.printed {
			f.Entries++
			return yield(h, e)
		}
		text, isText := e.Key.(string)
		sawText = sawText || isText && k.text != "" && text == k.text
		return nil
	})
	f.Searched = x
	if err != nil || f.Entries > 0 || !sawText {
		return f, err
	}
	f.AsText = true
	_, err = c.Export(func(h *Handle, e *Entry) error {
		if text, isText := e.Key.(string); e.Keyed && isText && text == k.text {
			f.Entries++
			return yield(h, e)
		}
		return nil
	})
	return f, err
}
