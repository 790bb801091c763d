package crashfs

import "fmt"

// Thorough is m with more contents of a file that was not synced, as each breaks another
// careless reader: beside what m has, the first block alone, all but the last byte, a
// second half of garbage, and the bytes of another file, which are valid where they come
// from. Which of them there are depends on m: where a file's length grows only after its
// bytes are there, the first two.
func Thorough(m Model) Model { return thorough{m} }

type thorough struct{ Model }

func (t thorough) String() string { return fmt.Sprintf("%v, thorough", t.Model) }

func (t thorough) remains() remains {
	r := t.Model.remains()
	var classes []class
	for _, c := range r.unsynced {
		classes = append(classes, c)
		switch c {
		case partial:
			classes = append(classes, block, butLast)
		case garbage:
			classes = append(classes, tail, stale)
		}
	}
	r.unsynced = classes
	return r
}
