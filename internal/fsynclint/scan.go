package fsynclint

import "strings"

// The walk over the arguments of a call: what stands between parentheses, quotes and the angle
// brackets of -y.

// closing returns the index of the parenthesis that closes the one before s[from], or -1.
// It calls comma for each comma that stands in no inner parentheses.
func closing(s string, from int, comma func(i int)) int {
	depth := 1
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = endOfString(s, i)
		case '<':
			if opensAnnotation(s, i) {
				i = endOfAnnotation(s, i)
			}
		case '/':
			if strings.HasPrefix(s[i:], "/* ") {
				if end := strings.Index(s[i:], "*/"); end > 0 {
					i += end + 1
				}
			}
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i
			}
		case ',':
			if depth == 1 && comma != nil {
				comma(i)
			}
		}
		if i < 0 {
			return -1
		}
	}
	return -1
}

// endOfString returns the index of the quote that ends the string that begins at s[i], or
// less than 0.
func endOfString(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1 << 30
}

// opensAnnotation reports whether the angle bracket at s[i] follows a descriptor.
func opensAnnotation(s string, i int) bool {
	if i == 0 || i+1 >= len(s) || strings.IndexByte(" <=.", s[i+1]) >= 0 {
		return false
	}
	return '0' <= s[i-1] && s[i-1] <= '9' || strings.HasSuffix(s[:i], "AT_FDCWD")
}

// endOfAnnotation returns the index of the bracket that ends the annotation that begins
// at s[i], or less than 0. Brackets nest, and the arrow of a connection is none.
func endOfAnnotation(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '<':
			depth++
		case '-':
			if strings.HasPrefix(s[i:], "->") {
				i++
			}
		case '>':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1 << 30
}

const (
	unfinishedMark = "<unfinished ...>"
	resumedMark    = " resumed>"
)

// isComplete reports whether a record has all that strace writes in a line.
func isComplete(s string) bool {
	switch {
	case strings.HasPrefix(s, "+++ "), strings.HasPrefix(s, "--- "):
		return strings.HasSuffix(s, "+++") || strings.HasSuffix(s, "---")
	case strings.HasSuffix(s, unfinishedMark):
		return true
	case strings.HasPrefix(s, "<... "):
		_, rest, ok := strings.Cut(s, resumedMark)
		return ok && hasResult(rest)
	}
	_, rest, ok := strings.Cut(s, "(")
	return ok && hasResult(rest)
}

// hasResult reports whether s, which begins after an opening parenthesis, goes on to the result
// of the call and to the end of what strace says about an error.
func hasResult(s string) bool {
	end := closing(s, 0, nil)
	if end < 0 {
		return false
	}
	_, result, ok := strings.Cut(s[end+1:], "= ")
	result = strings.TrimSpace(result)
	return ok && result != "" && result != "-1" && strings.Count(result, "(") <= strings.Count(result, ")")
}
