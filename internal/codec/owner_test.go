package codec

import (
	"strings"
	"testing"
	"time"
	"unsafe"
)

func TestOwnerOf(t *testing.T) {
	line := strings.Repeat("x", 1000)
	word := line[10:13]
	if got := OwnerOf[string]()(word); got != word || unsafe.StringData(got) == unsafe.StringData(word) {
		t.Errorf("%q, in the same place", got)
	}
	if got := OwnerOf[airport]()(airport(word)); got != airport(word) || unsafe.StringData(string(got)) == unsafe.StringData(word) {
		t.Errorf("%q, in the same place", got)
	}
	block := []byte(line)[10:13]
	if got := OwnerOf[[]byte]()(block); string(got) != word || &got[0] == &block[0] || cap(got) > 100 {
		t.Errorf("%q with a capacity of %d", got, cap(got))
	}
	if got := OwnerOf[blob]()(blob(block)); string(got) != word || &got[0] == &block[0] {
		t.Errorf("%q, in the same place", got)
	}
	if got := OwnerOf[[]byte]()(nil); got != nil {
		t.Errorf("nil is %v", got)
	}
}

func TestOwnerOfNothing(t *testing.T) {
	for name, is := range map[string]bool{
		"int64":            OwnerOf[int64]() == nil,
		"meters":           OwnerOf[meters]() == nil,
		"bool":             OwnerOf[bool]() == nil,
		"float64":          OwnerOf[float64]() == nil,
		"time.Time":        OwnerOf[time.Time]() == nil,
		"struct":           OwnerOf[stats]() == nil,
		"[]string":         OwnerOf[[]string]() == nil,
		"map[string]int64": OwnerOf[map[string]int64]() == nil,
		"any":              OwnerOf[any]() == nil,
	} {
		if !is {
			t.Errorf("there is an owner of %s", name)
		}
	}
}
