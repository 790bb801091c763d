package fsynclint

import (
	"strconv"
	"strings"
)

// Generations of the same thing have names of the same shape: chk-12 and chk-13, or two
// random names.

// shapeOf returns a name with what differs between generations taken out: # stands for a
// number, X for what is random.
func shapeOf(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); {
		if isUUID(name[i:]) {
			b.WriteByte('X')
			i += uuidLen
			continue
		}
		j := i
		for j < len(name) && isHex(name[j]) {
			j++
		}
		hasDigit := strings.ContainsAny(name[i:j], "0123456789")
		switch {
		case j-i >= 4 && hasDigit && !isNumber(name[i:j]) || j-i >= 32:
			b.WriteByte('X')
			i = j
		case isDigit(name[i]):
			for i < len(name) && isDigit(name[i]) {
				i++
			}
			b.WriteByte('#')
		default:
			b.WriteByte(name[i])
			i++
		}
	}
	return b.String()
}

const uuidLen = 36

// isUUID reports whether s begins with a UUID.
func isUUID(s string) bool {
	if len(s) < uuidLen {
		return false
	}
	for i := range uuidLen {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

// numberOf returns the first number of a name.
func numberOf(name string) (int64, bool) {
	i := strings.IndexAny(name, "0123456789")
	if i < 0 {
		return 0, false
	}
	j := i
	for j < len(name) && isDigit(name[j]) {
		j++
	}
	n, err := strconv.ParseInt(name[i:j], 10, 64)
	return n, err == nil
}

// looksUnique reports whether a name looks as if no other file has it.
func looksUnique(name string) bool {
	return strings.ContainsAny(shapeOf(name), "#X") || looksTemporary(name)
}

// looksTemporary reports whether a name says that it will be removed.
func looksTemporary(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"tmp", "temp", ".lock", ".swp", "~", "inprogress", "partial", ".part", ".new"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// count notes a new name of a directory, if it has the highest number of its shape.
func (d *file) count(n *file, base string) {
	n.born = base
	number, ok := numberOf(base)
	if !ok || looksTemporary(base) {
		return
	}
	shape := shapeOf(base)
	if old := d.numbered[shape]; old != nil && old.home != nil {
		if highest, _ := numberOf(old.home.name); highest >= number {
			return
		}
	}
	if d.numbered == nil {
		d.numbered = map[string]*file{}
	}
	if len(d.numbered) < maxMembers {
		d.numbered[shape] = n
	}
}
